"""A review as one comment on a pull request: the verdict first, short tables, long lists folded.

Code hosts cut long comments (GitHub: 65,536). The head always fits; of the tail whole rows are left out, and
said. The same review gives the same bytes; a hidden marker lets the next run edit the comment.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from estate.model import Hypervisor
from estate.model.words import ranges
from estate.placement.proof import Claim
from review.escaping import code, prose
from review.picture import picture
from review.struck import Struck, by_block, by_effect
from review.things import (
    DONE,
    asked,
    comparable,
    hit_by,
    isolated,
    labels,
    lost,
    named,
    some,
    summary,
    thing,
    told,
    workload_of,
)
from review.value import (
    Action,
    Change,
    Counterexample,
    Drift,
    Environment,
    Finding,
    Hazard,
    Headroom,
    Landing,
    MissingFeature,
    Operation,
    PolicyResult,
    Reading,
    Review,
    Spot,
    Status,
    Step,
    Verdict,
)

LIMIT = 65_536
"""Bytes: never fewer than characters, which GitHub counts."""
MARKER = "<!-- estate-review -->"
_SIGNS = {
    Verdict.UNCHANGED: "⚪",
    Verdict.CLEAR: "✅",
    Verdict.ATTENTION: "⚠️",
    Verdict.BLOCKED: "⛔",
    Verdict.INCOMPLETE: "❓",
}
_HEAD_ROWS = 10
"""Rows of a table in the head; all of them are in the tail."""
_BLOCKS = 3
"""Named in one row."""
_ENVIRONMENTS = 40
_HEAD_SHARE = 0.6
"""Of the limit, for the tables of the head after that of the environments."""


@dataclass(frozen=True, kw_only=True)
class _Table:
    """A list with a heading; its rows are drawn only as far as there is room for them."""

    title: str
    headings: tuple[str, ...] = ()
    items: Sequence[Any] = ()
    draw: Callable[[Any], str] = str
    lines: tuple[str, ...] = ()
    """Instead of rows."""
    folded: bool = True
    every: "_Table | None" = None
    """The same in full, if the rows are of several things each."""

    def opening(self) -> list[str]:
        title = f"{self.title} ({len(self.items)})" if self.items else self.title
        start = ["<details>", f"<summary>{title}</summary>", ""] if self.folded else [f"#### {title}", ""]
        rules = "|".join(["", *("---" for _ in self.headings), ""])
        return [*start, *self.lines, *(["|".join(["", *self.headings, ""]), rules] if self.items else [])]

    def closing(self) -> list[str]:
        return ["", "</details>", ""] if self.folded else [""]


def comment(review: Review, *, page: str | None = None, limit: int = LIMIT) -> str:
    """The Markdown text, at most ``limit`` bytes. ``page``: address of the page with everything."""
    pointer = f"[the page]({page})" if page else "the page (`review.html`) and `review.json` of this run"
    footer = [*_footer(review), MARKER]
    paper = _Paper(limit - _size(footer) - _size([_left_out(10**6, pointer), ""]))
    paper.put(*_verdict(review), "", *_environments(review), "")
    heads = [one for one in _head(review) if one.items]
    cut = []
    room = int(limit * _HEAD_SHARE) - paper.size
    for number, table in enumerate(heads):
        part = _Paper(room // (len(heads) - number))
        shown = part.table(replace(table, folded=False), most=_HEAD_ROWS)
        if shown < len(table.items):
            part.put(f"… and {len(table.items) - shown} more, below.", "")
        if shown < len(table.items) or table.every is not None:
            cut.append(replace(table.every or table, title=f"All of: {table.title}"))
        paper.put(*part.lines)
        room -= part.size
    left_out = 0
    for table in [*_pictures(review), *cut, *_tail(review)]:
        # After the first list that is cut nothing more comes: a reader can rely on what is above.
        left_out += len(table.items) - (0 if left_out else paper.table(table))
    if left_out:
        paper.lines += [_left_out(left_out, pointer), ""]
    return "\n".join([*paper.lines, *footer]) + "\n"


class _Paper:
    """Lines up to a number of bytes."""

    def __init__(self, room: int) -> None:
        self._room = room
        self.lines: list[str] = []
        self.size = 0

    def put(self, *lines: str) -> None:
        """Lines that must be there."""
        self.lines += lines
        self.size += _size(lines)

    def table(self, table: _Table, most: int | None = None) -> int:
        """As many rows as there is room for, how many; nothing of it if not even one fits."""
        room = self._room - self.size - _size(table.opening()) - _size(table.closing())
        rows = []
        for item in table.items[:most]:
            row = table.draw(item)
            room -= _size([row])
            if room < 0:
                break
            rows.append(row)
        if rows or (table.lines and room >= 0):
            self.put(*table.opening(), *rows, *table.closing())
        return len(rows)


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _left_out(rows: int, pointer: str) -> str:
    return f"**{rows} more rows did not fit into a comment:** they are in {pointer}."


def _verdict(review: Review) -> Iterator[str]:
    yield f"### {_SIGNS[review.verdict]} {review.verdict.capitalize()}: {prose(review.summary, 400)}"
    for one in review.problems[:_HEAD_ROWS]:
        where = " ".join(part for part in (one.environment, one.side) if part)
        yield f"\n> **Not reviewed** {code(where)} {prose(one.message)}"


def _environments(review: Review) -> Iterator[str]:
    yield (
        "| environment | verdict | changes | other aggregate | restricted to ESXi | guarantee | N+1 "
        "| hazards | findings |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for one in review.environments[:_ENVIRONMENTS]:
        yield _row(
            code(one.name, 63),
            f"{_SIGNS[one.verdict]} {one.verdict}",
            _changed([change for change in review.changes if change.environment == one.name]),
            _moved([landing for landing in review.landings if landing.environment == one.name]),
            _budget(one),
            _proof(one),
            _room(one),
            _hazards_of([hazard for hazard in review.hazards if hazard.environment == one.name])
            if one.verdict is not Verdict.INCOMPLETE
            else "?",
            _statuses([finding for finding in review.findings if finding.environment == one.name]),
        )
    for preview in review.previews[:_ENVIRONMENTS]:
        end = "" if preview.failure is None else " **Not to its end:** there may be more."
        yield f"\nThe engine, {code(preview.stack, 63)}: {prose(summary(preview), 400)}.{end}"
    if len(review.environments) > _ENVIRONMENTS:
        yield f"\n… and {len(review.environments) - _ENVIRONMENTS} more environments."


def _changed(changes: Sequence[Change]) -> str:
    blocks: Counter[Action] = Counter(
        action
        for action, _, _ in dict.fromkeys(
            (Action.CHANGED if one.action is Action.RENAMED else one.action, one.kind, one.name)
            for one in changes
        )
    )
    signs = {Action.ADDED: "+", Action.CHANGED: "~", Action.REMOVED: "-"}
    return " ".join(f"{sign}{blocks[action]}" for action, sign in signs.items() if blocks[action]) or "-"


def _moved(landings: Sequence[Landing]) -> str:
    return str(len({workload_of(one.workload) for one in landings if one.moved}) or "-")


def _budget(one: Environment) -> str:
    was, now = one.budget.before, one.budget.after
    limit = f" of {now.limit}" if now is not None and now.limit is not None else ""
    before = _known(was.restricted if was else None, one.base)
    after = _known(now.restricted if now else None, one.head)
    return "?" if now is None and one.head is not Reading.ABSENT else f"{before} → {after}{limit}"


def _known(number: int | None, side: Reading) -> str:
    """What is not there is none; what could not be read is not known."""
    return str(number) if number is not None else "0" if side is Reading.ABSENT else "?"


def _proof(one: Environment) -> str:
    now, was = one.proof.after, one.proof.before
    if now is None:
        return "-" if one.head is Reading.ABSENT else "?"
    if now.holds:
        return "holds" if was is None or was.holds else "holds again"
    return "⛔ no place" if isolated(now) else "⛔ **broken**"


def _room(one: Environment) -> str:
    known = [room.after for room in one.headroom if room.after is not None]
    if not known:
        return "-" if one.head is Reading.ABSENT else "?"
    short = {server for room in known for server in room.does_not_fit}
    return f"⚠️ {len(short)} do not fit" if short else "fits"


def _hazards_of(hazards: Sequence[Hazard]) -> str:
    servers: dict[str, set[str]] = {}
    for one in hazards:
        servers.setdefault(one.kind.value, set()).update(hit_by(one))
    return ", ".join(f"{len(hit)} {kind}" for kind, hit in servers.items()) or "-"


def _statuses(findings: Sequence[Finding]) -> str:
    counted = Counter(one.status.value for one in findings)
    return ", ".join(f"{counted[one.value]} {one}" for one in Status if counted[one.value]) or "-"


def _head(review: Review) -> Iterator[_Table]:
    """What must be seen without unfolding anything."""
    ways = [
        (part.name, one)
        for part in review.environments
        if part.proof.after is not None
        for one in part.proof.after.counterexamples
    ]
    yield _ways("The guarantee does not hold", [way for way in ways if way[1].claim != Claim.LANDS])
    lands = {(name, one.workload): (name, one) for name, one in ways if one.claim == Claim.LANDS}
    yield _ways("Declared workloads that their aggregate does not take alone", list(lands.values()))
    new = [one for one in review.findings if one.status is Status.NEW]
    standing = [one for one in review.findings if one.status is Status.UNCHANGED and one.severity == "error"]
    yield _findings("Findings, new or in the way", (*new, *standing))
    yield _Table(
        title="Drift: the engine will not do what the documents say",
        headings=("environment", "resource", "by the documents", "by the engine", "why", "where"),
        items=review.drifts,
        draw=_drift,
    )
    yield _Table(
        title="Violations that the policy pack found among the resources",
        headings=("environment", "", "resource", "what, and how to mend it", "rule"),
        items=[(one.environment, found) for one in review.previews for found in one.policies],
        draw=_violation,
    )
    yield _hazards(review)
    yield _Table(
        title="The engine replaces or deletes",
        headings=("environment", "resource", "", "because"),
        items=[(one.environment, *gone) for one in review.previews for gone in lost(one)],
        draw=lambda item: _row(
            code(item[0]),
            prose(thing(item[1].type, item[1].name), 100),
            f"**{DONE[item[1].operation]}**",
            prose(item[2]),
        ),
    )
    moved = [one for one in review.landings if one.moved]
    yield _landings("Workloads on another aggregate", moved, labels(review.landings))


def _ways(title: str, ways: Sequence[tuple[str, Counterexample]]) -> _Table:
    return _Table(
        title=title,
        headings=("environment", "claim", "workload", "by", "lands on"),
        items=ways,
        draw=lambda way: _row(
            code(way[0]),
            code(way[1].claim),
            prose(way[1].workload or "-", 100),
            prose("; then ".join(way[1].steps)),
            prose(some(ranges(way[1].lands))) or "-",
        ),
    )


def _pictures(review: Review) -> Iterator[_Table]:
    if drawn := picture(review):
        yield _Table(title="Picture", lines=("```mermaid", *drawn, "```"))


def _tail(review: Review) -> Iterator[_Table]:
    read = {part.name for part in review.environments if comparable(part)}
    every = (
        *(
            _Table(
                title=f"Changes of {code(part.name)}",
                headings=("", "block", "field", "before", "after", "where"),
                items=[one for one in review.changes if one.environment == part.name],
                draw=_change,
            )
            for part in review.environments
        ),
        _findings("Fixed findings", [one for one in review.findings if one.status is Status.FIXED]),
        _findings("Findings as before", [one for one in review.findings if one.status is Status.UNCHANGED]),
        *_figures(review),
        _landings(
            "Workloads and members that come or go",
            [
                one
                for one in review.landings
                if one.environment in read
                and one.was is None
                and (one.servers_before != one.servers or one.after is None)
            ],
            labels(review.landings),
        ),
        _Table(
            title="What the new side does not have",
            headings=("environment", "to", "feature", "needed", "workloads", "source"),
            items=_lacking(review),
            draw=_lack,
        ),
        _Table(
            title="Images to copy, at most",
            headings=("environment", "image", "format", "size", "copies", "total", "to"),
            items=review.transfers,
            draw=lambda one: _row(
                code(one.environment),
                code(one.image),
                one.disk_format,
                f"{one.size} GiB",
                str(one.copies),
                f"{one.total} GiB",
                prose(some(one.to)),
            ),
        ),
        _Table(
            title="What the engine will do, resource by resource",
            headings=("environment", "resource", "operation", "properties"),
            items=[(one.environment, step) for one in review.previews for step in one.steps],
            draw=_step,
        ),
        _Table(
            title="What the engine and its plugins said",
            headings=("environment", "", "resource", "message"),
            items=[(one.environment, note) for one in review.previews for note in one.diagnostics],
            draw=lambda item: _row(
                code(item[0]),
                item[1].severity,
                prose(named(item[1].urn), 100),
                prose(item[1].message),
            ),
        ),
        _Table(
            title="Resources that the documents change" if review.previews else "Resources",
            headings=("environment", "operation", "resource", "properties", "forced by"),
            items=review.resources,
            draw=lambda one: _row(
                code(one.environment),
                f"**{one.operation}**" if one.operation in _GONE else one.operation,
                code(f"{one.type.rpartition(':')[2]} {one.name}"),
                prose(", ".join(one.properties)),
                prose(", ".join(one.because)),
            ),
        ),
    )
    yield from (one for one in every if one.items)


def _lacking(review: Review) -> list[tuple[MissingFeature, list[str]]]:
    """Each feature with the workloads that come to a side without it; what is needed first."""
    found: dict[tuple[str, str, str, bool], tuple[MissingFeature, dict[str, None]]] = {}
    for one in sorted(review.missing_features, key=lambda one: not one.needed):
        key = (one.environment, one.to, one.feature, one.needed)
        found.setdefault(key, (one, {}))[1][workload_of(one.workload)] = None
    return [(one, list(workloads)) for one, workloads in found.values()]


def _lack(item: tuple[MissingFeature, list[str]]) -> str:
    one, workloads = item
    return _row(
        code(one.environment),
        Hypervisor(one.to).label,
        code(one.feature),
        "**yes**" if one.needed else "",
        prose(some(workloads)),
        prose(one.source),
    )


def _figures(review: Review) -> Iterator[_Table]:
    yield _Table(
        title="Room after the loss of the largest host",
        headings=("environment", "aggregate", "view", "before", "after", "without a place"),
        items=[
            (part.name, one)
            for part in review.environments
            for one in part.headroom
            if part.verdict is not Verdict.UNCHANGED
        ],
        draw=lambda item: _row(code(item[0]), code(item[1].aggregate), item[1].view, *_before_after(item[1])),
    )
    yield _Table(
        title="ESXi hosts and licence cores, as declared",
        headings=("environment", "hosts", "physical cores"),
        items=[
            (part, part.esxi.before, part.esxi.after)
            for part in review.environments
            if part.esxi.after is not None and part.esxi.before != part.esxi.after
        ],
        draw=lambda item: _row(
            code(item[0].name),
            f"{_known(item[1].hosts if item[1] else None, item[0].base)} → {item[2].hosts}",
            f"{_known(item[1].cores if item[1] else None, item[0].base)} → {item[2].cores}",
        ),
    )


def _findings(title: str, items: Sequence[Finding]) -> _Table:
    headings = ("environment", "", "where", "block", "what, and how to mend it", "rule")
    return _Table(title=title, headings=headings, items=items, draw=_finding)


def _hazards(review: Review) -> _Table:
    """What one change does to many blocks alike is one row; all blocks are in the tail."""
    blocks = by_block(review.hazards)
    rows = by_effect(blocks)
    table = _Table(
        title="Hazards",
        headings=("environment", "hazard", "block", "what happens", "servers", "where"),
        items=rows,
        draw=_hazard,
    )
    return table if len(rows) == len(blocks) else replace(table, every=replace(table, items=blocks))


def _landings(title: str, items: Sequence[Landing], names: Mapping[tuple[str, str], str]) -> _Table:
    headings = ("environment", "workload", "before", "after", "decided by")
    return _Table(
        title=title,
        headings=headings,
        items=items,
        draw=lambda one: _landing(one, names[one.environment, one.workload]),
    )


_GONE = (Operation.REPLACE, Operation.DELETE)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _finding(one: Finding) -> str:
    return _row(
        code(one.environment),
        f"**{one.severity}**" if one.severity == "error" else one.severity,
        code(str(one.place)),
        prose(one.subject, 100),
        prose(one.message),
        code(one.rule),
    )


def _hazard(one: Struck) -> str:
    rest = f" and {len(one.places) - 1} more" if len(one.places) > 1 else ""
    return _row(
        code(one.environment),
        ", ".join(f"**{kind}**" for kind in one.kinds),
        _blocks(one.subjects),
        "; ".join(prose(message) for message in one.messages),
        _who(one),
        f"{code(str(one.places[0]))}{rest}" if one.places else "",
    )


def _blocks(subjects: Sequence[str]) -> str:
    """Few blocks by name; many by the first, which all of them are alike."""
    return some([prose(one, 100) for one in subjects], _BLOCKS)


def _who(one: Struck) -> str:
    if len(one.servers) <= 1:
        return prose(some(one.servers)) or "-"
    return f"{len(one.servers)}: {prose(some(one.who))}"


def _drift(one: Drift) -> str:
    changes = "; ".join(told(change) for change in one.properties)
    return _row(
        code(one.environment),
        prose(one.subject, 100),
        DONE[one.documents] if one.documents else "nothing",
        f"**{DONE[one.engine]}**" if one.engine else "nothing",
        prose(one.message) + (f" {code(changes, 200)}" if changes else ""),
        code(str(one.place)) if one.place else "",
    )


def _step(item: tuple[str, Step]) -> str:
    environment, one = item
    changed = "" if one.operation is Operation.CREATE else ", ".join(change.path for change in one.properties)
    return _row(
        code(environment),
        prose(thing(one.type, one.name), 100),
        f"**{DONE[one.operation]}**" if one.operation in _GONE else DONE[one.operation],
        prose(changed),
    )


def _violation(item: tuple[str, PolicyResult]) -> str:
    environment, one = item
    return _row(
        code(environment),
        f"**{one.level}**" if one.level == "mandatory" else prose(one.level),
        prose(named(one.urn), 100),
        prose(one.message),
        code(one.policy),
    )


def _landing(one: Landing, name: str) -> str:
    decisive = one.after or one.before
    return _row(
        code(one.environment),
        code(name) + (" 🔒" if one.restricted else "") + _members(one),
        _spot(one.before),
        _spot(one.after),
        prose(decisive.decided_by) if decisive else "",
    )


def _members(one: Landing) -> str:
    """Those that come and go, of a workload that stays."""
    if one.before is None or one.after is None or one.was is not None:
        return ""
    come = [name for name in one.servers if name not in one.servers_before]
    gone = [name for name in one.servers_before if name not in one.servers]
    told = (("+", come), ("-", gone))
    return "".join(f" {sign}{prose(', '.join(ranges(names)))}" for sign, names in told if names)


def _spot(spot: Spot | None) -> str:
    if spot is None:
        return "-"
    if spot.aggregate is None:
        return "**no place**"
    return f"{code(spot.aggregate)} ({Hypervisor(spot.hypervisor or Hypervisor.KVM).label})"


def _change(one: Change) -> str:
    signs = {Action.ADDED: "+", Action.REMOVED: "-", Action.CHANGED: "~", Action.RENAMED: "→"}
    at = one.place or one.old_place
    return _row(
        signs[one.action],
        prose(one.subject, 100),
        code(one.field) if one.field else "",
        code(one.old, 200) if one.old is not None else "-",
        code(one.new, 200) if one.new is not None else "-",
        code(str(at)) if at else "",
    )


def _before_after(one: Headroom) -> tuple[str, str, str]:
    def share(used: int, there: int) -> str:
        return f"{used} of {there}"

    sides = tuple(
        "-"
        if room is None
        else f"{share(room.demand.vcpus, room.capacity.vcpus)} VCPUs, "
        f"{share(room.demand.memory // 1024, room.capacity.memory // 1024)} GiB"
        for room in (one.before, one.after)
    )
    homeless = one.after.does_not_fit if one.after else ()
    return sides[0], sides[1], prose(some(homeless)) or "-"


def _footer(review: Review) -> Iterator[str]:
    environments = " ".join(part.name for part in review.environments[:_ENVIRONMENTS])
    base = (review.base_commit or review.base)[:12]
    head = (review.head_commit or review.head)[:12]
    yield "---"
    yield f"{code(base)} → {code(head)}, digest {code(review.digest[:16])}. {asked(review)}"
    to = f" --head {head}" if review.head_commit else ""
    command = f"estate review --base {base}{to} --env {environments}{' --preview' if review.previews else ''}"
    yield f"The same on your machine: {code(command, 1000)}"
