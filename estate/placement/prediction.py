"""Where each server will land, by the triple alone: what the documents say before anything runs."""

from dataclasses import dataclass

from estate.model import Aggregate, Estate, Workload
from estate.placement.triple import (
    REQUIRED,
    aggregate_metadata,
    flavor_extra_specs,
    image_properties,
    trait_key,
)


class UnplaceableError(ValueError):
    """A workload that no aggregate takes, or that several take; ``contradictions`` says how to mend it."""


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Where a server will land."""

    aggregate: str
    zone: str
    compute_hosts: tuple[str, ...]
    """``[DEFAULT] host`` of the nova-compute services that may take it. ESXi: one per cluster."""
    decided_by: str
    """One sentence: what of the documents decides it."""


def required_traits(estate: Estate, workload: Workload) -> frozenset[str]:
    """Keys ``trait:X`` that a request for the workload carries: flavor and image together.

    nova/scheduler/utils.py ``ResourceRequest`` unites both before isolation is judged.
    """
    specs = flavor_extra_specs(estate.flavors[workload.flavor])
    properties = image_properties(estate.images[workload.image])
    return frozenset(
        key
        for key, value in [*specs.items(), *properties.items()]
        if key.startswith("trait:") and value == REQUIRED
    )


def accepting(estate: Estate, workload: Workload) -> tuple[Aggregate, ...]:
    """Aggregates that take the workload: traits both ways, and the zone if it names one."""
    traits = required_traits(estate, workload)
    return tuple(
        one
        for one in estate.aggregates.values()
        if _isolation(one) <= traits
        and any(traits <= offered for offered in _offered(estate, one))
        and workload.availability_zone in (None, one.availability_zone)
    )


def predict(estate: Estate) -> dict[str, Prediction]:
    """Server name → where it will land, for every declared server.

    The estate's references must be in order (``estate.model.references``). Raises ``UnplaceableError`` for
    the first workload for which no aggregate, or more than one, comes into question.
    """
    predictions: dict[str, Prediction] = {}
    for workload in estate.workloads.values():
        candidates = accepting(estate, workload)
        if len(candidates) != 1:
            names = ", ".join(one.name for one in candidates) or "none"
            raise UnplaceableError(
                f'workload "{workload.name}": expected exactly one aggregate that takes it, found {names}; '
                "`estate check` says why and how to mend it"
            )
        (aggregate,) = candidates
        prediction = Prediction(
            aggregate=aggregate.name,
            zone=aggregate.availability_zone,
            compute_hosts=estate.compute_hosts(aggregate),
            decided_by=_decided_by(estate, workload, aggregate),
        )
        predictions |= dict.fromkeys(workload.servers, prediction)
    return predictions


def _offered(estate: Estate, aggregate: Aggregate) -> list[set[str]]:
    """Keys ``trait:X`` of the traits that its resource providers have, one set per class or cluster."""
    declared = [one.traits for one in aggregate.host_classes.values()]
    declared += [estate.clusters[name].traits for name in aggregate.clusters if name in estate.clusters]
    return [{trait_key(aggregate.hypervisor), *(f"trait:{one}" for one in traits)} for traits in declared]


def _isolation(aggregate: Aggregate) -> frozenset[str]:
    """Traits without which a request never enters (nova/scheduler/request_filter.py "
    "``isolate_aggregates``)."""
    return frozenset(
        key
        for key, value in aggregate_metadata(aggregate).items()
        if key.startswith("trait:") and value == REQUIRED
    )


def _decided_by(estate: Estate, workload: Workload, aggregate: Aggregate) -> str:
    trait = trait_key(aggregate.hypervisor).removeprefix("trait:")
    reason = (
        f'image "{workload.image}" and flavor "{workload.flavor}" require the trait {trait}, '
        f'which isolates aggregate "{aggregate.name}"'
    )
    if workload.availability_zone is not None and len(estate.aggregates_of(aggregate.hypervisor)) > 1:
        return f'{reason}; the workload names its availability zone "{aggregate.availability_zone}"'
    return reason
