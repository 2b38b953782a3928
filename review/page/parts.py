"""What the page says of one environment, counted and put in order; the template only lays it out."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from review.page.drawing import Picture
from review.page.flow import flow
from review.page.matrix import Matrix, matrices
from review.page.topology import pictures
from review.struck import Struck, by_block
from review.things import count, hits, isolated, lost, summary, workload_of
from review.value import (
    Action,
    Amount,
    Change,
    Drift,
    Environment,
    Finding,
    Hazard,
    Landing,
    MissingFeature,
    Preview,
    Reading,
    RegisterEntry,
    ResourceChange,
    Review,
    Room,
    Status,
    Step,
    Transfer,
    Verdict,
)

SECTIONS = (
    ("hazards", "Hazards"),
    ("findings", "Findings"),
    ("engine", "Engine"),
    ("changes", "Changes"),
    ("landing", "Landing"),
    ("proof", "Proof"),
    ("capacity", "Capacity"),
    ("topology", "Topology"),
    ("register", "Register"),
    ("technical", "Features, images, resources"),
    ("digests", "Digests"),
)
"""Of each environment, for the contents: address and title."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number before and after; ``note`` says more, ``tone`` is good, bad, or empty."""

    name: str
    before: str | None
    after: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Demand and capacity of one aggregate by one view, of VCPUs or memory."""

    aggregate: str
    view: str
    side: str
    """kvm or esxi."""
    resource: str
    lost: str | None
    before: str
    after: str
    share: float
    """Of the capacity, after."""
    share_before: float | None
    homeless: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the register; ``state`` is new, gone or same."""

    entry: RegisterEntry
    state: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the engine will do to one stack."""

    preview: Preview
    summary: str
    lost: list[tuple[Step, str]]
    """What is replaced or deleted, with the reason."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One environment."""

    key: str
    """For addresses within the page."""
    environment: Environment
    folded: bool
    """Nothing changed, so that only who asks sees it."""
    comparable: bool
    """Whether both sides could be had: otherwise what is on one side only is neither new nor gone."""
    reasons: tuple[str, ...]
    """Why the verdict is no better, but for problems, which are said by themselves."""
    figures: tuple[Figure, ...]
    counts: tuple[tuple[str, int], ...]
    """Blocks that are added, changed, removed."""
    hazards: tuple[Struck, ...]
    """By block."""
    hazard_counts: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    finding_counts: tuple[tuple[str, int], ...]
    previews: tuple[Asked, ...]
    drifts: tuple[Drift, ...]
    blocks: tuple[tuple[Change, ...], ...]
    """Changes by block."""
    touched: tuple[Landing, ...]
    """Workloads that move, and those of which servers come or go."""
    landings: tuple[Landing, ...]
    flow: Picture | None
    pictures: tuple[Picture, ...]
    matrices: tuple[Matrix, ...]
    bars: tuple[Bar, ...]
    register: tuple[Entry, ...]
    missing: tuple[MissingFeature, ...]
    transfers: tuple[Transfer, ...]
    resources: tuple[ResourceChange, ...]


def parts(review: Review) -> tuple[Part, ...]:
    """All environments, in their order."""
    return tuple(_part(review, one, f"e{number}") for number, one in enumerate(review.environments, start=1))


