"""More servers than an aggregate can take."""

from collections.abc import Iterator

from estate.model import Estate, Finding, Hypervisor, Severity
from estate.placement.capacity import capacity, datastore_capacity, demand
from estate.placement.contradictions.workloads import root_volume
from estate.placement.headroom import left_over


def check(estate: Estate) -> Iterator[Finding]:
    """Findings about aggregates whose servers do not fit together, and about their datastores."""
    asked, apart = demand(estate), left_over(estate)
    for name, aggregate in estate.aggregates.items():
        has, wants = capacity(estate, aggregate), asked[name]
        if wants.vcpus <= has.vcpus and wants.memory <= has.memory and apart.get(name):
            yield _left_over(name, apart[name])
        for what, wanted, there in (
            ("VCPUs", wants.vcpus, has.vcpus),
            ("MiB of memory", wants.memory, has.memory),
        ):
            if wanted > there:
                esxi = aggregate.hypervisor is Hypervisor.ESXI
                kept = " (less what HA keeps free and others run)" if esxi else ""
                yield Finding(
                    rule="aggregate-capacity",
                    message=f"expected room for all its servers, found {wanted} {what} asked for and {there} "
                    f"to give{kept}: Nova would refuse the last ones. Add "
                    f"{'hosts or clusters' if esxi else 'hosts'}, or use smaller flavors.",
                    loc=("aggregates", name),
                    subject=f'aggregate "{name}"',
                )
        yield from _datastores(estate, name)


_NAMED = 5


def _left_over(name: str, servers: tuple[str, ...]) -> Finding:
    """A warning: first-fit decreasing is no proof that nothing else would fit."""
    more = f" and {len(servers) - _NAMED} more" if len(servers) > _NAMED else ""
    return Finding(
        rule="aggregate-packing",
        message="expected room for all its servers on single hosts, but no placement was found for "
        f"{', '.join(servers[:_NAMED])}{more}, the largest placed first: together they fit, host by host "
        "they do not. Add a host, or use smaller flavors; `estate headroom` shows what is left.",
        loc=("aggregates", name),
        subject=f'aggregate "{name}"',
        severity=Severity.WARNING,
    )


def _datastores(estate: Estate, name: str) -> Iterator[Finding]:
    aggregate = estate.aggregates[name]
    if aggregate.hypervisor is Hypervisor.KVM or not estate.storage:
        return
    room = datastore_capacity(estate, aggregate)
    taken = 0
    for workload in estate.workloads.values():
        flavor, image = estate.flavors.get(workload.flavor), estate.images.get(workload.image)
        if flavor is None or image is None or image.hypervisor is Hypervisor.KVM:
            continue
        if workload.availability_zone not in (None, aggregate.availability_zone):
            continue
        # A root volume lies on the datastores as a root disk does, only with another size.
        root = root_volume(workload, image) if workload.boot_volume else flavor.disk
        volumes = [volume for volume in workload.volumes.values() if volume.type in estate.volume_types]
        taken += len(workload.servers) * (root + sum(volume.size for volume in volumes))
    if taken > room:
        yield Finding(
            rule="datastore-capacity",
            message=f"expected room for its servers' disks and volumes on the datastores of its clusters, "
            f"found {taken} GiB asked for and {room} GiB to give (a datastore of several clusters counts "
            "once, times its array's oversubscription). Add datastores.",
            loc=("aggregates", name),
            subject=f'aggregate "{name}"',
        )
