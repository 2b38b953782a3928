"""Whether everything still fits after one host is lost: N+1, on both sides.

KVM: the largest host of an aggregate is lost; its servers must fit on the others by placement's
inventories. ESXi is looked at twice. To Nova a cluster is one large provider: it knows totals, not hosts.
In truth HA's admission control keeps the capacity of its host failures free and refuses to power on more,
machines of others take their part, and after a loss every server must fit on a single one of the hosts that
are left.

Servers are packed first-fit decreasing, by memory and then VCPUs. What it names does not fit that way; in
rare cases a cleverer packing exists, but neither Nova nor DRS moves servers about to find one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from estate.model import Aggregate, Cluster, Estate, Flavor, Hypervisor, Workload
from estate.model.members import flat
from estate.placement import nova
from estate.placement.building import cloud_of, source_of
from estate.placement.capacity import Size, reserved
from estate.placement.landing import Lander


class View(StrEnum):
    """By whose books."""

    KVM = "kvm"
    """The hosts but the largest, by placement's inventories."""
    NOVA = "nova"
    """ESXi as placement sees it: each cluster one provider, nothing lost."""
    HOSTS = "hosts"
    """ESXi as it is: its hosts but the largest, within what HA and other machines leave."""


@dataclass(frozen=True, kw_only=True)
class Headroom:
    """One aggregate, by one view."""

    aggregate: str
    view: View
    lost: str | None
    """The host whose loss is assumed."""
    capacity: Size
    """What is left, with overcommitment."""
    demand: Size
    """What the declared servers take."""
    does_not_fit: tuple[str, ...]
    """Servers for which there is no room."""


@dataclass(frozen=True, kw_only=True)
class _Server:
    name: str
    vcpus: int
    memory: int
    disk: int


@dataclass
class _Bin:
    """Room on one host or provider."""

    vcpus: int
    memory: int
    disk: int | None
    """``None``: not on this host."""
    most_vcpus: int
    most_memory: int

    def take(self, server: _Server) -> bool:
        """Put the server here if there is room."""
        fits = (
            server.vcpus <= min(self.vcpus, self.most_vcpus)
            and server.memory <= min(self.memory, self.most_memory)
            and (self.disk is None or server.disk <= self.disk)
        )
        if fits:
            self.vcpus -= server.vcpus
            self.memory -= server.memory
            self.disk = None if self.disk is None else self.disk - server.disk
        return fits


def headroom(estate: Estate) -> tuple[Headroom, ...]:
    """Every aggregate: KVM by one view, ESXi by two. The estate's references must be in order."""
    estate = flat(estate)
    lander = Lander(estate)
    servers: dict[str, list[_Server]] = {name: [] for name in estate.aggregates}
    for workload in estate.workloads.values():
        landing = lander.landing(workload)
        if landing.aggregate is not None:
            servers[landing.aggregate] += _servers(workload, estate.flavors[workload.flavor])
    cloud = lander.cloud
    found: list[Headroom] = []
    for name, aggregate in estate.aggregates.items():
        if aggregate.hypervisor is Hypervisor.KVM:
            found.append(_kvm(cloud, aggregate, servers[name]))
        else:
            found += [
                _nova(estate, cloud, aggregate, servers[name]),
                _hosts(estate, aggregate, servers[name]),
            ]
    return tuple(found)


def left_over(estate: Estate) -> dict[str, tuple[str, ...]]:
    """By aggregate, servers for which first-fit decreasing finds no room though no host is lost: on KVM by
    placement's inventories, on ESXi on single hosts, within what HA and other machines leave. Aggregates with
    unknown clusters, and servers that could be of several aggregates, are left out.
    """
    servers: dict[str, list[_Server]] = {}
    for workload in estate.workloads.values():
        image, flavor = estate.images.get(workload.image), estate.flavors.get(workload.flavor)
        if image is None or flavor is None or flavor.hypervisor is not image.hypervisor:
            continue
        found = [
            one
            for one in estate.aggregates_of(image.hypervisor)
            if workload.availability_zone in (None, one.availability_zone)
        ]
        if len(found) == 1:
            servers.setdefault(found[0].name, []).extend(_servers(workload, flavor))
    cloud = cloud_of(estate)
    return {
        name: _packed(aggregate, View.KVM, None, bins, servers[name]).does_not_fit
        for name, aggregate in estate.aggregates.items()
        if name in servers and all(one in estate.clusters for one in aggregate.clusters)
        for bins in (
            [_of_provider(cloud.by_name[host]) for host in aggregate.hosts]
            if aggregate.hypervisor is Hypervisor.KVM
            else _bins(estate, aggregate, None, None),
        )
    }


def _servers(workload: Workload, flavor: Flavor) -> list[_Server]:
    disk = flavor.disk if source_of(workload) is nova.Source.IMAGE else 0
    return [
        _Server(name=name, vcpus=flavor.vcpus, memory=flavor.memory, disk=disk) for name in workload.servers
    ]