def _part(review: Review, environment: Environment, key: str) -> Part:
    name = environment.name
    changes = [one for one in review.changes if one.environment == name]
    hazards = tuple(one for one in review.hazards if one.environment == name)
    landings = tuple(one for one in review.landings if one.environment == name)
    findings = [one for one in review.findings if one.environment == name]
    blocks: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        blocks.setdefault((change.kind, change.name), []).append(change)
    proof = environment.proof.after
    servers: Counter[str] = Counter()
    for landing in landings:
        spot = landing.after if environment.shape.after is not None else landing.before
        if spot is not None and spot.aggregate is not None:
            servers[spot.aggregate] += len(landing.servers)
    comparable = Reading.UNREADABLE not in (environment.base, environment.head) and not any(
        one.environment is None and one.side is not None for one in review.problems
    )
    problems = {one.message for one in review.problems}
    statuses = Counter(one.status.value for one in findings)
    return Part(
        key=key,
        environment=environment,
        folded=environment.verdict is Verdict.UNCHANGED,
        comparable=comparable,
        reasons=tuple(why for why in environment.reasons if why not in problems),
        figures=tuple(_figures(environment, landings)),
        counts=tuple(_counts(blocks.values())),
        hazards=tuple(by_block(hazards)),
        hazard_counts=tuple(_hit(hazards)),
        findings=tuple(sorted(findings, key=lambda one: (list(Status).index(one.status), one.severity))),
        finding_counts=tuple((one.value, statuses[one.value]) for one in Status if statuses[one.value]),
        previews=tuple(
            Asked(preview=one, summary=summary(one), lost=lost(one))
            for one in review.previews
            if one.environment == name
        ),
        drifts=tuple(one for one in review.drifts if one.environment == name),
        blocks=tuple(map(tuple, blocks.values())),
        touched=tuple(one for one in landings if one.moved or _grows(one)) if comparable else (),
        landings=landings,
        flow=flow(landings, _aggregates(environment)) if comparable else None,
        pictures=pictures(environment.shape, servers),
        matrices=matrices(proof.matrix) if proof is not None else (),
        bars=tuple(_bars(environment)),
        register=tuple(_register(environment, {one.workload: one.was for one in landings})),
        missing=tuple(
            dict.fromkeys(
                replace(one, workload=workload_of(one.workload))
                for one in review.missing_features
                if one.environment == name
            )
        ),
        transfers=tuple(one for one in review.transfers if one.environment == name),
        resources=tuple(one for one in review.resources if one.environment == name),
    )


def _grows(one: Landing) -> bool:
    return one.after is None or set(one.servers) != set(one.servers_before)


def _aggregates(one: Environment) -> list[str]:
    """In the order of the documents."""
    shapes = [shape for shape in (one.shape.after, one.shape.before) if shape is not None]
    return list(dict.fromkeys(aggregate.name for shape in shapes for aggregate in shape.aggregates))


def _counts(blocks: Iterable[Sequence[Change]]) -> Iterator[tuple[str, int]]:
    actions = Counter(
        found[0].action
        if found[0].field is None and found[0].action is not Action.RENAMED
        else Action.CHANGED
        for found in blocks
    )
    for action in (Action.ADDED, Action.CHANGED, Action.REMOVED):
        if actions[action]:
            yield action.value, actions[action]


def _hit(hazards: Iterable[Hazard]) -> Iterator[tuple[str, str]]:
    """Of each kind how many servers, or what else."""
    kinds: dict[str, list[Hazard]] = {}
    for one in hazards:
        kinds.setdefault(one.kind.value, []).append(one)
    for kind, found in kinds.items():
        counts = zip(hits(found), ("server", "block"), strict=True)
        yield kind, ", ".join(count(len(names), what) for names, what in counts if names)


