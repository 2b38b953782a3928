"""Two sides of each environment → a review. Pure but for the day on which reviews fall due."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from estate.documents import Problem as Found
from estate.model import Hypervisor, Severity
from review import digest as digests
from review.aside import Aside
from review.changes import Renames, changes, renames
from review.document import SCHEMA_VERSION
from review.drift import drifts
from review.facts import Facts, facts
from review.features import missing
from review.hazards import hazards
from review.resources import ResourceDiff, Wanted, compared, wanted
from review.side import Side, place
from review.things import block, count, hits, isolated, labels, some, workload_of
from review.transfers import transfers
from review.value import (
    BudgetChange,
    Change,
    Drift,
    Environment,
    EsxiChange,
    Finding,
    Hazard,
    HazardKind,
    Headroom,
    Landing,
    MissingFeature,
    Preview,
    Problem,
    ProofChange,
    Review,
    ShapeChange,
    Spot,
    Status,
    Transfer,
    Verdict,
)
from review.weakening import weakened

WORKING_TREE = "working tree"

_NAMED = 3
"""Things that a reason names."""
_PLACES = re.compile(r":\d+(:\d+)?\b")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """An environment before and after."""

    environment: str
    before: Side
    after: Side
    previews: tuple[Preview, ...] = ()
    """The engine's, of the documents after the change; without any the review is offline."""
    unasked: tuple[str, ...] = ()
    """What the engine could not be asked, a sentence each."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What is compared: revisions as they were asked for, and their commits."""

    base: str
    base_commit: str | None
    head: str
    head_commit: str | None


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One environment's part of the review."""

    environment: Environment
    changes: tuple[Change, ...]
    landings: tuple[Landing, ...]
    findings: tuple[Finding, ...]
    hazards: tuple[Hazard, ...]
    resources: ResourceDiff
    previews: tuple[Preview, ...]
    drifts: tuple[Drift, ...]
    missing: tuple[MissingFeature, ...]
    transfers: tuple[Transfer, ...]
    problems: tuple[Problem, ...]


def review(
    revisions: Compared,
    pairs: Sequence[Pair],
    day: date,
    recorder: Aside,
    problems: Iterable[Problem] = (),
) -> Review:
    """The review. ``problems``: what could not be done before the documents were read."""
    parts = [_part(pair, day, recorder) for pair in pairs]
    said = (*problems, *(one for part in parts for one in part.problems))
    found = Review(
        schema_version=SCHEMA_VERSION,
        verdict=Verdict.UNCHANGED,
        summary="",
        base=revisions.base,
        base_commit=revisions.base_commit,
        head=revisions.head,
        head_commit=revisions.head_commit,
        environments=tuple(part.environment for part in parts),
        changes=tuple(one for part in parts for one in part.changes),
        landings=tuple(one for part in parts for one in part.landings),
        findings=tuple(one for part in parts for one in part.findings),
        hazards=tuple(one for part in parts for one in part.hazards),
        resources=tuple(one for part in parts for one in part.resources.changes),
        previews=tuple(one for part in parts for one in part.previews),
        drifts=tuple(one for part in parts for one in part.drifts),
        missing_features=tuple(one for part in parts for one in part.missing),
        transfers=tuple(one for part in parts for one in part.transfers),
        problems=said,
        digest=digests.together((part.environment.name, part.environment.digest) for part in parts),
        tools=digests.tools(),
    )
    return summarised(found)


def summarised(review: Review) -> Review:
    """With the verdict and the sentence that follow from its environments and problems."""
    verdicts = [one.verdict for one in review.environments] or [Verdict.UNCHANGED]
    verdict = Verdict.INCOMPLETE if review.problems else max(verdicts, key=list(Verdict).index)
    return replace(review, verdict=verdict, summary=_summary(verdict, review.environments, review.problems))


