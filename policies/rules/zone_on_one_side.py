"""A zone says which hypervisor its hosts have."""

from collections.abc import Iterator

from estate.model import Hypervisor
from estate.model.words import folded
from policies.facts import AggregateFacts, Facts, Unknown, aggregate_side
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation


def _judge(facts: Facts) -> Iterator[Violation]:
    owners: dict[str, AggregateFacts] = {}
    known = {folded(zone): side for zone, side in facts.zones.items()}
    esxi_zones = Hypervisor.ESXI in {*facts.zones.values(), *map(aggregate_side, facts.aggregates)}
    for aggregate in facts.aggregates:
        side = aggregate_side(aggregate)
        if isinstance(aggregate.zone, Unknown):
            if side is Hypervisor.ESXI:
                yield violation(
                    aggregate,
                    "availability_zone",
                    "the zone of this ESXi aggregate cannot be known here. Give it as a plain value.",
                )
            elif esxi_zones:
                yield violation(
                    aggregate,
                    "availability_zone",
                    "the zone of this aggregate cannot be known here, and may be one of ESXi. Give it as a "
                    "plain value.",
                )
        elif isinstance(aggregate.zone, str):
            first = owners.setdefault(folded(aggregate.zone), aggregate)
            if aggregate_side(first) is not side:
                yield violation(
                    aggregate,
                    "availability_zone",
                    f'zone "{aggregate.zone}" is that of aggregate "{first.name}", which is on another '
                    f"side: it "
                    "says nothing about the hypervisor. Give each side zones of its own.",
                )
            elif (known_side := known.get(folded(aggregate.zone))) is not None and known_side is not side:
                yield violation(
                    aggregate,
                    "availability_zone",
                    f'zone "{aggregate.zone}" is one of {known_side.label} by the catalogue, and this '
                    "aggregate is on another side. Give each side zones of its own.",
                )


RULE = Rule(
    name="zone-on-one-side",
    severity=Severity.HIGH,
    scope=Scope.STACK,
    description="Aggregates of both sides, or of one side and none, share no availability zone, in whatever "
    "letter case.",
    why="Volumes are paired with servers by their zone alone, and people read the hypervisor from it.",
    what_to_do="Give each hypervisor availability zones of its own.",
    source="nova/volume/cinder.py check_availability_zone; nova/availability_zones.py",
    judge=_judge,
    in_documents="zone-of-one-aggregate",
    by_components=True,
)
