"""From the documents of an environment to the shape of its sandbox."""

from collections.abc import Iterator

from estate.model import Cluster as ClusterModel
from estate.model import Estate, Hypervisor, Mode
from estate.model.images import Adapter, DiskType, Image
from estate.placement.pairing import back_ends
from estate.rendering import cinder, glance, nova
from estate.vsphere.clusters import declared
from sandbox.shape import (
    Backend,
    Cluster,
    Datastore,
    EsxiHost,
    ExistingCluster,
    ExternalNetwork,
    ImageFile,
    KvmHost,
    Machine,
    Shape,
    StoragePolicy,
    VCenter,
)

_SUBFORMAT = {DiskType.SPARSE: "monolithicSparse", DiskType.STREAM_OPTIMIZED: "streamOptimized"}
_QEMU_ADAPTER = {
    # A VMDK's descriptor says lsilogic for all three (nova/virt/vmwareapi/vm_util.py get_vmdk_adapter_type).
    Adapter.LSI_LOGIC: "lsilogic",
    Adapter.LSI_LOGIC_SAS: "lsilogic",
    Adapter.PARA_VIRTUAL: "lsilogic",
    Adapter.BUS_LOGIC: "buslogic",
    Adapter.IDE: "ide",
}

_ANY_OUTSIDE = "203.0.113.0/24"


def shape(estate: Estate, name: str) -> Shape:
    """The sandbox called ``name`` that stands for this estate, whose references must be in order.

    Host names, sizes, clusters, datastores and back ends are the documents'; configuration is what
    ``estate.rendering`` gives to operators.
    """
    return Shape(
        name=name,
        region=estate.estate.region,
        release=estate.estate.release_of("nova"),
        kvm_hosts=_kvm_hosts(estate),
        vcenters=tuple(_vcenter(estate, vcenter) for vcenter in estate.vcenters),
        clusters=_clusters(estate),
        backends=_backends(estate),
        images=_images(estate),
        scheduler_conf=nova.control(estate).text,
        glance_protections=glance.protections().text,
        glance_conf=glance.conf().text,
        cinder_policy=cinder.policy().text,
        nova_policy=nova.policy().text,
        transport_zones=tuple(
            sorted({one.vlan.transport_zone for one in estate.networks.values() if one.vlan is not None})
        ),
        external_networks=_external_networks(estate),
        projects=tuple(one.name for one in estate.projects.values() if one.mode is Mode.REFERENCED),
    )


def _external_networks(estate: Estate) -> tuple[ExternalNetwork, ...]:
    return tuple(
        ExternalNetwork(
            name=network.name,
            # One whose addresses the documents do not say gets some of the range for documentation.
            cidrs=tuple(str(subnet.cidr) for subnet in network.subnets.values()) or (_ANY_OUTSIDE,),
        )
        for network in estate.networks.values()
        if network.existing
    )


def _kvm_hosts(estate: Estate) -> tuple[KvmHost, ...]:
    return tuple(
        KvmHost(
            name=host,
            vcpus=made.vcpus,
            memory_mib=made.memory,
            disk_gib=made.disk,
            provider_yaml=nova.provider_yaml(Hypervisor.KVM, host, made.traits).text,
            nova_conf=nova.kvm_compute(aggregate, host).text,
            traits=nova.standard(made.traits),
        )
        for aggregate in estate.aggregates.values()
        for made in aggregate.host_classes.values()
        for host in made.hosts
    )


def _vcenter(estate: Estate, name: str) -> VCenter:
    vcenter = estate.vcenters[name]
    members = {key: one for key, one in estate.clusters.items() if one.vcenter == name}
    return VCenter(
        name=vcenter_name(estate, name),
        logins=(name,) if vcenter.was is not None else (),
        datacenter=vcenter.datacenter,
        hosts=tuple(
            EsxiHost(
                name=host,
                cores=made.cores,
                threads=made.threads,
                memory_mib=made.memory,
                cpu=made.cpu or "",
                vmotion=cluster.vmkernel.vmotion or "",
            )
            for cluster in members.values()
            for made in cluster.host_classes.values()
            for host in made.hosts
        ),
        datastores=tuple(
            Datastore(
                name=store.name,
                capacity_gib=store.capacity,
                hosts=tuple(host for key in store.clusters if key in members for host in members[key].hosts),
            )
            for array in estate.storage.values()
            for store in array.datastores.values()
            if set(store.clusters) & set(members)
        ),
        switches=() if vcenter.managed_switch else (vcenter.switch,),
        awaited_switches=(vcenter.switch,) if vcenter.managed_switch else (),
        clusters=tuple(
            _existing_cluster(estate, one) for one in members.values() if one.mode is Mode.REFERENCED
        ),
        policies=_policies(estate, name),
    )


