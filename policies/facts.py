"""What rules know: plain frozen values, whether they come from documents or from a program's resources.

``UNKNOWN`` is a value that exists but cannot be read yet (at preview: it depends on a resource that is not
there). A rule that needs such a value refuses. ``None`` is a value that is known to be absent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from estate.model import Hypervisor
from estate.placement.triple import IMAGE_TYPE, REQUIRED, trait_key


class Unknown(Enum):
    """The type of ``UNKNOWN``."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN

Tags = Mapping[str, str | Unknown]
"""Aggregate metadata, extra specs or image properties."""

Origin = tuple[str, ...]
"""Where a fact comes from: keys of a document, or the one URN of a resource."""


@dataclass(frozen=True, kw_only=True)
class ImageFacts:
    """An image."""

    origin: Origin
    name: str
    disk_format: str | Unknown | None
    properties: Tags | Unknown


@dataclass(frozen=True, kw_only=True)
class FlavorFacts:
    """A flavor."""

    origin: Origin
    name: str
    extra_specs: Tags | Unknown
    public: bool | Unknown | None
    memory: int | Unknown | None = None
    """MiB; ``None`` where nothing says it."""


@dataclass(frozen=True, kw_only=True)
class AggregateFacts:
    """A host aggregate."""

    origin: Origin
    name: str
    zone: str | Unknown | None
    hosts: tuple[str | Unknown, ...] | Unknown
    metadata: Tags | Unknown
    hypervisor: Hypervisor | None
    """As declared by the component or the document; ``None`` for a resource that says nothing about it."""
    replaced_zone: str | Unknown | None = None
    """The zone that it was given besides, and that its metadata replace."""


@dataclass(frozen=True, kw_only=True)
class VolumeTypeFacts:
    """A volume type."""

    name: str
    serves: Hypervisor | Unknown | None
    """The side whose servers can attach its volumes; ``None``: nothing says it."""


@dataclass(frozen=True, kw_only=True)
class Missing:
    """An image or a flavor that a server names and nothing describes."""

    kind: str
    """``image`` or ``flavor``."""
    named: str | None
    """Its id or name; ``None`` where not even that is known."""


@dataclass(frozen=True, kw_only=True)
class ServerFacts:
    """A server, or a workload that stands for all of its servers."""

    origin: Origin
    kind: str
    """``workload`` or ``server``: how people call it."""
    name: str
    workload: str | None
    """The workload that it is, or is a member of; ``None`` for a server that was written by hand."""
    restricted: bool | Unknown
    reason: str | None
    """Reason code of the restriction."""
    image: ImageFacts | Unknown
    flavor: FlavorFacts | Unknown
    zone: str | Unknown | None
    host: str | Unknown | None = None
    """The host or hypervisor that it names beside its zone."""
    volume_types: tuple[VolumeTypeFacts, ...] = ()
    """Of its volumes, as far as they are known."""
    missing: tuple[Missing, ...] = ()
    """Image and flavor, where neither the stack nor the catalogue tells anything about them."""
    misspelt_key: str | None = None
    """Metadata that was probably meant to restrict it."""
    internal_hint: str | Unknown | None = None
    """A scheduler hint that Nova keeps for itself."""
    registered_as: str | None = None
    """The server of the register that it probably is, under another spelling."""
    members: tuple[str, ...] = ()
    """The servers that a workload makes, by name."""


@dataclass(frozen=True, kw_only=True)
class GroupFacts:
    """A server group and its members."""

    origin: Origin
    name: str
    policy: str | Unknown | None
    members: tuple[ServerFacts, ...]


@dataclass(frozen=True, kw_only=True)
class ClusterFacts:
    """A vSphere cluster."""

    origin: Origin
    name: str
    drs: str | Unknown | None
    """Automation level, as vSphere calls it; ``None`` while DRS is off."""
    ha: bool | Unknown
    admission_control: bool | Unknown
    hosts: tuple[str | Unknown, ...] | Unknown
    """Managed object ids."""
    vcenter: str
    """URN of its provider: ids name objects of one vCenter."""


@dataclass(frozen=True, kw_only=True)
class DatastoreFacts:
    """A datastore that is mounted host by host."""

    origin: Origin
    name: str
    hosts: tuple[str | Unknown, ...] | Unknown
    """Managed object ids."""
    vcenter: str
    """URN of its provider: ids name objects of one vCenter."""


@dataclass(frozen=True, kw_only=True)
class SwitchFacts:
    """A virtual switch and the network cards that it takes."""

    origin: Origin
    name: str
    cards: tuple[tuple[str, str], ...]
    """Managed object id of the host, name of the card; those that are known."""
    vcenter: str
    """URN of its provider: ids name objects of one vCenter."""


