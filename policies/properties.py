"""From the properties of one resource to facts: what OpenStack's and this project's types call things."""

from collections.abc import Mapping, Sequence
from typing import Any

from estate.model import Hypervisor
from policies.facts import (
    UNKNOWN,
    AggregateFacts,
    Facts,
    FlavorFacts,
    ImageFacts,
    ServerFacts,
    Tags,
    Unknown,
)

AGGREGATE = "openstack:compute/aggregateV2:AggregateV2"
FLAVOR = "openstack:compute/flavor:Flavor"
IMAGE = "openstack:images/image:Image"
SERVER = "openstack:compute/instance:Instance"
COMPONENTS = "estate:index:"
"""What the types of this project's components begin with."""
KVM_AGGREGATE = f"{COMPONENTS}KvmAggregate"
ESXI_AGGREGATE = f"{COMPONENTS}EsxiAggregate"
TAGGED_IMAGE = f"{COMPONENTS}TaggedImage"
TRAIT_FLAVOR = f"{COMPONENTS}Flavor"
WORKLOAD = f"{COMPONENTS}Workload"
KINDS = frozenset(
    {
        AGGREGATE,
        FLAVOR,
        IMAGE,
        SERVER,
        KVM_AGGREGATE,
        ESXI_AGGREGATE,
        TAGGED_IMAGE,
        TRAIT_FLAVOR,
        WORKLOAD,
    }
)
"""Types that tell something; all others are not looked at."""

RESTRICTION_KEY = "estate_restriction"
"""Server metadata that restricts a server to ESXi; its value is the reason code."""

Props = Mapping[str, Any]
"""Properties in the SDK's camelCase, with ``UNKNOWN`` where the engine does not know a value yet."""


def facts_of(kind: str, urn: str, name: str, props: Props, *, components_seen: bool) -> Facts:
    """What one resource tells by itself. ``components_seen``: see ``Facts.workloads_expected``."""
    if kind in (AGGREGATE, KVM_AGGREGATE, ESXI_AGGREGATE):
        return Facts(aggregates=(aggregate_facts(urn, name, props),))
    if kind in (FLAVOR, TRAIT_FLAVOR):
        return Facts(flavors=(flavor_facts(urn, name, props),))
    if kind in (IMAGE, TAGGED_IMAGE):
        return Facts(images=(image_facts(urn, name, props),))
    if kind == WORKLOAD:
        return Facts(servers=(workload_facts(urn, name, props),))
    if kind == SERVER and WORKLOAD not in _types(urn):
        # Image and flavor are other resources: only that it stands alone can be said here.
        server = ServerFacts(
            origin=(urn,),
            kind="server",
            name=text(props, "name", name),
            workload=None,
            restricted=False,
            reason=None,
            image=UNKNOWN,
            flavor=UNKNOWN,
            zone=None,
        )
        return Facts(servers=(server,), workloads_expected=components_seen)
    return Facts()


def aggregate_facts(urn: str, name: str, props: Props) -> AggregateFacts:
    """Of an aggregate, ours (``availabilityZone``, ``hypervisor``) or the provider's (``zone``)."""
    declared = props.get("hypervisor")
    hosts = props.get("hosts")
    return AggregateFacts(
        origin=(urn,),
        name=text(props, "name", name),
        zone=props.get("availabilityZone") or props.get("zone") or None,
        hosts=hosts if isinstance(hosts, Unknown) else tuple(hosts or ()),
        metadata=tags(props.get("metadata")),
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
    )


def workload_facts(urn: str, name: str, props: Props) -> ServerFacts:
    """Of a workload: its props repeat what its image and flavor are."""
    image, flavor, restriction = props.get("image"), props.get("flavor"), props.get("restriction")
    restricted = props.get("restricted")
    unknown = isinstance(restricted, Unknown) or isinstance(restriction, Unknown)
    own_name = text(props, "name", name)
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
    )


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


def boots_from_image(block_devices: object) -> bool:
    """Whether all block devices of a server are made from images, not from volumes or blank."""
    return isinstance(block_devices, Sequence) and all(
        isinstance(one, Mapping) and one.get("sourceType") == "image" for one in block_devices
    )


def _types(urn: str) -> list[str]:
    """``urn:pulumi:STACK::PROJECT::TYPE$TYPE::NAME`` → the types, outermost first."""
    return urn.split("::")[2].split("$")