def _part(pair: Pair, day: date, recorder: Aside) -> _Part:
    name, before, after = pair.environment, pair.before, pair.after
    same = _same(before, after)
    needed = ResourceDiff() if same else wanted(before, after)
    if isinstance(needed, Wanted):
        recorder.ask(needed)
    was = facts(before, day)
    now = was if same else facts(after, day)
    known = before.known and after.known
    changed = () if same or not known else changes(name, before, after)
    renamed = {} if same else renames(before, after)
    landings = _landings(pair, was, now, renamed)
    findings = _findings(name, before.found, after.found)
    problems = [
        Problem(environment=name, side=which, message=f"{side.why}.")
        for which, side in (("base", before), ("head", after))
        if side.why is not None
    ]
    diff = compared(name, needed, recorder.answer()) if isinstance(needed, Wanted) else needed
    unsaid = [
        f"{one.stack}: the preview did not come to its end: {one.failure}."
        for one in pair.previews
        if one.failure
    ]
    problems += [
        Problem(environment=name, side=None, message=one) for one in (*diff.problems, *pair.unasked, *unsaid)
    ]
    compared_both = before.estate is not None and after.estate is not None and not diff.problems
    drifted = drifts(name, diff, pair.previews, after) if compared_both else ()
    found = hazards(name, before=before, after=after, diff=diff, changes=changed, landings=landings)
    features = missing(name, before, after, landings)
    environment = _environment(
        pair,
        was=was,
        now=now,
        changed=changed,
        landings=landings,
        renamed=renamed,
        findings=findings,
        found=found,
        drifted=drifted,
        guards=() if same else weakened(before, after),
        problems=problems,
    )
    return _Part(
        environment=environment,
        changes=changed,
        landings=landings,
        findings=findings,
        hazards=found,
        resources=diff,
        previews=tuple(
            replace(
                one,
                policies=tuple(replace(it, place=after.place(block(it.component))) for it in one.policies),
            )
            for one in pair.previews
        ),
        drifts=drifted,
        missing=features,
        transfers=transfers(name, after, diff, landings),
        problems=tuple(problems),
    )


def _same(before: Side, after: Side) -> bool:
    """Whether both say the same to the same program, and nothing is wrong with the text of either."""
    readable = before.estate is not None and after.estate is not None
    same = readable and before.data == after.data and before.texts == after.texts
    return same and before.sources == after.sources


def _landings(pair: Pair, was: Facts, now: Facts, renamed: Renames) -> tuple[Landing, ...]:
    """Of each workload, also under a new name; the aggregate that it was in may have one, too."""

    homes = {server: group for group, one in was.landed.items() for server in one.servers}
    staying = {server for one in now.landed.values() for server in one.servers}

    def earlier(workload: str) -> str:
        """The group that most of its servers were in: members that come or go change groups of equal ones."""
        block, part, member = workload.partition("/")
        before = renamed.get(("workloads", block), ("workloads", block))[1]
        groups = Counter(homes[server] for server in now.landed[workload].servers if server in homes)
        own = [group for group, _ in groups.most_common() if workload_of(group) == before]
        return own[0] if own else before + part + member

    found = []
    pairs = {
        workload: once
        for workload in now.landed
        if (once := earlier(workload)) in was.landed
        or not pair.before.may_have(("workloads", workload_of(workload)), pair.after)
    }
    matched = set(pairs.values())
    pairs |= {
        workload: workload
        for workload, one in was.landed.items()
        if workload not in matched
        and workload not in pairs
        and not staying.issuperset(one.servers)
        and not pair.after.may_have(("workloads", workload_of(workload)), pair.before)
    }
    for workload, once in pairs.items():
        old, new = was.landed.get(once), now.landed.get(workload)
        known = new or old
        assert known is not None
        at = pair.after if new is not None else pair.before
        found.append(
            Landing(
                environment=pair.environment,
                workload=workload,
                was=once if old is not None and workload_of(once) != workload_of(workload) else None,
                servers=known.servers,
                servers_before=old.servers if old else (),
                restricted=known.restricted,
                before=old.spot if old else None,
                after=new.spot if new else None,
                moved=old is not None and new is not None and _moves(old.spot, new.spot, renamed),
                place=at.place(("workloads", workload_of(workload))),
            )
        )
    return tuple(found)


def _moves(old: Spot, new: Spot, renamed: Renames) -> bool:
    """Whether the aggregate is another one, not only under another name."""
    key = ("aggregates", new.aggregate or "")
    return old.aggregate != new.aggregate and renamed.get(key) != ("aggregates", old.aggregate)


def _findings(name: str, was: Sequence[Found], now: Sequence[Found]) -> tuple[Finding, ...]:
    """Of both sides: equal ones are told by rule, subject and words, since lines move."""
    before = Counter(_told(one) for one in was)
    found = []
    for one in now:
        status = Status.UNCHANGED if before[_told(one)] > 0 else Status.NEW
        before[_told(one)] -= 1
        found.append(_finding(name, status, one))
    for one in was:
        if before[_told(one)] > 0:
            before[_told(one)] -= 1
            found.append(_finding(name, Status.FIXED, one))
    return tuple(found)


def _told(one: Found) -> tuple[str, str, str]:
    return one.rule, one.subject, _PLACES.sub("", one.message)


