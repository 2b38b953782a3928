"""What is asked of the scheduler: a new server, or a move of one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from estate.placement.nova.cloud import Flavor, Image
from estate.placement.nova.image_props import effective, required_traits


class Source(StrEnum):
    """What a server boots from."""

    IMAGE = "image"
    VOLUME = "volume"
    """A volume made from an image: it keeps the image's properties (nova/block_device.py)."""
    BLANK = "blank volume"
    """A volume made from nothing: no properties at all."""


class Operation(StrEnum):
    """What is done. All but ``create`` are about a server that runs somewhere already."""

    CREATE = "create"
    RESIZE = "resize"
    MIGRATE = "migrate"
    LIVE_MIGRATE = "live migration"
    UNSHELVE = "unshelve"
    EVACUATE = "evacuate"
    REBUILD = "rebuild"


@dataclass(frozen=True, kw_only=True)
class ServerGroup:
    """A server group and where its members run."""

    policy: str
    """``affinity`` or ``anti-affinity`` (the soft ones only weigh)."""
    members_on: Mapping[str, int] = field(default_factory=dict)
    """Host name → members on it."""
    max_server_per_host: int = 1


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call of the API that ends in the scheduler."""

    operation: Operation = Operation.CREATE
    flavor: Flavor
    image: Image | None
    """``None``: a blank volume."""
    source: Source = Source.IMAGE
    project: str = "project"
    admin: bool = False
    zone: str | None = None
    """``create``: as the API takes it: ``zone``, ``zone:host``, ``zone::node``, ``zone:host:node``. Moves:
    the zone to which the server is pinned."""
    host: str | None = None
    """Host that is asked for without ``zone:host``: ``host`` of microversion 2.74, target of a move."""
    node: str | None = None
    """``hypervisor_hostname`` of microversion 2.74."""
    volume_zones: tuple[str, ...] = ()
    """Zones of volumes that exist already and are attached at ``create``."""
    group: ServerGroup | None = None
    on: str | None = None
    """Host that the server runs on, for everything but ``create``."""
    made_with_gb: int = 0
    """``resize``: root disk of the flavor with which the server was made or last rebuilt, GiB."""

    @property
    def is_bfv(self) -> bool:
        """Boots from a volume."""
        return self.source is not Source.IMAGE

    @cached_property
    def image_props(self) -> Mapping[str, str]:
        """Image properties as the scheduler sees them, by their canonical names."""
        return effective(self.image.properties) if self.image is not None else {}

    @cached_property
    def image_traits(self) -> frozenset[str]:
        """Traits that the image requires."""
        return required_traits(self.image.properties) if self.image is not None else frozenset()
