"""From documents to what the engine judges: the cloud as it will be, and the requests that the program
makes.
"""

from collections.abc import Iterable

from estate.model import Aggregate, Cluster, Estate, Flavor, HostClass, Hypervisor, Image, Workload
from estate.model.releases import release_of
from estate.placement import nova
from estate.placement.capacity import reserved
from estate.placement.drivers import DRIVERS, RESERVED_HOST_MEMORY_MB
from estate.placement.guarantee import conf
from estate.placement.triple import TRAIT, aggregate_metadata, flavor_extra_specs, image_properties

OPERATORS = "operators"
"""The project of the login that applies the documents, which owns what it makes."""


def cloud_of(estate: Estate) -> nova.Cloud:
    """The cloud that the documents and their rendered configuration make, empty of servers.

    Clusters that no block declares are left out (``estate.model.references`` names them).
    """
    hosts: list[nova.Host] = []
    aggregates = []
    for aggregate in estate.aggregates.values():
        members = list(_hosts(estate, aggregate))
        hosts += members
        aggregates.append(
            nova.Aggregate(
                name=aggregate.name,
                metadata={**aggregate_metadata(aggregate), "availability_zone": aggregate.availability_zone},
                hosts=frozenset(host.name for host in members),
            )
        )
    return nova.Cloud(
        release=release_of(estate.estate.release, "nova"),
        conf=conf(estate),
        hosts=tuple(hosts),
        aggregates=tuple(aggregates),
    )


def flavor_of(flavor: Flavor) -> nova.Flavor:
    """The flavor that the component makes: public for KVM, private for ESXi."""
    return nova.Flavor(
        name=flavor.name,
        vcpus=flavor.vcpus,
        memory_mb=flavor.memory,
        root_gb=flavor.disk,
        extra_specs=flavor_extra_specs(flavor),
        projects=frozenset(flavor.projects) if private(flavor) else None,
    )


def private(flavor: Flavor) -> bool:
    """Whether only the projects that it names may use it: always on ESXi."""
    return flavor.hypervisor is Hypervisor.ESXI or bool(flavor.projects)


def image_of(image: Image) -> nova.Image:
    """The image that the component makes; it is public."""
    return nova.Image(
        name=image.name,
        disk_format=image.disk_format,
        properties=image_properties(image),
        min_disk_gb=image.virtual_size,
        min_ram_mb=image.min_memory or 0,
    )


def request_of(
    estate: Estate, workload: Workload, zone: str | None, project: str | None = None
) -> nova.Request:
    """What the program asks of Nova for a server of the workload, in a zone: with the operators' login, or
    with that of a member of ``project``. ``KeyError``: no such image or flavor.
    """
    return nova.Request(
        flavor=flavor_of(estate.flavors[workload.flavor]),
        image=image_of(estate.images[workload.image]),
        project=project or OPERATORS,
        admin=project is None,
        zone=zone,
        source=source_of(workload),
    )


def source_of(workload: Workload) -> nova.Source:
    """What its servers boot from: the image, or a volume made from it."""
    return nova.Source.IMAGE if workload.boot_volume is None else nova.Source.VOLUME


def _hosts(estate: Estate, aggregate: Aggregate) -> list[nova.Host]:
    kvm = [
        _host(Hypervisor.KVM, name, name, _kvm(aggregate, one), one.traits)
        for one in aggregate.host_classes.values()
        for name in one.hosts
    ]
    esxi = [
        _host(
            Hypervisor.ESXI,
            cluster.compute_host,
            cluster.name,
            _esxi(estate, aggregate, cluster),
            cluster.traits,
        )
        for name in aggregate.clusters
        if (cluster := estate.clusters.get(name)) is not None
    ]
    return kvm + esxi


def _host(
    hypervisor: Hypervisor,
    name: str,
    node: str,
    inventories: dict[str, nova.Inventory],
    declared: Iterable[str],
) -> nova.Host:
    driver = DRIVERS[hypervisor]
    return nova.Host(
        name=name,
        node=node,
        hypervisor_type=driver.hypervisor_type,
        supported_instances=driver.supported_instances,
        traits=driver.traits | {TRAIT[hypervisor], *declared},
        inventories=inventories,
        boots=driver.boots,
    )


def _kvm(aggregate: Aggregate, size: HostClass) -> dict[str, nova.Inventory]:
    return {
        "VCPU": _inventory(size.vcpus, size.vcpus, aggregate.cpu_allocation_ratio),
        "MEMORY_MB": _inventory(
            size.memory, size.memory, aggregate.ram_allocation_ratio, reserved=RESERVED_HOST_MEMORY_MB
        ),
        "DISK_GB": _inventory(size.disk, size.disk, aggregate.disk_allocation_ratio),
    }


def _esxi(estate: Estate, aggregate: Aggregate, cluster: Cluster) -> dict[str, nova.Inventory]:
    """One provider for the cluster; a server is never larger than one ESXi host or one datastore
    (nova/virt/vmwareapi/driver.py ``update_provider_tree``).
    """
    stores = [
        store.capacity
        for array in estate.storage.values()
        for store in array.datastores.values()
        if cluster.name in store.clusters
    ]
    held = reserved(aggregate, cluster)
    hosts = cluster.host_classes.values()
    return {
        "VCPU": _inventory(
            cluster.threads,
            max(one.threads for one in hosts),
            aggregate.cpu_allocation_ratio,
            reserved=held.vcpus,
        ),
        "MEMORY_MB": _inventory(
            cluster.memory,
            max(one.memory for one in hosts),
            aggregate.ram_allocation_ratio,
            reserved=held.memory,
        ),
        "DISK_GB": _inventory(sum(stores), max(stores, default=0), aggregate.disk_allocation_ratio),
    }


def _inventory(total: int, max_unit: int, ratio: float, *, reserved: int = 0) -> nova.Inventory:
    return nova.Inventory(total=total, max_unit=max_unit, allocation_ratio=ratio, reserved=reserved)
