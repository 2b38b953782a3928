"""From the properties of one resource to facts: what OpenStack's and this project's types call things."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from estate.model import Hypervisor
from policies.facts import (
    UNKNOWN,
    AggregateFacts,
    ClusterFacts,
    DatastoreFacts,
    Facts,
    FilteredFacts,
    FlavorFacts,
    HandWritten,
    ImageFacts,
    ServerFacts,
    SwitchFacts,
    Tags,
    Unknown,
    VolumeTypeFacts,
)
from policies.spelling import looks_like, says

AGGREGATE = "openstack:compute/aggregateV2:AggregateV2"
FLAVOR = "openstack:compute/flavor:Flavor"
IMAGE = "openstack:images/image:Image"
SERVER = "openstack:compute/instance:Instance"
VOLUME_TYPE = "openstack:blockstorage/volumeTypeV3:VolumeTypeV3"
VOLUME = "openstack:blockstorage/volume:Volume"
ATTACHMENT = "openstack:compute/volumeAttach:VolumeAttach"
FLAVOR_ACCESS = "openstack:compute/flavorAccess:FlavorAccess"
SERVER_GROUP = "openstack:compute/serverGroup:ServerGroup"
PORT = "openstack:networking/port:Port"
NETWORK = "openstack:networking/network:Network"
CLUSTER = "vsphere:index/computeCluster:ComputeCluster"
ESXI_HOST = "vsphere:index/host:Host"
NAS_DATASTORE = "vsphere:index/nasDatastore:NasDatastore"
DISTRIBUTED_SWITCH = "vsphere:index/distributedVirtualSwitch:DistributedVirtualSwitch"
HOST_SWITCH = "vsphere:index/hostVirtualSwitch:HostVirtualSwitch"
VIRTUAL_MACHINE = "vsphere:index/virtualMachine:VirtualMachine"
VAPP = "vsphere:index/vappContainer:VappContainer"
HIDING = {
    "openstack:orchestration/stackV1:StackV1": "Heat stack",
    "openstack:containerinfra/cluster:Cluster": "Magnum cluster",
    "openstack:containerinfra/nodeGroup:NodeGroup": "Magnum node group",
    "openstack:database/instance:Instance": "Trove instance",
}
"""Services that ask Nova for servers of their own, which are resources of no stack: in words."""
COMPONENTS = "estate:index:"
"""What the types of this project's components begin with."""
KVM_AGGREGATE = f"{COMPONENTS}KvmAggregate"
ESXI_AGGREGATE = f"{COMPONENTS}EsxiAggregate"
ESXI_CLUSTER = f"{COMPONENTS}EsxiCluster"
STORAGE_ARRAY = f"{COMPONENTS}StorageArray"
TAGGED_IMAGE = f"{COMPONENTS}TaggedImage"
TRAIT_FLAVOR = f"{COMPONENTS}Flavor"
WORKLOAD = f"{COMPONENTS}Workload"
KINDS = frozenset(
    {
        AGGREGATE,
        FLAVOR,
        IMAGE,
        SERVER,
        VOLUME_TYPE,
        VOLUME,
        ATTACHMENT,
        FLAVOR_ACCESS,
        SERVER_GROUP,
        PORT,
        NETWORK,
        CLUSTER,
        ESXI_HOST,
        NAS_DATASTORE,
        DISTRIBUTED_SWITCH,
        HOST_SWITCH,
        KVM_AGGREGATE,
        ESXI_AGGREGATE,
        ESXI_CLUSTER,
        STORAGE_ARRAY,
        TAGGED_IMAGE,
        TRAIT_FLAVOR,
        WORKLOAD,
        VIRTUAL_MACHINE,
        VAPP,
        *HIDING,
    }
)
"""Types that tell something; all others are not looked at."""
MADE_BY_COMPONENTS = {
    AGGREGATE: ("aggregate", "kind aggregates"),
    FLAVOR: ("flavor", "kind flavors"),
    FLAVOR_ACCESS: ("flavor access", "kind flavors, key projects"),
    IMAGE: ("image", "kind images"),
    VIRTUAL_MACHINE: ("virtual machine", "kind workloads"),
    VAPP: ("vApp", "kind workloads"),
}
"""What this project's components make besides servers, and machines that vCenter alone would know: in words,
and where documents say it."""

