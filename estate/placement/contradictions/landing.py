"""Workloads that no host takes, though all were free: Nova's own decision, over the declared cloud."""

from collections.abc import Iterator

from estate.model import Aggregate, Estate, Finding, Loc, Workload
from estate.placement.contradictions.words import about
from estate.placement.contradictions.workloads import candidates, usable_image
from estate.placement.landing import Lander, decisive


def check(estate: Estate, blamed: frozenset[Loc]) -> Iterator[Finding]:
    """Findings about workloads, in the order of the documents.

    :param blamed: kind and name of blocks with errors: what rests on one of them is not judged a second time.
    """
    lander = Lander(estate)
    for workload in estate.workloads.values():
        aggregate = _aggregate(estate, workload)
        if aggregate is None or not blamed.isdisjoint(_rests_on(workload, aggregate)):
            continue
        decision = lander.decision(workload, aggregate.availability_zone)
        hosts = lander.cloud_hosts(aggregate)
        if hosts and decision.accepted.isdisjoint(hosts):
            rule, words = decisive(decision, sorted(hosts))
            yield about(
                workload,
                "no-host",
                (),
                f'expected a host of aggregate "{aggregate.name}" that takes its servers, found none even in '
                f"an empty cloud: {rule}: {words}. Change what asks for it (flavor, image or the aggregate's "
                "metadata); `estate explain` goes host by host.",
            )


def _aggregate(estate: Estate, workload: Workload) -> Aggregate | None:
    """The one aggregate that comes into question; ``None`` where other findings say that there is none."""
    image, flavor = usable_image(estate, workload), estate.flavors.get(workload.flavor)
    if image is None or flavor is None or flavor.hypervisor is not image.hypervisor:
        return None
    found = candidates(estate, workload, image)
    return found[0] if len(found) == 1 else None


def _rests_on(workload: Workload, aggregate: Aggregate) -> Iterator[Loc]:
    yield "workloads", workload.name
    yield "flavors", workload.flavor
    yield "images", workload.image
    yield "aggregates", aggregate.name
    yield from (("clusters", name) for name in aggregate.clusters)
