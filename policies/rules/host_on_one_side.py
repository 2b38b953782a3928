"""No host is in an ESXi aggregate and in another one that is not, nor in one of the side it is not on."""

from collections.abc import Iterator, Mapping

from estate.model import Hypervisor
from estate.model.words import folded
from policies.facts import AggregateFacts, Facts, Unknown, aggregate_side
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules import isolation


def _judge(facts: Facts) -> Iterator[Violation]:
    elsewhere = {folded(host): side for host, side in facts.hosts.items()}
    owners = {
        host: "on ESXi, as the catalogue says. Remove it, or isolate the aggregate as one of ESXi"
        for host, side in elsewhere.items()
        if side is Hypervisor.ESXI
    }
    for aggregate in facts.aggregates:
        if aggregate_side(aggregate) is Hypervisor.ESXI:
            yield from _on_esxi(aggregate, elsewhere)
            owners |= {
                folded(host): f'also a member of the ESXi aggregate "{aggregate.name}". '
                "Remove it from one of the two"
                for host in _named(aggregate)
            }
    for aggregate in facts.aggregates:
        if aggregate_side(aggregate) is not Hypervisor.ESXI:
            yield from _not_on_esxi(aggregate, owners)


def _named(aggregate: AggregateFacts) -> list[str]:
    """Members whose names are known."""
    hosts = () if isinstance(aggregate.hosts, Unknown) else aggregate.hosts
    return [host for host in hosts if not isinstance(host, Unknown)]


def _open(aggregate: AggregateFacts) -> bool:
    """Whether it has members that are not known yet."""
    return isinstance(aggregate.hosts, Unknown) or any(isinstance(host, Unknown) for host in aggregate.hosts)


def _on_esxi(aggregate: AggregateFacts, elsewhere: Mapping[str, Hypervisor]) -> Iterator[Violation]:
    if _open(aggregate):
        yield isolation.violation(
            aggregate,
            "hosts",
            "the members of this ESXi aggregate cannot be known here. Give their names as plain values.",
        )
    for host in _named(aggregate):
        if elsewhere.get(folded(host)) is Hypervisor.KVM:
            yield isolation.violation(
                aggregate,
                "hosts",
                f'host "{host}" is on KVM, as the catalogue says. Remove it from this ESXi aggregate: a host '
                "has one hypervisor.",
            )


def _not_on_esxi(aggregate: AggregateFacts, owners: Mapping[str, str]) -> Iterator[Violation]:
    if owners and _open(aggregate):
        yield isolation.violation(
            aggregate,
            "hosts",
            "the members of this aggregate cannot be known here, and may be those of an ESXi aggregate. "
            "Give their names as plain values.",
        )
    for host in _named(aggregate):
        owner = owners.get(folded(host))
        if owner is not None:
            yield isolation.violation(
                aggregate,
                "hosts",
                f'host "{host}" is {owner}: a host has one hypervisor.',
            )


RULE = Rule(
    name="host-on-one-side",
    severity=Severity.CRITICAL,
    scope=Scope.STACK,
    description="A host that is in an ESXi aggregate is in no other aggregate that is not ESXi.",
    why="A KVM host in the ESXi aggregate takes restricted servers: in a trial six of seven landed on it. "
    "An ESXi host in an aggregate of another zone takes what asks for that zone.",
    what_to_do="Give each nova-compute to aggregates of one hypervisor only. Hosts of other "
    "programs' aggregates are told by the catalogue (`estate policies config ENV`).",
    source="nova/scheduler/request_filter.py isolate_aggregates (a host belongs to all of its aggregates)",
    judge=_judge,
    by_components=True,
)