def _finding(name: str, status: Status, one: Found) -> Finding:
    return Finding(
        environment=name,
        status=status,
        rule=one.rule,
        severity=one.severity.value,
        subject=one.subject,
        message=one.message,
        place=place(one.position),
    )


def _environment(
    pair: Pair,
    *,
    was: Facts,
    now: Facts,
    changed: tuple[Change, ...],
    landings: tuple[Landing, ...],
    renamed: Renames,
    findings: tuple[Finding, ...],
    found: tuple[Hazard, ...],
    drifted: tuple[Drift, ...],
    guards: Iterable[str],
    problems: Sequence[Problem],
) -> Environment:
    rooms = _rooms(was, now, renamed)
    blocking = (*_blocking(now, findings, found), *_refused(pair.previews))
    noted = (
        *guards,
        *_noted(rooms, landings, findings, found),
        *_drifted(pair, drifted),
    )
    if problems:
        verdict = Verdict.INCOMPLETE
    elif blocking:
        verdict = Verdict.BLOCKED
    elif noted:
        verdict = Verdict.ATTENTION
    elif changed or pair.before.reading is not pair.after.reading:
        verdict = Verdict.CLEAR
    else:
        verdict = Verdict.UNCHANGED
    return Environment(
        name=pair.environment,
        verdict=verdict,
        reasons=(*(one.message for one in problems), *blocking, *noted),
        base=pair.before.reading,
        head=pair.after.reading,
        digest=now.digest,
        base_digest=was.digest,
        proof=ProofChange(before=was.proof, after=now.proof),
        headroom=rooms,
        budget=BudgetChange(before=was.budget, after=now.budget),
        esxi=EsxiChange(before=was.esxi, after=now.esxi),
        shape=ShapeChange(before=was.shape, after=now.shape),
    )


def _rooms(was: Facts, now: Facts, renamed: Renames) -> tuple[Headroom, ...]:
    """By aggregate and view, under the name that an aggregate has now."""
    names = {new[1]: old[1] for new, old in renamed.items() if new[0] == "aggregates"}
    earlier = {(name, view): (names.get(name, name), view) for name, view in now.rooms}
    found = [
        Headroom(aggregate=key[0], view=key[1], before=was.rooms.get(earlier[key]), after=room)
        for key, room in now.rooms.items()
    ]
    matched = set(earlier.values())
    found += [
        Headroom(aggregate=key[0], view=key[1], before=room, after=None)
        for key, room in was.rooms.items()
        if key not in matched
    ]
    return tuple(found)


def _blocking(now: Facts, findings: tuple[Finding, ...], found: tuple[Hazard, ...]) -> Iterable[str]:
    """Why it cannot be applied, or the guarantee does not hold."""
    errors = [one for one in findings if one.severity == Severity.ERROR and one.status is not Status.FIXED]
    if errors:
        yield f"{count(len(errors), 'error')} in the documents"
    if now.proof is not None and not now.proof.holds:
        homeless = list(dict.fromkeys(one.workload for one in now.proof.counterexamples if one.workload))
        yield (
            f"not taken where it was declared to be: {some(homeless, _NAMED)}"
            if isolated(now.proof)
            else "the guarantee does not hold"
        )
    if refused := [one for one in found if one.kind is HazardKind.REFUSED]:
        yield f"{_HAZARDS[HazardKind.REFUSED]}: {_hit(refused)}"


def _noted(
    rooms: tuple[Headroom, ...],
    landings: tuple[Landing, ...],
    findings: tuple[Finding, ...],
    found: tuple[Hazard, ...],
) -> Iterable[str]:
    """What somebody should look at."""
    warnings = [one for one in findings if one.severity != Severity.ERROR and one.status is Status.NEW]
    if warnings:
        yield count(len(warnings), "new warning")
    short = [one for one in rooms if newly_short(one)]
    if short:
        yield f"no room after the loss of a host: {', '.join(dict.fromkeys(one.aggregate for one in short))}"
    yield from _moves_told(landings)
    kinds: dict[str, list[HazardKind]] = {}
    for kind in HazardKind:
        hit = [one for one in found if one.kind is kind]
        if hit and kind is not HazardKind.REFUSED:
            kinds.setdefault(_hit(hit), []).append(kind)
    for who, same in kinds.items():
        yield f"{', '.join(_HAZARDS[kind] for kind in same)}: {who}"


