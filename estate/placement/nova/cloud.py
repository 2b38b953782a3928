"""What Nova's scheduler and placement know of a cloud: plain frozen values, so that any cloud can be asked
about.

``estate.placement.building`` makes one of documents; a harness may make one of chance or of a running
cloud.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

OWNER_NOVA = "OWNER_NOVA"
STATUS_DISABLED = "COMPUTE_STATUS_DISABLED"

DEFAULT_FILTERS = (
    "ComputeFilter",
    "ComputeCapabilitiesFilter",
    "ImagePropertiesFilter",
    "ServerGroupAntiAffinityFilter",
    "ServerGroupAffinityFilter",
)
"""``[filter_scheduler] enabled_filters`` where nova.conf says nothing (nova/conf/scheduler.py)."""


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """How much of one resource class a provider has (placement/objects/inventory.py)."""

    total: int
    reserved: int = 0
    min_unit: int = 1
    max_unit: int
    step_size: int = 1
    allocation_ratio: float = 1.0
    used: int = 0

    def takes(self, amount: int) -> bool:
        """Placement's own test (placement/objects/research_context.py ``_capacity_check_clause``)."""
        return (
            self.used + amount <= (self.total - self.reserved) * self.allocation_ratio
            and self.min_unit <= amount <= self.max_unit
            and amount % self.step_size == 0
        )


@dataclass(frozen=True, kw_only=True)
class Host:
    """One compute node, its service and its resource provider (one provider: no nested ones)."""

    name: str
    """``[DEFAULT] host`` of its nova-compute."""
    node: str
    """``hypervisor_hostname``: the name of its resource provider."""
    hypervisor_type: str
    """As ``os-hypervisors`` shows it: ``QEMU``, ``VMware vCenter Server``."""
    hypervisor_version: int = 0
    supported_instances: tuple[tuple[str, str, str], ...]
    """Architecture, hypervisor type and VM mode that its driver advertises."""
    traits: frozenset[str]
    inventories: Mapping[str, Inventory]
    """Resource class → inventory."""
    enabled: bool = True
    up: bool = True
    num_instances: int = 0
    num_io_ops: int = 0
    boots: frozenset[str] | None = None
    """Disk formats that its driver can start at all; ``None``: any. No rule of the scheduler looks at it."""


@dataclass(frozen=True, kw_only=True)
class Aggregate:
    """A host aggregate; ``availability_zone`` is one of its metadata, as in Nova."""

    name: str
    metadata: Mapping[str, str]
    hosts: frozenset[str]
    mirrored: bool = True
    """Whether placement knows its members (nova/compute/api.py only logs when the mirror fails)."""

    @property
    def zone(self) -> str | None:
        """Availability zone of its hosts."""
        return self.metadata.get("availability_zone")


@dataclass(frozen=True, kw_only=True)
class Flavor:
    """A flavor. ``projects``: who may use it; ``None``: public. Administrators may use any."""

    name: str
    vcpus: int
    memory_mb: int
    root_gb: int
    ephemeral_gb: int = 0
    swap_mb: int = 0
    extra_specs: Mapping[str, str] = field(default_factory=dict)
    projects: frozenset[str] | None = None

    def usable(self, project: str, *, admin: bool) -> bool:
        """nova/objects/flavor.py ``_flavor_get_query_from_db``: a private one exists for its projects
        only.
        """
        return admin or self.projects is None or project in self.projects


@dataclass(frozen=True, kw_only=True)
class Image:
    """A Glance image, or what a bootable volume keeps of one (``volume_image_metadata``)."""

    name: str
    disk_format: str
    properties: Mapping[str, str] = field(default_factory=dict)
    min_disk_gb: int = 0
    min_ram_mb: int = 0


@dataclass(frozen=True, kw_only=True)
class Conf:
    """Lines of nova.conf that placement depends on, with Nova's defaults (nova/conf; the same since
    2025.1).
    """

    enable_isolated_aggregate_filtering: bool = False
    query_placement_for_image_type_support: bool = False
    image_metadata_prefilter: bool = False
    limit_tenants_to_placement_aggregate: bool = False
    placement_aggregate_required_for_tenants: bool = False
    enabled_filters: tuple[str, ...] = DEFAULT_FILTERS
    isolated_hosts: frozenset[str] = frozenset()
    isolated_images: frozenset[str] = frozenset()
    restrict_isolated_hosts_to_isolated_images: bool = True
    image_properties_default_architecture: str | None = None
    max_instances_per_host: int = 50
    max_io_ops_per_host: int = 8
    default_schedule_zone: str | None = None
    default_availability_zone: str = "nova"
    cross_az_attach: bool = True
    allow_resize_to_same_host: bool = False
    rebuild: bool = True
    """Whether the policy of nova-api (``os_compute_api:servers:rebuild``) lets anybody rebuild a server."""


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """Everything that a decision depends on, besides the request."""

    release: str = "2026.2"
    conf: Conf = field(default_factory=Conf)
    hosts: tuple[Host, ...]
    aggregates: tuple[Aggregate, ...] = ()
    known_traits: frozenset[str] = frozenset()
    """Custom traits that placement has heard of though no provider carries them: once made they stay."""

    @cached_property
    def by_name(self) -> dict[str, Host]:
        """Host name → host."""
        return {host.name: host for host in self.hosts}

    @cached_property
    def aggregates_of(self) -> dict[str, tuple[Aggregate, ...]]:
        """Host name → aggregates that it is a member of."""
        return {
            host.name: tuple(one for one in self.aggregates if host.name in one.hosts) for host in self.hosts
        }

    @cached_property
    def zone_of(self) -> dict[str, str]:
        """Host name → its availability zone (nova/availability_zones.py ``set_availability_zones``)."""
        return {
            name: next((one.zone for one in members if one.zone), self.conf.default_availability_zone)
            for name, members in self.aggregates_of.items()
        }

    @cached_property
    def zones(self) -> frozenset[str]:
        """Zones that the API accepts: those of enabled services (``get_availability_zones``)."""
        return frozenset(self.zone_of[host.name] for host in self.hosts if host.enabled)

    @cached_property
    def traits(self) -> frozenset[str]:
        """Traits that placement has heard of: those that any provider carries, and those made before."""
        return self.known_traits.union(*(host.traits for host in self.hosts))

    @cached_property
    def classes(self) -> dict[str, str]:
        """Host name → the first host that no rule could tell from it, but for its name.

        Two hosts of one class are accepted and rejected together by every rule that does not name hosts.
        """
        first: dict[object, str] = {}
        return {host.name: first.setdefault(self._class(host), host.name) for host in self.hosts}

    def _class(self, host: Host) -> object:
        return (
            host.hypervisor_type,
            host.hypervisor_version,
            host.supported_instances,
            host.traits,
            frozenset(host.inventories.items()),
            (host.enabled, host.up, host.num_instances, host.num_io_ops, host.boots),
            tuple(one.name for one in self.aggregates_of[host.name]),
            host.name in self.conf.isolated_hosts,
        )
