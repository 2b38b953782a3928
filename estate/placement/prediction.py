"""Where each server will land: what the documents say before anything runs, by Nova's own rules."""

from dataclasses import dataclass

from estate.model import Aggregate, Estate, Workload
from estate.model.members import flat
from estate.placement.landing import Lander


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
    """The rule that keeps it off the other hypervisor, and its words."""


def accepting(estate: Estate, workload: Workload) -> tuple[Aggregate, ...]:
    """Aggregates that take the workload, whatever zone its servers name; only its own if it names one."""
    return Lander(estate).accepting(workload)


def predict(estate: Estate) -> dict[str, Prediction]:
    """Server name → where it will land, for every declared server.

    The estate's references must be in order (``estate.model.references``). Raises ``UnplaceableError`` for
    the first workload for which no aggregate, or more than one, comes into question.
    """
    estate = flat(estate)
    lander = Lander(estate)
    predictions: dict[str, Prediction] = {}
    for workload in estate.workloads.values():
        landing = lander.landing(workload)
        if landing.aggregate is None or landing.zone is None:
            names = ", ".join(one.name for one in lander.accepting(workload)) or "none"
            raise UnplaceableError(
                f'workload "{workload.name}": expected exactly one aggregate that takes it, found {names}; '
                "`estate check` says why and how to mend it"
            )
        prediction = Prediction(
            aggregate=landing.aggregate,
            zone=landing.zone,
            compute_hosts=landing.hosts,
            decided_by=f"{landing.decided_by}: {landing.why}",
        )
        predictions |= dict.fromkeys(workload.servers, prediction)
    return predictions