def vcenter_name(estate: Estate, name: str) -> str:
    """What the sandbox calls a vCenter: as it was before a rename, so that it is the same one after it."""
    return estate.vcenters[name].was or name


def _existing_cluster(estate: Estate, cluster: ClusterModel) -> ExistingCluster:
    """As the documents say that it is: whether the real one is so, no rehearsal can tell."""
    said = declared(cluster)
    return ExistingCluster(
        name=cluster.name,
        hosts=cluster.hosts,
        drs=said["drs"],
        ha=said["ha"],
        admission_control=said["admissionControl"],
        evc=said["evc"],
        machines=tuple(_foreign(estate, cluster)),
    )


def _foreign(estate: Estate, cluster: ClusterModel) -> Iterator[Machine]:
    """Machines that together are as large as the foreign load, spread over the cluster's datastores."""
    load = cluster.foreign
    stores = [
        store.name
        for array in estate.storage.values()
        for store in array.datastores.values()
        if cluster.name in store.clusters
    ]
    if load is None or not stores:
        return
    for number in range(load.machines):
        yield Machine(
            name=f"foreign-{cluster.name}-{number + 1:03d}",
            # vSphere has no machine without a processor or memory.
            vcpus=max(_share(load.vcpus, load.machines, number), 1),
            memory_mib=max(_share(load.memory, load.machines, number), 4),
            disk_gib=_share(load.disk or 0, load.machines, number),
            datastore=stores[number % len(stores)],
        )


def _share(total: int, parts: int, number: int) -> int:
    """Part ``number`` of a total; all parts together are the total."""
    return total * (number + 1) // parts - total * number // parts


def _policies(estate: Estate, vcenter: str) -> tuple[StoragePolicy, ...]:
    """Each policy that a volume type names; what its array offers to this vCenter fulfils it."""
    fulfilling: dict[str, dict[str, None]] = {}
    for array in estate.storage.values():
        stores = [
            store.name
            for store in array.datastores.values()
            if any(estate.clusters[one].vcenter == vcenter for one in store.clusters)
        ]
        for kind in array.volume_types.values():
            if kind.storage_policy is not None and kind.vcenter == vcenter:
                fulfilling.setdefault(kind.storage_policy, {}).update(dict.fromkeys(stores))
    return tuple(StoragePolicy(name, tuple(stores)) for name, stores in fulfilling.items())


def _clusters(estate: Estate) -> tuple[Cluster, ...]:
    return tuple(
        Cluster(
            name=cluster.name,
            vcenter=vcenter_name(estate, cluster.vcenter),
            compute_host=cluster.compute_host,
            provider_yaml=nova.provider_yaml(Hypervisor.ESXI, cluster.compute_host, cluster.traits).text,
            nova_conf=nova.esxi_compute(estate, aggregate, cluster).text,
        )
        for aggregate in estate.aggregates_of(Hypervisor.ESXI)
        for cluster in (estate.clusters[name] for name in aggregate.clusters)
    )


def _backends(estate: Estate) -> tuple[Backend, ...]:
    return tuple(
        Backend(
            name=one.name,
            kind="vmdk" if one.hypervisor is Hypervisor.ESXI else "kvm",
            vcenter=vcenter_name(estate, one.vcenter) if one.vcenter is not None else None,
            clusters=one.clusters,
            cinder_conf=cinder.stanza(estate, one).text,
        )
        for one in back_ends(estate)
    )


def _images(estate: Estate) -> tuple[ImageFile, ...]:
    files = {
        image.source(version).file_name: _image(image, version)
        for image in estate.images.values()
        for version in image.versions
    }
    return tuple(files.values())


def _image(image: Image, version: str | None) -> ImageFile:
    return ImageFile(
        path=image.source(version).file_name,
        format=image.disk_format,
        subformat=_SUBFORMAT[image.disk_type] if image.disk_type is not None else None,
        adapter=_QEMU_ADAPTER[image.adapter] if image.adapter is not None else None,
        virtual_size_gib=image.size(version),
    )
