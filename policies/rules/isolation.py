"""What isolates an aggregate, for both sides alike."""

from collections.abc import Iterator

from estate.model import Hypervisor
from estate.placement.triple import IMAGE_TYPE, REQUIRED, trait_key
from policies.facts import AggregateFacts, Facts, Unknown, aggregate_side
from policies.rule import Violation


def judge(facts: Facts, side: Hypervisor) -> Iterator[Violation]:
    """Breaks of the isolation of all aggregates of one side."""
    for aggregate in facts.aggregates:
        if aggregate_side(aggregate) is side:
            yield from _aggregate(aggregate, side)


def violation(aggregate: AggregateFacts, field: str, message: str) -> Violation:
    """A violation about an aggregate."""
    return Violation(
        origin=aggregate.origin,
        subject=f'aggregate "{aggregate.name}"',
        field=(field,),
        message=message,
    )


def _aggregate(aggregate: AggregateFacts, side: Hypervisor) -> Iterator[Violation]:
    if isinstance(aggregate.metadata, Unknown):
        yield violation(
            aggregate,
            "metadata",
            f"the metadata of this {side.label} aggregate cannot be known here. Give it as plain values.",
        )
        return
    wanted = {trait_key(side): REQUIRED, "img_hv_type": IMAGE_TYPE[side]}
    missing = [f"{key}={value}" for key, value in wanted.items() if aggregate.metadata.get(key) != value]
    if missing:
        yield violation(
            aggregate,
            "metadata",
            f"the {side.label} aggregate is not isolated: its metadata lacks {' and '.join(missing)}. "
            "Set it as a plain value, spelt exactly so.",
        )
    other = next(one for one in Hypervisor if one is not side)
    if trait_key(other) in aggregate.metadata:
        yield violation(
            aggregate,
            "metadata",
            f"the {side.label} aggregate carries {trait_key(other)}, the trait of {other.label}: no "
            "server could "
            "enter it. Remove it from the metadata.",
        )