def _figures(one: Environment, landings: Iterable[Landing]) -> Iterator[Figure]:
    was, now = one.shape.before, one.shape.after
    yield Figure(
        name="Servers",
        before=_number(was.servers if was else None),
        after=_number(now.servers if now else None) or "?",
    )
    moved = [landing for landing in landings if landing.moved]
    workloads = {workload_of(landing.workload) for landing in moved}
    yield Figure(
        name="Servers moved",
        before=None,
        after=f"{sum(len(landing.servers) for landing in moved):,}",
        note=f"{count(len(workloads), 'workload')} on another aggregate"
        if moved
        else "all stay where they are",
    )
    budget, budget_was = one.budget.after, one.budget.before
    over = budget is not None and budget.limit is not None and budget.restricted > budget.limit
    yield Figure(
        name="Restricted to ESXi",
        before=_number(budget_was.restricted if budget_was else None),
        after=_number(budget.restricted if budget else None) or "?",
        note="" if budget is None else "no budget" if budget.limit is None else f"budget {budget.limit:,}",
        tone="bad" if over else "",
    )
    proof, proof_was = one.proof.after, one.proof.before
    held = {None: None, True: "holds", False: "no place" if proof and isolated(proof) else "broken"}
    yield Figure(
        name="Guarantee",
        before=held[proof_was.holds if proof_was else None],
        after=held[proof.holds if proof else None] or "?",
        note=f"{proof.requests:,} different requests" if proof is not None else "cannot be said",
        tone="" if proof is None else "good" if proof.holds else "bad",
    )
    yield Figure(
        name="N+1",
        before=_room([room.before for room in one.headroom]),
        after=_room([room.after for room in one.headroom]) or "?",
        note="each largest host lost",
        tone={"fits": "good", None: ""}.get(_room([room.after for room in one.headroom]), "bad"),
    )
    esxi, esxi_was = one.esxi.after, one.esxi.before
    yield Figure(
        name="ESXi hosts",
        before=_number(esxi_was.hosts if esxi_was else None),
        after=_number(esxi.hosts if esxi else None) or "?",
        note=f"in {count(len(esxi.clusters), 'cluster')}" if esxi is not None else "",
    )
    yield Figure(
        name="Licence cores",
        before=_number(esxi_was.cores if esxi_was else None),
        after=_number(esxi.cores if esxi else None) or "?",
        note="physical, as declared",
    )


def _number(number: int | None) -> str | None:
    return None if number is None else f"{number:,}"


def _room(rooms: Sequence[Room | None]) -> str | None:
    known = [room for room in rooms if room is not None]
    if not known:
        return None
    homeless = {server for room in known for server in room.does_not_fit}
    return f"{len(homeless):,} left out" if homeless else "fits"


_VIEWS = {
    "kvm": "KVM hosts, the largest lost",
    "nova": "as placement counts, nothing lost",
    "hosts": "ESXi hosts, the largest lost",
}


def _bars(one: Environment) -> Iterator[Bar]:
    for room in one.headroom:
        shown = room.after or room.before
        assert shown is not None
        for resource in ("vcpus", "memory"):
            now, was = (_used(side, resource) for side in (room.after, room.before))
            yield Bar(
                aggregate=room.aggregate,
                view=_VIEWS.get(room.view, room.view),
                side="kvm" if room.view == "kvm" else "esxi",
                resource={"vcpus": "VCPUs", "memory": "Memory, GiB"}[resource],
                lost=shown.lost,
                before=_told(was),
                after=_told(now),
                share=_share(now) or 0.0,
                share_before=_share(was),
                homeless=room.after.does_not_fit if room.after is not None else (),
            )


def _used(room: Room | None, resource: str) -> tuple[int, int] | None:
    if room is None:
        return None
    return _amount(room.demand, resource), _amount(room.capacity, resource)


def _amount(amount: Amount, resource: str) -> int:
    return amount.vcpus if resource == "vcpus" else amount.memory // 1024


def _told(used: tuple[int, int] | None) -> str:
    return "-" if used is None else f"{used[0]:,} of {used[1]:,}"


def _share(used: tuple[int, int] | None) -> float | None:
    if used is None:
        return None
    return used[0] / used[1] if used[1] else float(used[0] > 0) * 2


def _register(one: Environment, renamed: Mapping[str, str | None]) -> Iterator[Entry]:
    was, now = one.shape.before, one.shape.after
    before = {entry.workload for entry in was.register} if was is not None else None
    after = {entry.workload for entry in now.register} if now is not None else None
    for entry in now.register if now is not None else ():
        known = before is None or (renamed.get(entry.workload) or entry.workload) in before
        yield Entry(entry=entry, state="same" if known else "new")
    kept = {*after, *renamed.values()} if after is not None else set()
    for entry in was.register if was is not None else ():
        if entry.workload not in kept:
            yield Entry(entry=entry, state="gone")