@dataclass(frozen=True, kw_only=True)
class FilteredFacts:
    """A port, or a network for its ports: whether security groups are enforced."""

    origin: Origin
    kind: str
    """``port`` or ``network``."""
    name: str
    enforced: bool | Unknown | None
    """``None``: as the cloud has it, which is that they are."""


@dataclass(frozen=True, kw_only=True)
class HandWritten:
    """A resource that one of this project's components would have made, or something in its place."""

    origin: Origin
    kind: str
    """How people call it, e.g. ``flavor``."""
    name: str
    declared_by: str = ""
    """Where documents say it, e.g. ``kind flavors``."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that is to be judged together."""

    aggregates: tuple[AggregateFacts, ...] = ()
    images: tuple[ImageFacts, ...] = ()
    flavors: tuple[FlavorFacts, ...] = ()
    servers: tuple[ServerFacts, ...] = ()
    clusters: tuple[ClusterFacts, ...] = ()
    datastores: tuple[DatastoreFacts, ...] = ()
    switches: tuple[SwitchFacts, ...] = ()
    filtered: tuple[FilteredFacts, ...] = ()
    hand_written: tuple[HandWritten, ...] = ()
    hiding: tuple[HandWritten, ...] = ()
    """What makes servers that are resources of no stack."""
    esxi_hosts: frozenset[str] = frozenset()
    """Names of ESXi hosts."""
    zones: Mapping[str, Hypervisor] = field(default_factory=dict)
    """Zones of aggregates that are not among these facts, and the side of their hosts."""
    hosts: Mapping[str, Hypervisor] = field(default_factory=dict)
    """Hosts of aggregates that are not among these facts, and their side."""
    groups: tuple[GroupFacts, ...] = ()
    workloads_expected: bool = False
    """Whether servers belong into workloads here: documents and programs with this project's components."""


def image_side(image: ImageFacts) -> Hypervisor | str | Unknown | None:
    """The hypervisor that Nova takes from the image's tags, else what its format tells.

    A tag that Nova does not take for either is returned as it is; ``None``: the image says nothing.
    """
    if isinstance(image.properties, Unknown):
        return UNKNOWN
    # The canonical name wins over the legacy one (nova/objects/image_meta.py).
    tag = image.properties.get("img_hv_type", image.properties.get("hypervisor_type"))
    if isinstance(tag, Unknown):
        return UNKNOWN
    if tag is not None:
        return {"vmware": Hypervisor.ESXI, "qemu": Hypervisor.KVM, "kvm": Hypervisor.KVM}.get(
            tag.lower(), tag
        )
    formats = {"vmdk": Hypervisor.ESXI, "qcow2": Hypervisor.KVM, "raw": Hypervisor.KVM}
    return (
        image.disk_format if isinstance(image.disk_format, Unknown) else formats.get(image.disk_format or "")
    )


def flavor_side(flavor: FlavorFacts) -> Hypervisor | Unknown | None:
    """The hypervisor whose trait the flavor requires; ``None`` if it requires none of the two."""
    if isinstance(flavor.extra_specs, Unknown):
        return UNKNOWN
    sides = [one for one in Hypervisor if flavor.extra_specs.get(trait_key(one)) == REQUIRED]
    if len(sides) == 1:
        return sides[0]
    return UNKNOWN if any(flavor.extra_specs.get(trait_key(one)) is UNKNOWN for one in Hypervisor) else None


def server_side(server: ServerFacts) -> Hypervisor | None:
    """Where it runs: a restricted server by its duty, others by their image, or else their flavor."""
    if server.restricted is True:
        return Hypervisor.ESXI
    for side in (
        None if isinstance(server.image, Unknown) else image_side(server.image),
        None if isinstance(server.flavor, Unknown) else flavor_side(server.flavor),
    ):
        if isinstance(side, Hypervisor):
            return side
    return None


def aggregate_side(aggregate: AggregateFacts) -> Hypervisor | Unknown | None:
    """The hypervisor of the aggregate's hosts, declared or as its metadata means it."""
    if aggregate.hypervisor is not None:
        return aggregate.hypervisor
    if isinstance(aggregate.metadata, Unknown):
        return UNKNOWN
    for side in (Hypervisor.ESXI, Hypervisor.KVM):
        # hypervisor_type is not a key that Nova honours in aggregates, but it tells what was meant.
        meant = {aggregate.metadata.get(key) for key in ("img_hv_type", "hypervisor_type")}
        if trait_key(side) in aggregate.metadata or IMAGE_TYPE[side] in meant:
            return side
    return None