def _kvm(cloud: nova.Cloud, aggregate: Aggregate, servers: list[_Server]) -> Headroom:
    hosts = [cloud.by_name[host] for host in aggregate.hosts]
    lost = max(hosts, key=lambda host: (host.inventories["MEMORY_MB"].total, host.inventories["VCPU"].total))
    return _packed(
        aggregate, View.KVM, lost.name, [_of_provider(host) for host in hosts if host is not lost], servers
    )


def _nova(estate: Estate, cloud: nova.Cloud, aggregate: Aggregate, servers: list[_Server]) -> Headroom:
    hosts = [cloud.by_name[host] for host in estate.compute_hosts(aggregate)]
    return _packed(aggregate, View.NOVA, None, [_of_provider(host) for host in hosts], servers)


def _hosts(estate: Estate, aggregate: Aggregate, servers: list[_Server]) -> Headroom:
    clusters = [estate.clusters[name] for name in aggregate.clusters]
    sizes = [
        (one.memory, one.threads, host, cluster.name)
        for cluster in clusters
        for one in cluster.host_classes.values()
        for host in one.hosts
    ]
    _, _, lost, hit = max(sizes, key=lambda it: it[:2])
    return _packed(aggregate, View.HOSTS, lost, _bins(estate, aggregate, lost, hit), servers)


def _bins(estate: Estate, aggregate: Aggregate, lost: str | None, hit: str | None) -> list[_Bin]:
    """Hosts of an ESXi aggregate that servers can use, without the lost one of the cluster that is hit."""
    return [
        _Bin(
            vcpus=int(size.vcpus * aggregate.cpu_allocation_ratio),
            memory=int(size.memory * aggregate.ram_allocation_ratio),
            disk=None,
            most_vcpus=size.vcpus,
            most_memory=size.memory,
        )
        for cluster in (estate.clusters[name] for name in aggregate.clusters)
        for size in _left(aggregate, cluster, lost if cluster.name == hit else None)
    ]


def _left(aggregate: Aggregate, cluster: Cluster, lost: str | None) -> list[Size]:
    """Hosts of a cluster that servers can use: without the lost one, or without what HA keeps free for such a
    loss; and less what machines of others take, from the largest hosts.
    """
    hosts = sorted(
        (
            (one.memory, one.threads)
            for one in cluster.host_classes.values()
            for host in one.hosts
            if host != lost
        ),
        reverse=True,
    )
    control = cluster.ha.admission_control if cluster.ha.enabled else None
    kept = control.host_failures if control is not None else 0
    # The lost host is one of the failures for which HA keeps room.
    hosts = hosts[max(0, kept - (1 if lost is not None else 0)) :]
    held = reserved(
        aggregate, cluster.model_copy(update={"ha": cluster.ha.model_copy(update={"enabled": False})})
    )
    vcpus, memory = held.vcpus, held.memory
    left = []
    for has_memory, has_vcpus in hosts:
        taken_memory, taken_vcpus = min(memory, has_memory), min(vcpus, has_vcpus)
        memory, vcpus = memory - taken_memory, vcpus - taken_vcpus
        left.append(Size(vcpus=has_vcpus - taken_vcpus, memory=has_memory - taken_memory))
    return left


def _of_provider(host: nova.Host) -> _Bin:
    def room(resource_class: str) -> int:
        one = host.inventories[resource_class]
        return int((one.total - one.reserved) * one.allocation_ratio)

    return _Bin(
        vcpus=room("VCPU"),
        memory=room("MEMORY_MB"),
        disk=room("DISK_GB"),
        most_vcpus=host.inventories["VCPU"].max_unit,
        most_memory=host.inventories["MEMORY_MB"].max_unit,
    )


def _packed(
    aggregate: Aggregate, view: View, lost: str | None, bins: list[_Bin], servers: Iterable[_Server]
) -> Headroom:
    capacity = Size(vcpus=sum(one.vcpus for one in bins), memory=sum(one.memory for one in bins))
    waiting = sorted(servers, key=lambda one: (-one.memory, -one.vcpus, -one.disk, one.name))
    homeless = list(_first_fit(bins, waiting))
    return Headroom(
        aggregate=aggregate.name,
        view=view,
        lost=lost,
        capacity=capacity,
        demand=Size(vcpus=sum(one.vcpus for one in waiting), memory=sum(one.memory for one in waiting)),
        does_not_fit=tuple(homeless),
    )


def _first_fit(bins: list[_Bin], servers: Iterable[_Server]) -> Iterator[str]:
    """Names of those for which there is no room, equal ones after each other: a bin that refuses one refuses
    all that are like it, so that a thousand servers are not held against a thousand hosts each.
    """
    size, first = None, 0
    for one in servers:
        if size != (one.memory, one.vcpus, one.disk):
            size, first = (one.memory, one.vcpus, one.disk), 0
        while first < len(bins) and not bins[first].take(one):
            first += 1
        if first == len(bins):
            yield one.name
