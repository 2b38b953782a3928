"""nova.conf fragments and provider.yaml: what the triple needs of Nova.

Options, sections and defaults as in Nova 34 (nova/conf); they are the same since 2025.1.
"""

from collections.abc import Iterable, Iterator

from estate.model import Aggregate, Cluster, Estate, Hypervisor
from estate.placement.capacity import reserved
from estate.placement.guarantee import FILTERS, default_zone
from estate.placement.triple import TRAIT, trait_key
from estate.rendering.fragment import DEFAULT, Fragment, Setting, fragment, policy_file, setting
from estate.rendering.vsphere import datastore_regex, login

CONTROL_SERVICE = "nova-control"
"""nova-api, nova-scheduler and nova-conductor: they read one nova.conf."""
COMPUTE_SERVICE = "nova-compute"
CONF_PATH = "/etc/nova/nova.conf.d/50-estate.conf"
POLICY_PATH = "/etc/nova/policy.d/50-estate.yaml"
"""Read by itself: oslo.policy's ``policy_dirs`` is ``policy.d``. Rules are named in nova/policies."""
PROVIDER_PATH = "/etc/nova/provider_config/estate.yaml"
"""Nova reads every ``*.yaml`` of ``[compute] provider_config_location``, by default this folder."""


def fragments(estate: Estate) -> Iterator[Fragment]:
    """For API, scheduler and conductor, and for each compute host its nova.conf and provider.yaml."""
    yield control(estate)
    yield policy()
    for aggregate in estate.aggregates.values():
        for made in aggregate.host_classes.values():
            for host in made.hosts:
                yield kvm_compute(aggregate, host)
                yield provider_yaml(Hypervisor.KVM, host, made.traits)
        for name in aggregate.clusters:
            cluster = estate.clusters[name]
            yield esxi_compute(estate, aggregate, cluster)
            yield provider_yaml(Hypervisor.ESXI, cluster.compute_host, cluster.traits)


def control(estate: Estate) -> Fragment:
    """For nova-api, nova-scheduler and nova-conductor."""
    return fragment(
        path=CONF_PATH,
        service=CONTROL_SERVICE,
        purpose="Nova's API, scheduler and conductor: what keeps servers on the hypervisor that they need.",
        settings=[
            setting(
                DEFAULT,
                "enable_new_services",
                value=False,
                why="New compute services start disabled: nothing lands on a host before its aggregate "
                "isolates it.\n"
                "Enable them once isolation has been read back from placement (nova/db/main/api.py "
                "service_create).",
            ),
            setting(
                DEFAULT,
                "allow_resize_to_same_host",
                value=True,
                why="To Nova a vSphere cluster is one host; without this an ESXi server could be resized "
                "only if its\n"
                "aggregate had another cluster (nova/compute/api.py resize).",
            ),
            *_default_zone(estate),
            setting(
                DEFAULT,
                "non_inheritable_image_properties",
                ",".join(["cache_in_nova", "bittorrent", *_protected_properties()]),
                why="Snapshots do not take over the tags of their image: Glance lets operators alone set "
                "them (property\n"
                "protections), so that a member's snapshot would fail. The flavor's trait and the disk "
                "format still\n"
                "keep a server made from the snapshot on its side (nova/compute/utils.py).",
            ),
            setting(
                "scheduler",
                "enable_isolated_aggregate_filtering",
                value=True,
                why="The heart of the guarantee: an aggregate with trait:X=required takes only requests "
                "that carry the\n"
                "trait, and those go nowhere else (nova/scheduler/request_filter.py isolate_aggregates).",
            ),
            setting(
                "scheduler",
                "query_placement_for_image_type_support",
                value=True,
                why="vmdk only to hosts that say COMPUTE_IMAGE_TYPE_VMDK (VMware), qcow2 and raw only to "
                "libvirt, also\n"
                "with a forced zone (request_filter.py require_image_type_support).",
            ),
            setting(
                "scheduler",
                "image_metadata_prefilter",
                value=False,
                why="On, it turns vmware_adaptertype and hw_vif_model into traits that only libvirt "
                "reports, and no ESXi\n"
                "image could be scheduled (request_filter.py transform_image_metadata).",
            ),
            setting(
                "filter_scheduler",
                "enabled_filters",
                ",".join(FILTERS),
                why="Nova's defaults, and AggregateImagePropertiesIsolation, which reads img_hv_type of "
                "aggregates\n"
                "(nova/scheduler/filters/aggregate_image_properties_isolation.py).",
            ),
            setting(
                "filter_scheduler",
                "hypervisor_version_weight_multiplier",
                "0",
                why="Versions of vCenter and of QEMU cannot be compared; by default the greater number "
                "attracts servers\n"
                "(nova/scheduler/weights/hypervisor_version.py).",
            ),
            _cross_az_attach(),
        ],
    )


