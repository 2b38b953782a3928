"""A literal shape: five KVM hosts, one vCenter with five ESXi hosts for two clusters, a back end per side."""

from dataclasses import replace

from sandbox.shape import Backend, Cluster, Datastore, EsxiHost, ImageFile, KvmHost, Shape, VCenter

PROVIDER = """\
meta: {{schema_version: '1.0'}}
providers:
  - identification: {{uuid: $COMPUTE_NODE}}
    traits: {{additional: [{trait}]}}
"""

SCHEDULER = """\
[DEFAULT]
enable_new_services = false
allow_resize_to_same_host = true
[scheduler]
enable_isolated_aggregate_filtering = true
query_placement_for_image_type_support = true
image_metadata_prefilter = false
[filter_scheduler]
enabled_filters = ComputeFilter,ImagePropertiesFilter,AggregateImagePropertiesIsolation
hypervisor_version_weight_multiplier = 0
[cinder]
cross_az_attach = false
"""

KVM = """\
[DEFAULT]
host = {host}
compute_driver = libvirt.LibvirtDriver
cpu_allocation_ratio = 4.0
ram_allocation_ratio = 1.0
[libvirt]
virt_type = kvm
"""

ESXI = """\
[DEFAULT]
host = {host}
compute_driver = vmwareapi.VMwareVCDriver
reserved_host_memory_mb = 0
cpu_allocation_ratio = 2.0
update_resources_interval = 60
report_interval = 10
[vmware]
cluster_name = {cluster}
datastore_regex = ^ds-shared-.*
"""

CINDER_KVM = """\
[standard-kvm]
volume_driver = cinder.volume.drivers.netapp.common.NetAppDriver
volume_backend_name = standard-kvm
backend_availability_zone = az-kvm
"""

CINDER_ESXI = """\
[standard-esxi]
volume_driver = cinder.volume.drivers.vmware.vmdk.VMwareVcVmdkDriver
volume_backend_name = standard-esxi
backend_availability_zone = az-esxi
vmware_cluster_name = esx-a
vmware_cluster_name = esx-b
"""

PROTECTIONS = """\
[^(hypervisor_type|trait:.*)$]
create = admin
read = admin,member,reader,service
update = admin
delete = admin

[.*]
create = admin,member
read = admin,member,reader,service
update = admin,member
delete = admin,member
"""


def shape(name: str = "trial") -> Shape:
    """The shape of the tests."""
    esxi = tuple(
        EsxiHost(f"esxi-{letter}{number}.{name}.example", cores=8, threads=16, memory_mib=65536)
        for letter, count in (("a", 3), ("b", 2))
        for number in range(1, count + 1)
    )
    names = tuple(host.name for host in esxi)
    stores = tuple(Datastore(f"ds-shared-{number}", capacity_gib=4096, hosts=names) for number in (1, 2))
    return Shape(
        name=name,
        region="RegionOne",
        release="2026.2",
        kvm_hosts=tuple(
            KvmHost(
                name=f"kvm{number}.{name}.example",
                vcpus=32,
                memory_mib=131072,
                disk_gib=1000,
                provider_yaml=PROVIDER.format(trait="CUSTOM_HV_KVM"),
                nova_conf=KVM.format(host=f"kvm{number}.{name}.example"),
            )
            for number in range(1, 6)
        ),
        vcenters=(VCenter("vc1", "dc1", esxi, stores, ("dvs-data",)),),
        clusters=tuple(
            Cluster(
                name=cluster,
                vcenter="vc1",
                compute_host=f"nova-{cluster}",
                provider_yaml=PROVIDER.format(trait="CUSTOM_HV_VMWARE"),
                nova_conf=ESXI.format(host=f"nova-{cluster}", cluster=cluster),
            )
            for cluster in ("esx-a", "esx-b")
        ),
        backends=(
            Backend("standard-kvm", "kvm", None, (), CINDER_KVM),
            Backend("standard-esxi", "vmdk", "vc1", ("esx-a", "esx-b"), CINDER_ESXI),
        ),
        images=(
            ImageFile("linux.qcow2", "qcow2", None, None, 1),
            ImageFile("linux-sparse.vmdk", "vmdk", "monolithicSparse", "lsilogic", 1),
            ImageFile("appliance-stream.vmdk", "vmdk", "streamOptimized", "lsilogic", 1),
        ),
        scheduler_conf=SCHEDULER,
        glance_protections=PROTECTIONS,
    )


def small(name: str) -> Shape:
    """Two KVM hosts whose fragments differ and a vCenter without clusters: where the size does not matter."""
    whole = shape(name)
    one, other = whole.kvm_hosts[:2]
    other = replace(other, nova_conf=other.nova_conf.replace("ratio = 4.0", "ratio = 16.0"))
    return replace(whole, kvm_hosts=(one, other), clusters=(), backends=whole.backends[:1])
