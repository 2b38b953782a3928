"""Flavors and needs that no host of their side can serve."""

from collections.abc import Iterator

from estate.model import Estate, Finding, Flavor, Hypervisor, Workload
from estate.placement.contradictions.words import about
from estate.placement.support import ON_ESXI, ON_KVM, asked_by, asked_by_extra_spec


def check(estate: Estate) -> Iterator[Finding]:
    """Findings about flavors, then about what workloads need."""
    for flavor in estate.flavors.values():
        yield from _extra_specs(flavor)
        yield from _traits(estate, flavor)
    for workload in estate.workloads.values():
        yield from _needs(estate, workload)


def _extra_specs(flavor: Flavor) -> Iterator[Finding]:
    for key in flavor.extra_specs:
        need = asked_by_extra_spec(key)
        if flavor.hypervisor is Hypervisor.ESXI and need is not None:
            why = f"its servers could have no {need} there ({ON_ESXI[need]}). Remove it, or use KVM."
        elif flavor.hypervisor is Hypervisor.KVM and key.startswith("vmware:"):
            why = "only the VMware driver reads it (nova/virt/vmwareapi/vmops.py). Remove it."
        else:
            continue
        yield Finding(
            rule="flavor-extra-spec",
            message=f"expected extra specs for {flavor.hypervisor.label}, found {key}: {why}",
            loc=("flavors", flavor.name, "extra_specs", key),
            subject=f'flavor "{flavor.name}"',
        )


def _traits(estate: Estate, flavor: Flavor) -> Iterator[Finding]:
    side = estate.aggregates_of(flavor.hypervisor)
    offered = [set(one.traits) for aggregate in side for one in aggregate.host_classes.values()]
    if flavor.hypervisor is Hypervisor.ESXI:
        offered = [
            set(estate.clusters[name].traits)
            for aggregate in side
            for name in aggregate.clusters
            if name in estate.clusters
        ]
    if flavor.traits and not any(set(flavor.traits) <= traits for traits in offered):
        known = ", ".join(sorted(set().union(*offered))) or "none"
        yield Finding(
            rule="flavor-traits",
            message=f"expected {flavor.hypervisor.label} hosts with {' and '.join(flavor.traits)}, "
            f"found none (their traits: {known}): no host would ever take its servers. "
            + (
                "Give a host class these traits."
                if flavor.hypervisor is Hypervisor.KVM
                else "Give a cluster these traits."
            ),
            loc=("flavors", flavor.name, "traits"),
            subject=f'flavor "{flavor.name}"',
        )


def _needs(estate: Estate, workload: Workload) -> Iterator[Finding]:
    image = estate.images.get(workload.image)
    if image is None:
        return
    # A restricted workload belongs on ESXi, whatever its image says now.
    esxi = image.hypervisor is Hypervisor.ESXI or workload.restriction is not None
    lacking = ON_ESXI if esxi else ON_KVM
    for need, field in asked_by(workload):
        if need in lacking:
            way_out = (
                "Run it on KVM" if esxi and need not in ON_KVM else "Leave its machine outside of the cloud"
            )
            yield about(
                workload,
                "unsupported-need",
                field,
                f"expected needs that Nova serves on {'ESXi' if esxi else 'KVM'}, found {need}: "
                f"{lacking[need]}. {way_out}, or remove the need.",
            )
