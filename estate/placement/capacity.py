"""How much an aggregate can take: Nova's arithmetic, less what Nova does not see by itself.

To placement a provider takes ``(total - reserved) * allocation_ratio`` (placement/objects/
resource_provider.py). Of a vSphere cluster Nova counts every host and no machine of others
(nova/virt/vmwareapi/vm_util.py ``get_stats_from_cluster``), so what HA keeps free and what others run is
reserved in its nova.conf.
"""

import math
from dataclasses import dataclass

from estate.model import Aggregate, Cluster, Estate


@dataclass(frozen=True, kw_only=True)
class Size:
    """VCPUs and memory in MiB."""

    vcpus: int
    memory: int


def reserved(aggregate: Aggregate, cluster: Cluster) -> Size:
    """What of a cluster's hardware is not for this estate: logical CPUs and MiB of memory.

    HA must restart the servers of the largest hosts that may fail; machines of others take their part,
    in hardware: their VCPUs and memory by the aggregate's ratios.
    """
    control = cluster.ha.admission_control if cluster.ha.enabled else None
    hosts = [(one.threads, one.memory) for one in cluster.host_classes.values() for _ in one.hosts]
    kept = control.host_failures if control else 0
    foreign = cluster.foreign
    return Size(
        vcpus=sum(sorted((threads for threads, _ in hosts), reverse=True)[:kept])
        + (math.ceil(foreign.vcpus / aggregate.cpu_allocation_ratio) if foreign else 0),
        memory=sum(sorted((memory for _, memory in hosts), reverse=True)[:kept])
        + (math.ceil(foreign.memory / aggregate.ram_allocation_ratio) if foreign else 0),
    )


def rooms(estate: Estate, aggregate: Aggregate) -> tuple[Size, ...]:
    """What each of its providers takes, by placement's formula. Unknown clusters count nothing."""
    clusters = [estate.clusters[name] for name in aggregate.clusters if name in estate.clusters]
    left = [
        (one.threads - held.vcpus, one.memory - held.memory)
        for one in clusters
        for held in (reserved(aggregate, one),)
    ]
    left += [(one.vcpus, one.memory) for one in aggregate.host_classes.values() for _ in one.hosts]
    return tuple(
        Size(
            vcpus=int(max(0, vcpus) * aggregate.cpu_allocation_ratio),
            memory=int(max(0, memory) * aggregate.ram_allocation_ratio),
        )
        for vcpus, memory in left
    )


def capacity(estate: Estate, aggregate: Aggregate) -> Size:
    """What all its providers take together."""
    each = rooms(estate, aggregate)
    return Size(vcpus=sum(one.vcpus for one in each), memory=sum(one.memory for one in each))


def datastore_capacity(estate: Estate, aggregate: Aggregate) -> int:
    """GiB that the datastores which its clusters mount may promise, less what others take.

    Each promises its array's oversubscription times what it has; machines of others, of which is not
    said where they lie, take of the most generous. A datastore that two clusters mount counts once here;
    Nova counts it for each (nova/virt/vmwareapi/driver.py ``update_provider_tree``).
    """
    mounted = [
        (store.capacity, array.oversubscription)
        for array in estate.storage.values()
        for store in array.datastores.values()
        if set(store.clusters) & set(aggregate.clusters)
    ]
    foreign = [estate.clusters[name].foreign for name in aggregate.clusters if name in estate.clusters]
    taken = sum(one.disk or 0 for one in foreign if one is not None)
    largest = max((ratio for _, ratio in mounted), default=1.0)
    return int(sum(capacity * ratio for capacity, ratio in mounted) - taken * largest)


def demand(estate: Estate) -> dict[str, Size]:
    """By aggregate, the flavors of its servers together; a server with several aggregates counts nowhere."""
    asked = {name: [0, 0] for name in estate.aggregates}
    for workload in estate.workloads.values():
        flavor, image = estate.flavors.get(workload.flavor), estate.images.get(workload.image)
        if flavor is None or image is None:
            continue
        side = [
            one
            for one in estate.aggregates_of(image.hypervisor)
            if workload.availability_zone in (None, one.availability_zone)
        ]
        if len(side) == 1:
            asked[side[0].name][0] += flavor.vcpus * len(workload.servers)
            asked[side[0].name][1] += flavor.memory * len(workload.servers)
    return {name: Size(vcpus=vcpus, memory=memory) for name, (vcpus, memory) in asked.items()}