def _moves_told(landings: tuple[Landing, ...]) -> Iterable[str]:
    """Who changes the hypervisor, by name; who has no place; and how many only change the aggregate."""
    called = labels(landings)
    ways: dict[str, list[Landing]] = {}
    for one in landings:
        if one.moved and one.before is not None and one.after is not None:
            ways.setdefault(_way(one.before, one.after), []).append(one)
    for way, moved in ways.items():
        names = list(dict.fromkeys(workload_of(one.workload) for one in moved))
        if not way:
            yield f"{count(len(names), 'workload')} on another aggregate"
            continue
        # Of a workload of which others stay, the members that move.
        parts = {workload_of(one.workload) for one in landings if one not in moved}
        told = [name for name in names if name not in parts]
        told += [called[one.environment, one.workload] for one in moved if workload_of(one.workload) in parts]
        verb = "" if way == _NO_PLACE else "moves " if len(told) == 1 else "move "
        yield f"{some(told, _NAMED)} {verb}{way}"


def _way(old: Spot, new: Spot) -> str:
    """Nothing if the hypervisor stays."""
    if new.aggregate is None:
        return _NO_PLACE
    if old.hypervisor is None or new.hypervisor is None or old.hypervisor == new.hypervisor:
        return ""
    return f"from {Hypervisor(old.hypervisor).label} to {Hypervisor(new.hypervisor).label}"


def _hit(hazards: Sequence[Hazard]) -> str:
    """What several hazards hit: one server by name, several by number, and other things by name."""
    servers, others = hits(hazards)
    counted = [servers[0] if len(servers) == 1 else count(len(servers), "server")] if servers else []
    return ", ".join([*counted, *([some(others, _NAMED)] if others else [])])


def _refused(previews: Sequence[Preview]) -> Iterable[str]:
    """What the engine will not apply."""
    refused = sum(found.level == "mandatory" for one in previews for found in one.policies)
    if refused:
        yield f"{count(refused, 'violation')} of the policy pack among the resources"


def _drifted(pair: Pair, drifted: tuple[Drift, ...]) -> Iterable[str]:
    """Where the engine and the documents are not at one."""
    if drifted:
        yield f"drift: the engine and the documents differ on {count(len(drifted), 'resource')}"
    if pair.before.estate is not None and (empty := [one.stack for one in pair.previews if not one.applied]):
        yield f"nothing is applied yet of {', '.join(empty)}"
    advised = sum(found.level != "mandatory" for one in pair.previews for found in one.policies)
    if advised:
        yield f"{count(advised, 'advisory violation')} of the policy pack"


def newly_short(one: Headroom) -> bool:
    """Whether a server no longer fits that did, or comes without room."""
    known = set(one.before.does_not_fit) if one.before else set()
    return one.after is not None and bool(set(one.after.does_not_fit) - known)


_NO_PLACE = "without a place"
_HAZARDS = {
    HazardKind.REFUSED: "refused as things stand",
    HazardKind.DATA_LOSS: "data is lost",
    HazardKind.REPLACE: "made anew",
    HazardKind.DRAIN: "must be drained first",
    HazardKind.DOWNTIME: "down for a time",
    HazardKind.REBOOT: "rebooted",
    HazardKind.RETYPE: "volumes are retyped",
    HazardKind.NO_EFFECT: "no effect on what runs",
}


def _summary(verdict: Verdict, environments: Sequence[Environment], problems: Sequence[Problem]) -> str:
    concerned = [one for one in environments if one.verdict is verdict and one.reasons]
    changed = [one.name for one in environments if one.verdict is not Verdict.UNCHANGED]
    match verdict:
        case Verdict.UNCHANGED:
            return "No environment changes."
        case Verdict.CLEAR:
            return f"{some(changed, _NAMED)}: nothing speaks against it."
        case Verdict.INCOMPLETE:
            first = next(iter(problems))
            where = " ".join(part for part in (first.environment, first.side) if part)
            known = _said(environments, but={one.message for one in problems})
            rest = f" {known}" if known else ""
            return f"This review does not say everything: {where}{': ' if where else ''}{first.message}{rest}"
    return _said(concerned)


def _said(environments: Iterable[Environment], but: Collection[str] = ()) -> str:
    """What each environment's verdict rests on, a sentence each."""
    reasons = {one.name: [why for why in one.reasons if why not in but] for one in environments}
    return " ".join(f"{name}: {'; '.join(listed)}." for name, listed in reasons.items() if listed)


def exit_code(review: Review) -> int:
    """0: nothing new speaks against it; 1: errors, new warnings, no room, no guarantee, or drift; 2: it is
    incomplete.
    """
    if review.verdict is Verdict.INCOMPLETE:
        return 2
    new = any(one.status is Status.NEW for one in review.findings)
    short = any(newly_short(one) for part in review.environments for one in part.headroom)
    return int(review.verdict is Verdict.BLOCKED or new or short or bool(review.drifts))