RESTRICTION_KEY = "estate_restriction"
"""Server metadata that restricts a server to ESXi; its value is the reason code."""

ZONE_KEY = "availability_zone"
"""Metadata of an aggregate that is its zone."""

_MEANT = (RESTRICTION_KEY, "estate_restricted", "restriction")
_SAID = ("restrict", "restricted", "esxi_restriction", "esxi_restricted", "restricted_to_esxi", "esxi_only")
"""Keys that people take for it: also by the way they look; and exactly these words, since others look alike
that say something else (``unrestricted``)."""
INTERNAL_HINT = "_nova"
"""What the names of scheduler hints begin with that Nova gives itself (nova/compute/api.py create)."""

Props = Mapping[str, Any]
"""Properties in the SDK's camelCase, with ``UNKNOWN`` where the engine does not know a value yet."""


def facts_of(kind: str, urn: str, name: str, props: Props, *, components_seen: bool) -> Facts:
    """What one resource tells by itself, if it is no server: those need more (``policies.stack.alone``).

    ``components_seen``: see ``Facts.workloads_expected``.
    """
    if kind in MADE_BY_COMPONENTS:
        by_hand = hand_written(kind, urn, name, props)
        return replace(
            _told(kind, urn, name, props), hand_written=by_hand, workloads_expected=components_seen
        )
    return _told(kind, urn, name, props)


def _told(kind: str, urn: str, name: str, props: Props) -> Facts:
    facts = Facts()
    if kind in (AGGREGATE, KVM_AGGREGATE, ESXI_AGGREGATE):
        facts = Facts(aggregates=(aggregate_facts(urn, name, props),))
    elif kind in (FLAVOR, TRAIT_FLAVOR):
        facts = Facts(flavors=(flavor_facts(urn, name, props),))
    elif kind in (IMAGE, TAGGED_IMAGE):
        facts = Facts(images=(image_facts(urn, name, props),))
    elif kind == WORKLOAD:
        facts = Facts(servers=(workload_facts(urn, name, props),))
    elif kind in (PORT, NETWORK):
        facts = Facts(filtered=(filtered_facts(kind, urn, name, props),))
    elif kind in HIDING:
        hidden = HandWritten(origin=(urn,), kind=HIDING[kind], name=text(props, "name", name))
        facts = Facts(hiding=(hidden,))
    elif kind == CLUSTER:
        facts = Facts(clusters=(cluster_facts(urn, name, props, vcenter=""),))
    return facts


def aggregate_facts(urn: str, name: str, props: Props) -> AggregateFacts:
    """Of an aggregate, ours (``availabilityZone``, ``hypervisor``) or the provider's (``zone``)."""
    declared = props.get("hypervisor")
    hosts = props.get("hosts")
    zone = props.get("availabilityZone") or props.get("zone") or None
    metadata = tags(props.get("metadata"))
    # The provider sets the metadata after it has made the zone (resource_openstack_compute_aggregate_v2.go),
    # and to Nova the zone is nothing but that key (nova/objects/aggregate.py availability_zone).
    by_key = None if isinstance(metadata, Unknown) else metadata.get(ZONE_KEY)
    return AggregateFacts(
        origin=(urn,),
        name=text(props, "name", name),
        zone=by_key or zone,
        replaced_zone=zone if by_key and zone != by_key else None,
        hosts=hosts if isinstance(hosts, Unknown) else tuple(hosts or ()),
        metadata=metadata,
        hypervisor=Hypervisor(declared) if isinstance(declared, str) else None,
    )


def image_facts(urn: str, name: str, props: Props) -> ImageFacts:
    """Of an image, ours or the provider's."""
    return ImageFacts(
        origin=(urn,),
        name=text(props, "name", name),
        disk_format=props.get("diskFormat"),
        properties=tags(props.get("properties")),
    )