def policy() -> Fragment:
    """The rule of Nova's API without which members could take a server off its hypervisor."""
    return policy_file(
        path=POLICY_PATH,
        service=CONTROL_SERVICE,
        why="A rebuild tells the scheduler of the new image before it is judged, also where it is then "
        "refused: members\n"
        "could go on to resize a server that must stay on ESXi to KVM (nova/compute/api.py rebuild,\n"
        "nova/conductor/manager.py rebuild_instance). So nobody rebuilds: servers are made anew.",
        rules=("os_compute_api:servers:rebuild",),
        who="!",
    )


def kvm_compute(aggregate: Aggregate, host: str) -> Fragment:
    """For the nova-compute of one KVM host."""
    return fragment(
        path=CONF_PATH,
        service=COMPUTE_SERVICE,
        host=host,
        purpose=f'nova-compute of KVM host {host}, aggregate "{aggregate.name}".',
        settings=[
            setting(DEFAULT, "host", host, why="The name that the aggregate takes."),
            setting(DEFAULT, "compute_driver", "libvirt.LibvirtDriver"),
            *_ratios(aggregate),
            _cross_az_attach(),
        ],
    )


def esxi_compute(estate: Estate, aggregate: Aggregate, cluster: Cluster) -> Fragment:
    """For the nova-compute that speaks for one vSphere cluster."""
    vcenter = estate.vcenters[cluster.vcenter]
    datastores = [
        store.name
        for array in estate.storage.values()
        for store in array.datastores.values()
        if cluster.name in store.clusters
    ]
    return fragment(
        path=CONF_PATH,
        service=COMPUTE_SERVICE,
        host=cluster.compute_host,
        purpose=f'nova-compute of vSphere cluster {cluster.name}, aggregate "{aggregate.name}". Exactly '
        "one such process\n"
        "may run. If it can move to another machine, both need the same file compute_id beside this one\n"
        "(nova/virt/node.py), and the old one must be fenced first.\n\n"
        + login(vcenter, COMPUTE_SERVICE, "vmware", ""),
        settings=[
            setting(
                DEFAULT,
                "host",
                cluster.compute_host,
                why="The name that the aggregate takes: the service, not the ESXi hosts.",
            ),
            setting(DEFAULT, "compute_driver", "vmwareapi.VMwareVCDriver"),
            *_reserved(aggregate, cluster),
            *_ratios(aggregate),
            setting(
                DEFAULT,
                "update_resources_interval",
                "60",
                why="Seconds. Loss of the vCenter is noticed here only, and disables the service\n"
                "(nova/virt/vmwareapi/host.py); the heartbeat goes on without it.",
            ),
            setting(
                DEFAULT,
                "sync_power_state_interval",
                "600",
                why="Seconds. Servers that were stopped in vCenter are seen here only "
                "(nova/conf/compute.py).",
            ),
            setting(
                "vmware",
                "cluster_name",
                cluster.name,
                why="One cluster per nova-compute (nova/conf/vmware.py).",
            ),
            setting(
                "vmware",
                "datastore_regex",
                datastore_regex(datastores),
                why="The shared datastores of the cluster. Without it the driver takes the one with most "
                "free space, also\n"
                "a local one (nova/virt/vmwareapi/ds_util.py), and live migration between clusters fails\n"
                "(nova/virt/vmwareapi/vmops.py compiles it).",
            ),
            setting(
                "vmware",
                "cache_prefix",
                cluster.compute_host,
                why="Folder of cached images. By default it is named after the machine's address: after a "
                "failover every\n"
                "image would be downloaded again. Not shared: each service removes what its own servers "
                "do not use.",
            ),
            _cross_az_attach(),
        ],
    )


