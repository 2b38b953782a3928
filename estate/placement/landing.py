"""Where workloads land, by Nova's rules: which hosts take them, and which rule keeps the other side off."""

from collections.abc import Iterable
from dataclasses import dataclass

from estate.model import Aggregate, Estate, Workload
from estate.model.members import flat
from estate.model.partition import project_of
from estate.placement import nova
from estate.placement.building import cloud_of, request_of, source_of

_Key = tuple[str, str, nova.Source, str | None, str | None]


@dataclass(frozen=True, kw_only=True)
class Landing:
    """Where the servers of a workload land."""

    workload: str
    restricted: bool
    aggregate: str | None
    """``None``: no aggregate takes it, or several do."""
    zone: str | None
    """The zone that its servers name."""
    hosts: tuple[str, ...]
    """nova-compute hosts that may take them, in the order of the documents."""
    decided_by: str
    """The first rule that keeps every host of the other hypervisor off; what refuses it where nothing takes
    it.
    """
    why: str
    """That rule's words about one of those hosts."""


class Lander:
    """Answers for one estate. Workloads that ask alike are decided once."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._projects = project_of(estate)
        self.cloud = cloud_of(estate)
        self._decisions: dict[_Key, nova.Decision] = {}
        self._landings: dict[_Key, Landing] = {}

    def accepting(self, workload: Workload) -> tuple[Aggregate, ...]:
        """Aggregates that take the workload in their own zone, or in the zone that it names."""
        return tuple(
            one
            for one in self._estate.aggregates.values()
            if workload.availability_zone in (None, one.availability_zone)
            and not self.decision(workload, one.availability_zone).accepted.isdisjoint(self.cloud_hosts(one))
        )

    def cloud_hosts(self, aggregate: Aggregate) -> frozenset[str]:
        """The compute hosts of an aggregate, as far as its clusters are declared."""
        return next(one.hosts for one in self.cloud.aggregates if one.name == aggregate.name)

    def decision(self, workload: Workload, zone: str | None) -> nova.Decision:
        """Nova's decision about a server of the workload in a zone."""
        project = self._projects.get(workload.name)
        key = (workload.image, workload.flavor, source_of(workload), zone, project)
        if key not in self._decisions:
            asked = request_of(self._estate, workload, zone, project)
            self._decisions[key] = nova.decide(self.cloud, asked)
        return self._decisions[key]

    def landing(self, workload: Workload) -> Landing:
        """Where the workload lands."""
        project = self._projects.get(workload.name)
        zone = workload.availability_zone
        key = (workload.image, workload.flavor, source_of(workload), zone, project)
        if key not in self._landings:
            self._landings[key] = self._decided(workload)
        known = self._landings[key]
        return Landing(
            workload=workload.name,
            restricted=workload.restriction is not None,
            aggregate=known.aggregate,
            zone=known.zone,
            hosts=known.hosts,
            decided_by=known.decided_by,
            why=known.why,
        )

    def _decided(self, workload: Workload) -> Landing:
        accepting = self.accepting(workload)
        (aggregate,) = accepting if len(accepting) == 1 else (None,)
        zone = aggregate.availability_zone if aggregate is not None else workload.availability_zone
        decision = self.decision(workload, zone)
        hosts = tuple(host.name for host in self.cloud.hosts if host.name in decision.accepted)
        rule, why = self._decisive(decision, aggregate)
        if len(accepting) > 1:
            rule, why = "several", f"{' and '.join(one.name for one in accepting)} take it"
        return Landing(
            workload=workload.name,
            restricted=workload.restriction is not None,
            aggregate=aggregate.name if aggregate is not None else None,
            zone=zone,
            hosts=hosts if aggregate is not None else (),
            decided_by=rule,
            why=why,
        )

    def _decisive(self, decision: nova.Decision, aggregate: Aggregate | None) -> tuple[str, str]:
        side = aggregate.hypervisor if aggregate is not None else None
        others = [
            name
            for one in self._estate.aggregates.values()
            if one.hypervisor is not side
            for name in self.cloud_hosts(one)
        ]
        return decisive(decision, others)


def decisive(decision: nova.Decision, hosts: Iterable[str]) -> tuple[str, str]:
    """The first rule that rejects all these hosts, and its words about one of them; else what rejects the
    first.
    """
    known = list(hosts)
    if not known:
        return "none", "there is no host of the other hypervisor"
    first = decision.verdicts[known[0]]
    common = set.intersection(*({one.rule for one in decision.verdicts[name]} for name in known))
    for rejection in first:
        if rejection.rule in common:
            return rejection.rule, rejection.words
    rejected = next((one for name in known for one in decision.verdicts[name]), None)
    return (rejected.rule, rejected.words) if rejected is not None else ("none", "nothing keeps it off")


def landings(estate: Estate) -> tuple[Landing, ...]:
    """Every workload, in the order of the documents; groups of members that differ (``flat``) each on their
    own.

    The estate's references must be in order.
    """
    whole = flat(estate)
    lander = Lander(whole)
    return tuple(lander.landing(workload) for workload in whole.workloads.values())