def flavor_facts(urn: str, name: str, props: Props) -> FlavorFacts:
    """Of a flavor, ours or the provider's (which makes it private if ``isPublic`` is absent)."""
    return FlavorFacts(
        origin=(urn,),
        name=text(props, "name", name),
        extra_specs=tags(props.get("extraSpecs")),
        public=props.get("isPublic"),
        memory=_whole(props.get("ram")),
    )


def volume_type_facts(name: str, props: Props) -> VolumeTypeFacts:
    """Of a volume type: ``vmware:…`` is read by Cinder's VMDK driver alone, and its back end serves ESXi."""
    specs = tags(props.get("extraSpecs"))
    serves: Hypervisor | Unknown | None = UNKNOWN
    if not isinstance(specs, Unknown):
        serves = Hypervisor.ESXI if any(key.startswith("vmware:") for key in specs) else None
    return VolumeTypeFacts(name=text(props, "name", name), serves=serves)


def cluster_facts(urn: str, name: str, props: Props, vcenter: str) -> ClusterFacts:
    """Of a vSphere cluster, with the provider's defaults: DRS and HA are off, and manual."""
    drs_on, ha = props.get("drsEnabled", False), props.get("haEnabled", False)
    level = props.get("drsAutomationLevel", "manual")
    control = props.get("haAdmissionControlPolicy", "resourcePercentage")
    return ClusterFacts(
        origin=(urn,),
        name=text(props, "name", name),
        drs=UNKNOWN if isinstance(drs_on, Unknown) else (level if drs_on else None),
        ha=ha,
        admission_control=control if isinstance(control, Unknown) else control != "disabled",
        hosts=_list(props.get("hostSystemIds")),
        vcenter=vcenter,
    )


def datastore_facts(urn: str, name: str, props: Props, vcenter: str) -> DatastoreFacts:
    """Of an NFS datastore, which the provider mounts host by host."""
    return DatastoreFacts(
        origin=(urn,),
        name=text(props, "name", name),
        hosts=_list(props.get("hostSystemIds")),
        vcenter=vcenter,
    )


def switch_facts(urn: str, name: str, props: Props, vcenter: str) -> SwitchFacts:
    """Of a distributed switch (``hosts``) or one of a single host (``networkAdapters``)."""
    hosts = props.get("hosts")
    given: list[Mapping[Any, Any]] = [
        {"hostSystemId": props.get("hostSystemId"), "devices": props.get("networkAdapters")}
    ]
    if isinstance(hosts, Sequence):
        given = [one for one in hosts if isinstance(one, Mapping)]
    return SwitchFacts(
        origin=(urn,),
        name=text(props, "name", name),
        cards=tuple(
            (host, card)
            for one in given
            for card in one.get("devices") or ()
            if isinstance(host := one.get("hostSystemId"), str) and isinstance(card, str)
        )
        if not any(isinstance(one.get("devices"), Unknown) for one in given)
        else (),
        vcenter=vcenter,
    )


def filtered_facts(kind: str, urn: str, name: str, props: Props) -> FilteredFacts:
    """Of a port or a network."""
    return FilteredFacts(
        origin=(urn,),
        kind="port" if kind == PORT else "network",
        name=text(props, "name", name),
        enforced=props.get("portSecurityEnabled"),
    )


def hand_written(kind: str, urn: str, name: str, props: Props) -> tuple[HandWritten, ...]:
    """The resource itself, if components make its kind and none has made it."""
    if kind not in MADE_BY_COMPONENTS or any(one.startswith(COMPONENTS) for one in _types(urn)):
        return ()
    words, declared_by = MADE_BY_COMPONENTS[kind]
    return (HandWritten(origin=(urn,), kind=words, name=text(props, "name", name), declared_by=declared_by),)


def workload_facts(urn: str, name: str, props: Props) -> ServerFacts:
    """Of a workload: its props repeat what its image and flavor are."""
    image, flavor, restriction = props.get("image"), props.get("flavor"), props.get("restriction")
    restricted = props.get("restricted")
    unknown = isinstance(restricted, Unknown) or isinstance(restriction, Unknown)
    own_name = text(props, "name", name)
    members = props.get("servers")
    return ServerFacts(
        origin=(urn,),
        kind="workload",
        name=own_name,
        workload=own_name,
        restricted=UNKNOWN if unknown else bool(restricted) or restriction is not None,
        reason=reason(restriction.get("reason") if isinstance(restriction, Mapping) else restriction),
        image=image_facts(urn, "", image) if isinstance(image, Mapping) else UNKNOWN,
        flavor=flavor_facts(urn, "", flavor) if isinstance(flavor, Mapping) else UNKNOWN,
        zone=props.get("availabilityZone") or None,
        members=(tuple(one for one in members if isinstance(one, str)) if isinstance(members, tuple) else ()),
    )