def standard(traits: Iterable[str]) -> tuple[str, ...]:
    """Those that the driver reports itself, from the hardware, and that no configuration may give."""
    return tuple(trait for trait in traits if not trait.startswith("CUSTOM_"))


def provider_yaml(hypervisor: Hypervisor, host: str, traits: Iterable[str] = ()) -> Fragment:
    """Nova gives these traits, that of the hypervisor first, to the host's resource provider at its start.

    Nova refuses standard traits here (nova/compute/provider_config.py).
    """
    own = [TRAIT[hypervisor], *(trait for trait in traits if trait.startswith("CUSTOM_"))]
    text = (
        f"# nova-compute {host}: its resource provider carries the trait that isolated aggregates ask for.\n"
        "# Read at start only (nova/compute/provider_config.py). $COMPUTE_NODE: whatever node the service "
        "has;\n"
        "# so a nova-compute of the other hypervisor on the same machine needs a folder of its own\n"
        "# ([compute] provider_config_location).\n"
        "meta:\n"
        "  schema_version: '1.0'\n"
        "providers:\n"
        "  - identification:\n"
        "      uuid: $COMPUTE_NODE\n"
        "    traits:\n"
        "      additional:\n" + "".join(f"        - {trait}\n" for trait in own)
    )
    return Fragment(path=PROVIDER_PATH, service=COMPUTE_SERVICE, host=host, text=text)


def _protected_properties() -> list[str]:
    # non_inheritable_image_properties takes names, not patterns: all that this estate's images carry.
    return [
        "hypervisor_type",
        "img_hv_type",
        *(trait_key(hypervisor) for hypervisor in Hypervisor),
        "vmware_disktype",
        "vmware_adaptertype",
        "vmware_ostype",
    ]


def _default_zone(estate: Estate) -> Iterator[Setting]:
    zone = default_zone(estate)
    if zone is not None:
        yield setting(
            DEFAULT,
            "default_schedule_zone",
            zone,
            why="A request that names no zone is a general one: a second barrier before the ESXi "
            "aggregates, should the\n"
            "mirror of the aggregates in placement be missing (nova/compute/api.py parse_availability_zone).",
        )


def _reserved(aggregate: Aggregate, cluster: Cluster) -> list[Setting]:
    held = reserved(aggregate, cluster)
    why = (
        "Logical CPUs that are not for servers of this cloud: what HA keeps free for lost hosts"
        + (", and what others run\nin the cluster" if cluster.foreign else "")
        + ". Nova counts them all (nova/virt/vmwareapi/vm_util.py get_stats_from_cluster)."
    )
    return [
        setting(DEFAULT, "reserved_host_cpus", held.vcpus, why=why),
        setting(DEFAULT, "reserved_host_memory_mb", held.memory, why="Likewise memory, MiB."),
    ]


def _ratios(aggregate: Aggregate) -> list[Setting]:
    return [
        setting(DEFAULT, "cpu_allocation_ratio", aggregate.cpu_allocation_ratio),
        setting(DEFAULT, "ram_allocation_ratio", aggregate.ram_allocation_ratio),
        setting(DEFAULT, "disk_allocation_ratio", aggregate.disk_allocation_ratio),
    ]


def _cross_az_attach() -> Setting:
    return setting(
        "cinder",
        "cross_az_attach",
        value=False,
        why="A volume is attached only in its own zone, so none of one side to a server of the other; "
        "back ends stand\n"
        "in the zones of the aggregates (nova/volume/cinder.py check_availability_zone).",
    )
