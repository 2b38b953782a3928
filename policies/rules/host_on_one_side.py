"""No host is in an ESXi aggregate and in another one that is not."""

from collections.abc import Iterator

from estate.model import Hypervisor
from estate.model.words import folded
from policies.facts import AggregateFacts, Facts, Unknown, aggregate_side
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules import isolation


def _judge(facts: Facts) -> Iterator[Violation]:
    owners: dict[str, AggregateFacts] = {}
    for aggregate in facts.aggregates:
        if aggregate_side(aggregate) is not Hypervisor.ESXI:
            continue
        if isinstance(aggregate.hosts, Unknown) or any(isinstance(host, Unknown) for host in aggregate.hosts):
            yield isolation.violation(
                aggregate,
                "hosts",
                "the members of this ESXi aggregate cannot be known here. Give their names as plain values.",
            )
        else:
            owners |= {folded(str(host)): aggregate for host in aggregate.hosts}
    for aggregate in facts.aggregates:
        if aggregate_side(aggregate) is Hypervisor.ESXI:
            continue
        hosts = (aggregate.hosts,) if isinstance(aggregate.hosts, Unknown) else aggregate.hosts
        if owners and any(isinstance(host, Unknown) for host in hosts):
            yield isolation.violation(
                aggregate,
                "hosts",
                "the members of this aggregate cannot be known here, and may be those of an ESXi aggregate. "
                "Give their names as plain values.",
            )
        for host in hosts:
            owner = None if isinstance(host, Unknown) else owners.get(folded(host))
            if owner is not None:
                yield isolation.violation(
                    aggregate,
                    "hosts",
                    f'host "{host}" is also a member of the ESXi aggregate "{owner.name}". '
                    "Remove it from one of the two: a host has one hypervisor.",
                )


RULE = Rule(
    name="host-on-one-side",
    severity=Severity.CRITICAL,
    scope=Scope.STACK,
    description="A host that is in an ESXi aggregate is in no other aggregate that is not ESXi.",
    why="A KVM host in the ESXi aggregate takes restricted servers: in a trial six of seven landed on it.",
    what_to_do="Give each nova-compute to aggregates of one hypervisor only.",
    source="nova/scheduler/request_filter.py isolate_aggregates (a host belongs to all of its aggregates)",
    judge=_judge,
    by_components=True,
)
