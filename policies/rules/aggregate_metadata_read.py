"""Metadata of aggregates is spelt as Nova reads it."""

from collections.abc import Iterator

from estate.model import Hypervisor
from estate.placement.triple import REQUIRED, trait_key
from policies.facts import Facts, Unknown
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation
from policies.spelling import misspelt

_KEYS = ("img_hv_type", "filter_tenant_id", "availability_zone", *(trait_key(one) for one in Hypervisor))


def _judge(facts: Facts) -> Iterator[Violation]:
    for aggregate in facts.aggregates:
        if isinstance(aggregate.metadata, Unknown):
            continue  # said by the rules of isolation
        if aggregate.replaced_zone is not None:
            yield violation(aggregate, "metadata", _replaced(aggregate.replaced_zone, aggregate.zone))
        for key, value in aggregate.metadata.items():
            if key == "hypervisor_type":
                message = "Nova ignores hypervisor_type of an aggregate. Say img_hv_type."
            elif (meant := misspelt(key, _KEYS)) is not None:
                message = f"Nova does not read {key!r}. Did you mean {meant}?"
            elif key.startswith("trait:") and value != REQUIRED:
                shown = "a value that cannot be known here" if isinstance(value, Unknown) else repr(value)
                message = f"only {key}={REQUIRED} isolates an aggregate, found {shown}. Say {REQUIRED}."
            else:
                continue
            yield violation(aggregate, "metadata", message)


def _replaced(given: str | Unknown, by: str | Unknown | None) -> str:
    zones = [
        "one that cannot be known here" if isinstance(one, Unknown) else f'"{one}"' for one in (given, by)
    ]
    return (
        f"its zone is {zones[0]}, and its metadata availability_zone {zones[1]}: Nova keeps the zone in that "
        "key, which is set afterwards, so that the hosts join the second one. Say the zone once, as zone."
    )


RULE = Rule(
    name="aggregate-metadata-read",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    description="Metadata of an aggregate has keys and values that Nova honours.",
    why="Nova takes any key. One that it does not read isolates nothing, and nobody is told. "
    "availability_zone is the zone itself, whatever zone the aggregate was made with.",
    what_to_do="Use img_hv_type and trait:CUSTOM_HV_…=required, spelt exactly so, and say the zone as zone.",
    source="nova/objects/aggregate.py get_non_matching_by_metadata_keys; "
    "nova/scheduler/filters/aggregate_image_properties_isolation.py; "
    "nova/objects/aggregate.py availability_zone",
    judge=_judge,
)
