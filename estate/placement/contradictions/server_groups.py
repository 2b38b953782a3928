"""Server groups whose policy cannot be kept."""

from collections.abc import Iterator

from estate.model import Aggregate, Estate, Finding, Hypervisor, Workload
from estate.model.server_groups import Policy
from estate.placement.capacity import rooms
from estate.placement.contradictions.workloads import candidates, usable_image


def check(estate: Estate) -> Iterator[Finding]:
    """Findings about server groups, in the order of the documents."""
    for name in estate.server_groups:
        members = [one for one in estate.workloads.values() if one.server_group == name]
        yield from _group(estate, name, members)


def _group(estate: Estate, name: str, workloads: list[Workload]) -> Iterator[Finding]:
    policy = estate.server_groups[name].policy

    def finding(message: str) -> Finding:
        return Finding(
            rule="server-group",
            message=message,
            loc=("server_groups", name),
            subject=f'server group "{name}"',
        )

    aggregates: dict[str, Aggregate] = {}
    for workload in workloads:
        image = usable_image(estate, workload)
        found = candidates(estate, workload, image) if image is not None else []
        if len(found) != 1:
            return  # said elsewhere
        aggregates[found[0].name] = found[0]
    count = sum(len(one.servers) for one in workloads)
    if policy is Policy.AFFINITY and len(aggregates) > 1:
        yield finding(
            f"expected members of one aggregate, found {' and '.join(sorted(aggregates))}: affinity wants "
            "all of them on one host. Use soft-affinity, or a group for each aggregate."
        )
    if len(aggregates) != 1:
        return
    (aggregate,) = aggregates.values()
    if policy is Policy.AFFINITY:
        yield from _together(estate, name, workloads, aggregate)
    esxi = aggregate.hypervisor is Hypervisor.ESXI
    if policy is Policy.ANTI_AFFINITY:
        hosts = len(aggregate.clusters) if esxi else len(aggregate.hosts)
        if count > hosts and esxi:
            yield finding(
                f"expected at most {hosts} members under anti-affinity, found {count}: to Nova a whole "
                f'cluster is one host, and aggregate "{aggregate.name}" has {hosts} clusters '
                "(nova/scheduler/filters/affinity_filter.py). Use soft-anti-affinity: servers spread over "
                "the clusters, and over the ESXi hosts of each by a DRS rule."
            )
        elif count > hosts:
            yield finding(
                f"expected at most {hosts} members under anti-affinity, found {count}: aggregate "
                f'"{aggregate.name}" has {hosts} hosts, and each may have one member. Add hosts, or use '
                "soft-anti-affinity."
            )
    if policy is Policy.SOFT_ANTI_AFFINITY and esxi:
        hosts = sum(len(estate.clusters[one].hosts) for one in aggregate.clusters if one in estate.clusters)
        if count > hosts:
            yield finding(
                f"expected at most {hosts} members, found {count}: the clusters of aggregate "
                f'"{aggregate.name}" have {hosts} ESXi hosts, so that a DRS rule could not keep all members '
                "apart. Add hosts, or make two groups."
            )


def _together(
    estate: Estate, name: str, workloads: list[Workload], aggregate: Aggregate
) -> Iterator[Finding]:
    """All members on one host (nova/scheduler/filters/affinity_filter.py); on ESXi that is a cluster."""
    members = [
        (estate.flavors[one.flavor], len(one.servers)) for one in workloads if one.flavor in estate.flavors
    ]
    vcpus = sum(flavor.vcpus * count for flavor, count in members)
    memory = sum(flavor.memory * count for flavor, count in members)
    each = rooms(estate, aggregate)
    if each and not any(vcpus <= room.vcpus and memory <= room.memory for room in each):
        most = max(each, key=lambda room: (room.memory, room.vcpus))
        what = "cluster" if aggregate.hypervisor is Hypervisor.ESXI else "host"
        yield Finding(
            rule="server-group",
            message=f"expected members that fit on one {what} together, as affinity wants, found {vcpus} "
            f'VCPUs and {memory} MiB; the largest {what} of aggregate "{aggregate.name}" has room for '
            f"{most.vcpus} VCPUs and {most.memory} MiB. Use soft-affinity, smaller flavors, or two groups.",
            loc=("server_groups", name),
            subject=f'server group "{name}"',
        )
