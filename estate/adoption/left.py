"""Fields of imported resources that are not the estate's (yet), per resource type, each with its reason.

Two sorts. What a provider does not read back is *noted* in the state as a create would have noted it: it is
compared from then on like any other field. What the cloud has otherwise than the components would make it is
*left* as it was found (``ignore_changes``), resource by resource, only where it differs; the list is in the
stack's configuration, ``estate:imported``. Who takes an entry away sees at the next preview what the estate
would set there. Every other field is compared.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

GATES = "pulumi-python:dynamic/estate:"
"""What the types of gates begin with."""
ALL = "*"
"""Stands for a gate as a whole: it is not settled."""
DEFAULTED = "(defaults)"
"""Stands for every field that the program does not say and its provider has a default for."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a resource type, in the words of Pulumi."""

    name: str
    reason: str
    keys: tuple[str, ...] = ()
    """Of a mapping: starts of the keys that are meant; all if there are none."""
    shown_by: str = ""
    """Output that tells what there is. Only what it has is noted: the rest is a difference."""


_UNREAD = "the provider does not read it back"
_WORDLESS = "the language has no word for it"

NOTED: dict[str, tuple[Field, ...]] = {
    "openstack:blockstorage/volume:Volume": (
        Field(name="enableOnlineResize", reason=f"{_UNREAD}: it says how the provider resizes"),
        Field(name="volumeRetypePolicy", reason=f"{_UNREAD}: it says how the provider changes the type"),
    ),
    "openstack:compute/instance:Instance": (
        Field(name="blockDevices", reason=f"{_UNREAD}: Nova tells the volume, not how it was asked for"),
        Field(name="configDrive", reason=_UNREAD),
        Field(name="networks", reason="the provider reads ports back only where it knows them already"),
        Field(name="schedulerHints", reason=f"{_UNREAD}: Nova keeps the membership in the server group"),
        Field(
            name="tags",
            reason="the provider tells all tags, not those that were asked for",
            shown_by="allTags",
        ),
    ),
    "openstack:images/image:Image": (
        Field(name="localFilePath", reason=f"{_UNREAD}: the file was compared with Glance's SHA-512"),
        Field(name="imageCachePath", reason=f"{_UNREAD}: a folder of this machine"),
    ),
    "openstack:networking/port:Port": (
        Field(
            name="fixedIps",
            reason="the provider tells all addresses, not those that were asked for",
            shown_by="allFixedIps",
        ),
        Field(name="noSecurityGroups", reason=f"{_UNREAD}: it says that there are none"),
        Field(
            name="securityGroupIds",
            reason="the provider tells all groups, not those that were asked for",
            shown_by="allSecurityGroupIds",
        ),
    ),
    "openstack:networking/router:Router": (Field(name="externalFixedIps", reason=_UNREAD),),
    "openstack:networking/secGroup:SecGroup": (
        Field(name="deleteDefaultRules", reason=f"{_UNREAD}: it counts at creation only"),
    ),
    "openstack:networking/subnet:Subnet": (
        Field(name="noGateway", reason=f"{_UNREAD}: it says that there is none"),
    ),
    "vsphere:index/computeCluster:ComputeCluster": (
        Field(name="forceEvacuateOnDestroy", reason=f"{_UNREAD}: it says how the provider deletes"),
        Field(name="hostClusterExitTimeout", reason=f"{_UNREAD}: it says how long the provider waits"),
    ),
}
"""Type → what is noted in the state."""