def zone(props: Props) -> str | Unknown | None:
    """The zone that Nova is asked for: the provider sends the hints if there is no zone.

    Both take the form ``zone:host`` (resource_openstack_compute_instance_v2.go).
    """
    return props.get("availabilityZone") or props.get("availabilityZoneHints") or None


def internal_hint(props: Props) -> str | Unknown | None:
    """A scheduler hint that Nova keeps for itself; ``UNKNOWN`` if it cannot be known what hints there are."""
    given = props.get("schedulerHints") or ()
    for one in given if isinstance(given, Sequence) else (UNKNOWN,):
        more = one.get("additionalProperties") or {} if isinstance(one, Mapping) else UNKNOWN
        if not isinstance(more, Mapping):
            return UNKNOWN
        found = next((key for key in more if key.startswith(INTERNAL_HINT)), None)
        if found is not None:
            return str(found)
    return None


def misspelt_key(metadata: Tags | Unknown) -> str | None:
    """Metadata of a server that looks like ``RESTRICTION_KEY``, or says the same, and is not."""
    if isinstance(metadata, Unknown):
        return None
    others = (key for key in metadata if key != RESTRICTION_KEY)
    return next((key for key in others if looks_like(key, _MEANT) or says(key, _SAID)), None)


def reason(value: object) -> str:
    """The reason code of a restriction, or ``unknown``."""
    return value if isinstance(value, str) else "unknown"


def text(props: Props, key: str, otherwise: str) -> str:
    """A property that is a known, non-empty string, else ``otherwise``."""
    value = props.get(key)
    return value if isinstance(value, str) and value else otherwise


def tags(value: object) -> Tags | Unknown:
    """A map of strings; absent is empty."""
    if isinstance(value, Unknown):
        return UNKNOWN
    if not isinstance(value, Mapping):
        return {}
    return {str(key): one if isinstance(one, Unknown) else str(one) for key, one in value.items()}


def _whole(value: object) -> int | Unknown | None:
    """A number of whole MiB; the engine hands numbers over as floats."""
    if isinstance(value, Unknown):
        return UNKNOWN
    return int(value) if isinstance(value, int | float) else None


def _list(value: object) -> tuple[str | Unknown, ...] | Unknown:
    if isinstance(value, Unknown):
        return UNKNOWN
    return tuple(value) if isinstance(value, Sequence) else ()


_ABOUT = {
    "aggregates": (AGGREGATE, KVM_AGGREGATE, ESXI_AGGREGATE),
    "clusters": (CLUSTER, ESXI_CLUSTER),
    "flavors": (FLAVOR, TRAIT_FLAVOR),
    "images": (IMAGE, TAGGED_IMAGE),
    "networks": (NETWORK, f"{COMPONENTS}LogicalNetwork"),
    "workloads": (SERVER, WORKLOAD),
}
"""Kind of the documents → types of the resources that stand for one of its blocks."""


def is_about(subject: str, urn: str) -> bool:
    """Whether a resource stands for the block ``KIND/NAME``."""
    kind, _, name = subject.partition("/")
    return urn.rpartition("::")[2] == name and _types(urn)[-1] in _ABOUT.get(kind, ())


def block_of(urn: str) -> str | None:
    """The block ``KIND/NAME`` that a resource stands for, if it is one that can be exempted."""
    name = urn.rpartition("::")[2]
    return next((f"{kind}/{name}" for kind, types in _ABOUT.items() if _types(urn)[-1] in types), None)


def _types(urn: str) -> list[str]:
    """``urn:pulumi:STACK::PROJECT::TYPE$TYPE::NAME`` → the types, outermost first."""
    return urn.split("::")[2].split("$")
