"""Flavors and needs that no host of their side can serve."""

from collections.abc import Iterator

from estate.model import Estate, Finding, Flavor, Hypervisor, Workload
from estate.model.releases import release_of
from estate.placement.contradictions.words import about
from estate.placement.drivers import DRIVERS
from estate.placement.nova.translated import known, translated
from estate.placement.support import ON_ESXI, ON_KVM, asked_by, asked_by_extra_spec


def check(estate: Estate) -> Iterator[Finding]:
    """Findings about flavors, then about what workloads need."""
    for flavor in estate.flavors.values():
        yield from _extra_specs(estate, flavor)
        yield from _traits(estate, flavor)
    for workload in estate.workloads.values():
        yield from _needs(estate, workload)


def _extra_specs(estate: Estate, flavor: Flavor) -> Iterator[Finding]:
    refused = dict(_unserved(estate, flavor)) if flavor.extra_specs else {}
    for key in flavor.extra_specs:
        need = asked_by_extra_spec(key)
        if flavor.hypervisor is Hypervisor.ESXI and need is not None:
            why = f"its servers could have no {need} there ({ON_ESXI[need]}). Remove it, or use KVM."
        elif flavor.hypervisor is Hypervisor.KVM and key.startswith("vmware:"):
            why = "only the VMware driver reads it (nova/virt/vmwareapi/vmops.py). Remove it."
        elif key in refused:
            why = refused[key]
        else:
            continue
        yield Finding(
            rule="flavor-extra-spec",
            message=f"expected extra specs for {flavor.hypervisor.label}, found {key}: {why}",
            loc=("flavors", flavor.name, "extra_specs", key),
            subject=f'flavor "{flavor.name}"',
        )


_REPORTED = ("VCPU", "MEMORY_MB", "DISK_GB")
"""Resource classes of every host that documents describe (``estate.placement.building``)."""


def _unserved(estate: Estate, flavor: Flavor) -> Iterator[tuple[str, str]]:
    """Extra specs by which Nova asks placement for what no host of its side has, or nobody here knows what
    for; each with the reason.
    """
    for key in flavor.extra_specs:
        if not known(key):
            yield (
                key,
                "it is not known here what Nova asks of placement by it, so nobody could say where its "
                "servers land. Remove it.",
            )
    made = translated(flavor.extra_specs, {}, flavor.vcpus, release_of(estate.estate.release, "nova"))
    if made.refused is not None:
        key = next((one for one in flavor.extra_specs if one.startswith(("hw:", "os:"))), "")
        key = next((one for one in flavor.extra_specs if one in made.refused), key)
        yield key, f"{made.refused}. Change or remove it."
    driver = DRIVERS[flavor.hypervisor].traits
    offered = _declared(estate, flavor.hypervisor)
    traits: dict[str, set[str]] = {}
    for trait, by in (made.required | made.filtered).items():
        traits.setdefault(by.partition(" = ")[0], set()).add(trait)
    for key, wanted in traits.items():
        if offered and not any(wanted <= driver | one for one in offered):
            where = "a host class" if flavor.hypervisor is Hypervisor.KVM else "a cluster"
            yield (
                key,
                f"Nova asks for a host with {' and '.join(sorted(wanted))} then, and no "
                f"{flavor.hypervisor.label} host is said to have that. Remove it, or name these traits under "
                f"traits of {where} whose nova-compute reports them.",
            )
    classes = {key.partition(":")[2]: key for key in flavor.extra_specs if key.startswith("resources:")}
    asked = {name: key for name, key in classes.items() if flavor.extra_specs[key] != "0"}
    asked |= {name: "hw:pmem" if "PMEM" in name else "hw:mem_encryption" for name in made.resources}
    for name, key in asked.items():
        if name not in _REPORTED:
            yield (
                key,
                f"Nova asks for {name} then, which no host has: documents describe {', '.join(_REPORTED)}. "
                "Remove it.",
            )


def _declared(estate: Estate, side: Hypervisor) -> list[set[str]]:
    """Traits that host classes or clusters of a side declare, each."""
    aggregates = estate.aggregates_of(side)
    if side is Hypervisor.KVM:
        return [set(one.traits) for aggregate in aggregates for one in aggregate.host_classes.values()]
    return [
        set(estate.clusters[name].traits)
        for aggregate in aggregates
        for name in aggregate.clusters
        if name in estate.clusters
    ]


def _traits(estate: Estate, flavor: Flavor) -> Iterator[Finding]:
    offered = _declared(estate, flavor.hypervisor)
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