LEFT: dict[str, tuple[Field, ...]] = {
    "openstack:blockstorage/volume:Volume": (
        Field(name="availabilityZone", reason="Cinder cannot change a volume's zone: it would be made anew"),
        Field(name="description", reason=_WORDLESS),
        Field(name="metadata", reason=_WORDLESS),
        Field(name="name", reason="the estate names volumes SERVER/KEY"),
    ),
    "openstack:blockstorage/volumeTypeV3:VolumeTypeV3": (
        Field(
            name="extraSpecs",
            keys=("volume_backend_name", "RESKEY:availability_zones", "vmware:"),
            reason="it is not paired with its back end and their zones as the estate does it",
        ),
        Field(name="extraSpecs", reason=_WORDLESS),
        Field(name="isPublic", reason="a private type without projects cannot be said"),
    ),
    "openstack:compute/aggregateV2:AggregateV2": (
        Field(
            name="metadata",
            keys=("trait:", "img_hv_type"),
            reason="the aggregate is not isolated yet",
        ),
    ),
    "openstack:compute/flavor:Flavor": (
        Field(
            name="extraSpecs",
            keys=("trait:CUSTOM_HV_",),
            reason="the flavor does not require its hypervisor's trait yet",
        ),
        Field(name="extraSpecs", reason=_WORDLESS),
        Field(name="isPublic", reason="Nova cannot change it: the flavor would be made anew"),
        Field(name="rxTxFactor", reason=_WORDLESS),
    ),
    "openstack:compute/instance:Instance": (
        Field(name="metadata", keys=("estate_",), reason="the server does not carry its workload's name yet"),
        Field(name="powerState", reason="it is not running, and the estate does not stop servers"),
        Field(name="availabilityZone", reason="Nova cannot change it: the server would be made anew"),
    ),
    "openstack:compute/serverGroup:ServerGroup": (Field(name="rules", reason=_WORDLESS),),
    "openstack:identity/project:Project": (
        Field(name="enabled", reason=_WORDLESS),
        Field(name="tags", reason=_WORDLESS),
    ),
    "openstack:images/image:Image": (
        Field(name="hidden", reason="the estate hides older versions of an image only, this one is hidden"),
        Field(name="minDiskGb", reason="it was not said when the image was uploaded"),
        Field(
            name="properties",
            keys=("trait:CUSTOM_HV_", "hypervisor_type", "vmware_"),
            reason="the image is not tagged with its hypervisor yet",
        ),
        Field(name="properties", reason=_WORDLESS),
        Field(name="protected", reason=_WORDLESS),
        Field(name="tags", reason=_WORDLESS),
        Field(name="visibility", reason="images of the estate are public, this one is not yet"),
    ),
    "openstack:networking/network:Network": (
        Field(name="adminStateUp", reason="networks of the estate are up, this one is not"),
        Field(name="tags", reason=_WORDLESS),
    ),
    "openstack:networking/port:Port": (
        Field(name="adminStateUp", reason="ports of the estate are up, this one is not"),
        Field(name="description", reason=_WORDLESS),
        Field(name="name", reason="the estate names ports SERVER/NETWORK"),
        Field(name="tags", reason=_WORDLESS),
    ),
    "openstack:networking/router:Router": (
        Field(name="adminStateUp", reason="routers of the estate are up, this one is not"),
        Field(name="description", reason=_WORDLESS),
        Field(name="tags", reason=_WORDLESS),
    ),
    "openstack:networking/secGroup:SecGroup": (Field(name="tags", reason=_WORDLESS),),
    "openstack:networking/secGroupRule:SecGroupRule": (
        Field(name="remoteIpPrefix", reason="Neutron has none; the estate says all addresses of a version"),
        Field(name="description", reason="Neutron cannot change it: the rule would be made anew"),
        Field(name="protocol", reason="the same protocol under its number or an older name"),
    ),
    "openstack:networking/subnet:Subnet": (
        Field(name="description", reason=_WORDLESS),
        Field(name="serviceTypes", reason=_WORDLESS),
        Field(name="tags", reason=_WORDLESS),
    ),
    "openstack:networking/subnetPool:SubnetPool": (
        Field(name="defaultQuota", reason=_WORDLESS),
        Field(name="isDefault", reason=_WORDLESS),
        Field(name="tags", reason=_WORDLESS),
    ),
    "vsphere:index/computeCluster:ComputeCluster": (
        Field(name="drsEnabled", reason="DRS is off"),
        Field(name="drsAutomationLevel", reason="DRS is off"),
        Field(name="haAdmissionControlPolicy", reason="admission control counts otherwise than in shares"),
        Field(name="haAdmissionControlHostFailureTolerance", reason="admission control is off"),
        Field(
            name=DEFAULTED, reason=f"{_WORDLESS}, and vCenter has it otherwise than the provider's default"
        ),
    ),
    f"{GATES}AggregateIsolation": (Field(name=ALL, reason="placement does not isolate the hosts yet"),),
    f"{GATES}ComputeEnabled": (Field(name=ALL, reason="the host was new and disabled"),),
    f"{GATES}ServersSpread": (Field(name=ALL, reason="no DRS rule keeps the servers apart yet"),),
    f"{GATES}VolumeTypeEncryption": (Field(name=ALL, reason="Cinder encrypts the type otherwise"),),
}
"""Type → what may be left as found."""


def field(
    table: Mapping[str, tuple[Field, ...]], kind: str, path: str, defaulted: Collection[str] = ()
) -> Field | None:
    """The entry for a property path (``metadata["a:b"]``, ``networks[0].port``) of a type.

    ``defaulted``: properties of which the program says nothing.
    """
    first = top(path)
    key = path[len(first) :].strip('.[]"')
    for one in table.get(kind, ()):
        named = one.name in (first, ALL) or (one.name == DEFAULTED and first in defaulted)
        if named and (not one.keys or key.startswith(one.keys)):
            return one
    return None


def top(path: str) -> str:
    """``networks[0].port`` → ``networks``."""
    return path.partition("[")[0].partition(".")[0]


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Every entry: what happens, type, field, reason; for people."""
    for word, table in (("noted", NOTED), ("left", LEFT)):
        for kind, fields in sorted(table.items()):
            for one in fields:
                keys = f" ({', '.join(f'{key}…' for key in one.keys)})" if one.keys else ""
                yield word, kind.rpartition(":")[2], f"{one.name}{keys}", one.reason


def markdown() -> str:
    """The table of docs/import.md."""
    head = "| | type | field | reason |\n|---|---|---|---|\n"
    return head + "".join(f"| {how} | {kind} | `{name}` | {why} |\n" for how, kind, name, why in rows())
