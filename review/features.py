"""What a side does not have that a workload comes to: from Nova's support matrix and drivers."""

from collections.abc import Mapping

from estate.model import Estate, Hypervisor
from estate.model.members import flat
from estate.model.needs import Need
from estate.placement.support import ON_ESXI, ON_KVM, asked_by, asked_by_extra_spec
from review.side import Side
from review.value import Landing, MissingFeature

_MISSING: Mapping[str, Mapping[Need, str]] = {
    Hypervisor.ESXI.value: ON_ESXI,
    Hypervisor.KVM.value: ON_KVM,
}


def missing(
    environment: str, before: Side, after: Side, landings: tuple[Landing, ...]
) -> tuple[MissingFeature, ...]:
    """For each workload that comes to a side: all that the side lacks. For others: what they newly ask for
    and cannot have.
    """
    was, now = _asked(before.draft), _asked(after.draft)
    found = []
    for one in landings:
        to = one.after.hypervisor if one.after else None
        if to is None:
            continue
        came_from = one.before.hypervisor if one.before else None
        asked = now.get(one.workload, frozenset())
        asked_before = was.get(one.was or one.workload, frozenset())
        for need, source in _MISSING[to].items():
            crossed = came_from not in (None, to) and need not in _MISSING[came_from or to]
            newly = need in asked and (came_from != to or need not in asked_before)
            if crossed or newly:
                found.append(
                    MissingFeature(
                        environment=environment,
                        workload=one.workload,
                        came_from=came_from,
                        to=to,
                        feature=need.value,
                        needed=need in asked,
                        source=source,
                    )
                )
    return tuple(found)


def _asked(estate: Estate | None) -> dict[str, frozenset[Need]]:
    """Workload → what it and its flavor ask for."""
    if estate is None:
        return {}
    by_flavor = {
        name: frozenset(need for key in flavor.extra_specs if (need := asked_by_extra_spec(key)) is not None)
        for name, flavor in estate.flavors.items()
    }
    return {
        name: frozenset(need for need, _ in asked_by(one)) | by_flavor.get(one.flavor, frozenset())
        for name, one in flat(estate).workloads.items()
    }
