"""What nova-api makes of a call before the scheduler sees it, and what it refuses at once.

nova/api/openstack/compute/servers.py and nova/compute/api.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from estate.placement.nova.cloud import Cloud
from estate.placement.nova.image_props import InvalidPropertyError
from estate.placement.nova.request import Operation, Request
from estate.placement.nova.rule import Stage, rule

SAME_HOST = "COMPUTE_SAME_HOST_COLD_MIGRATE"
GIB = 2**30


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A call that ends before any host is looked at."""

    rule: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Aim:
    """Hosts that a request names (``RequestSpec``: force_hosts, force_nodes, requested_destination,
    ignore_hosts).
    """

    zone: str | None = None
    force_host: str | None = None
    force_node: str | None = None
    host: str | None = None
    node: str | None = None
    ignore: str | None = None

    @property
    def forced(self) -> bool:
        """``zone:host`` skips the filters."""
        return self.force_host is not None or self.force_node is not None


@rule(
    Stage.API,
    "nova/compute/api.py parse_availability_zone; nova/api/openstack/compute/servers.py create, "
    "_validate_host_availability_zone",
)
def parse_availability_zone(cloud: Cloud, request: Request, aim: Aim) -> Aim | Refusal:
    """`default_schedule_zone` where no zone is named; `zone:host`, `zone::node` and `zone:host:node` are for
    administrators, and their zone counts only if it is the host's.
    """
    name, *places = (request.zone or "").split(":")
    if len(places) > 2:
        return Refusal(
            rule="parse_availability_zone",
            words="Invalid input received: Unable to parse availability_zone (HTTP 400)",
        )
    host, node = [*(one or None for one in places), None, None][:2]
    zone = name or cloud.conf.default_schedule_zone
    if not places:
        return replace(aim, zone=zone)
    if not request.admin:
        return Refusal(
            rule="parse_availability_zone",
            words="Policy doesn't allow os_compute_api:servers:create:forced_host to be performed. "
            "(HTTP 403)",
        )
    known = cloud.zone_of.get(host or "", cloud.conf.default_availability_zone)
    return replace(aim, zone=zone if zone == known else None, force_host=host, force_node=node)


@rule(
    Stage.API,
    "nova/policies/servers.py requested_destination; nova/api/openstack/compute/servers.py "
    "_process_hosts_for_create",
)
def requested_destination(cloud: Cloud, request: Request, aim: Aim) -> Aim | Refusal:  # noqa: ARG001
    """`host` and `hypervisor_hostname` (2.74) are for administrators, and not together with `zone:host`;
    filters do judge them.
    """
    if not request.host and not request.node:
        return aim
    words = None
    if not request.admin:
        words = (
            "Policy doesn't allow compute:servers:create:requested_destination to be performed. (HTTP 403)"
        )
    elif aim.forced:
        words = (
            "One mechanism with host and/or hypervisor_hostname and another mechanism with zone:host:node "
            "are mutually exclusive. (HTTP 400)"
        )
    if words is not None:
        return Refusal(rule="requested_destination", words=words)
    return replace(aim, host=request.host, node=request.node)


@rule(Stage.API, "nova/objects/flavor.py _flavor_get_query_from_db")
def flavor_access(cloud: Cloud, request: Request, aim: Aim) -> Aim | Refusal:  # noqa: ARG001 - one form for all
    """A private flavor exists only for the projects that have access, and for administrators."""
    if request.flavor.usable(request.project, admin=request.admin):
        return aim
    return Refusal(rule="flavor_access", words=f"Flavor {request.flavor.name} could not be found. (HTTP 400)")


@rule(Stage.API, "nova/compute/api.py create; nova/availability_zones.py get_availability_zones")
def availability_zone(cloud: Cloud, request: Request, aim: Aim) -> Aim | Refusal:  # noqa: ARG001
    """A zone, also the default one, must be one that has an enabled service, unless a host is forced."""
    if not aim.zone or aim.force_host is not None or aim.zone in cloud.zones:
        return aim
    return Refusal(
        rule="availability_zone", words="The requested availability zone is not available (HTTP 400)"
    )


@rule(
    Stage.API,
    "nova/compute/api.py _validate_flavor_image_nostatus; nova/utils.py get_system_metadata_from_image",
)
def flavor_and_image(cloud: Cloud, request: Request, aim: Aim) -> Aim | Refusal:  # noqa: ARG001
    """The flavor has at least the memory and, unless it boots from a volume, the root disk that the image
    needs. Of a running server that is at least the disk with which it was made or last rebuilt.
    """
    image, flavor = request.image, request.flavor
    if image is None:
        return aim
    words = None
    least = max(image.min_disk_gb, request.made_with_gb)
    if flavor.memory_mb < image.min_ram_mb:
        words = "Flavor's memory is too small for requested image. (HTTP 400)"
    elif not request.is_bfv and 0 < flavor.root_gb < least:
        words = (
            "Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is "
            f"{flavor.root_gb * GIB} bytes, minimum size is {least * GIB} bytes. (HTTP 400)"
        )
    return aim if words is None else Refusal(rule="flavor_and_image", words=words)


@rule(Stage.API, "nova/objects/image_meta.py; nova/objects/fields.py HVType")
def image_property_values(cloud: Cloud, request: Request, aim: Aim) -> Aim | Refusal:  # noqa: ARG001
    """A hypervisor type, architecture or VM mode that Nova does not know is refused (Glance takes any
    text).
    """
    try:
        _ = request.image_props
    except InvalidPropertyError as error:
        words = f"Invalid image metadata. Error: {error} (HTTP 400)"
        return Refusal(rule="image_property_values", words=words)
    return aim


@rule(Stage.API, "nova/compute/api.py _validate_host_or_node")
def requested_host_exists(cloud: Cloud, request: Request, aim: Aim) -> Aim | Refusal:  # noqa: ARG001
    """`host` and `hypervisor_hostname` (2.74) name a compute that there is."""
    if not aim.host and not aim.node:
        return aim
    if any(aim.host in (None, host.name) and aim.node in (None, host.node) for host in cloud.hosts):
        return aim
    return Refusal(
        rule="requested_host_exists",
        words=f"Compute host {aim.host or aim.node} could not be found. (HTTP 400)",
    )


@rule(Stage.API, "nova/compute/api.py _validate_vol_az_for_create")
def cross_az_attach(cloud: Cloud, request: Request, aim: Aim) -> Aim | Refusal:
    """With `[cinder] cross_az_attach = false` a server is made in the zone of its volumes, or not at all."""
    if cloud.conf.cross_az_attach or not request.volume_zones:
        return aim
    zones = request.volume_zones
    why = None
    if len(set(zones)) > 1:
        why = f"Volumes are in different availability zones: {','.join(zones)}"
    elif aim.zone is None:
        return aim if zones[0] == cloud.conf.default_availability_zone else replace(aim, zone=zones[0])
    elif aim.zone != zones[0]:
        why = (
            "Server and volumes are not in the same availability zone. "
            f"Server is in: {aim.zone}. Volumes are in: {zones[0]}"
        )
    if why is None:
        return aim
    return Refusal(
        rule="cross_az_attach",
        words=f"The availability zone between the server and its attached volumes do not match: {why}. "
        "(HTTP 400)",
    )


@rule(Stage.API, "nova/policies/servers.py rebuild")
def rebuild_policy(cloud: Cloud, request: Request, aim: Aim) -> Aim | Refusal:  # noqa: ARG001
    """Where the policy of nova-api says so, nobody rebuilds a server."""
    if cloud.conf.rebuild:
        return aim
    words = "Policy doesn't allow os_compute_api:servers:rebuild to be performed. (HTTP 403)"
    return Refusal(rule="rebuild_policy", words=words)


_NAMING_A_HOST = {
    Operation.MIGRATE: "os-migrate-server:migrate:host",
    Operation.LIVE_MIGRATE: "os-migrate-server:migrate_live:host",
    Operation.EVACUATE: "os-evacuate",
    Operation.UNSHELVE: "os-shelve:unshelve_to_host",
}
_TO_ITSELF = {
    Operation.MIGRATE: "Cannot migrate to the host where the server exists. (HTTP 400)",
    Operation.EVACUATE: "The target host can't be the same one. (HTTP 400)",
}


@rule(
    Stage.API,
    "nova/policies/migrate_server.py, evacuate.py, shelve.py; nova/compute/api.py "
    "_validate_host_for_cold_migrate, unshelve; nova/api/openstack/compute/evacuate.py",
)
def move_destination(cloud: Cloud, request: Request, aim: Aim) -> Aim | Refusal:
    """Administrators alone evacuate, or name the host that a server is moved to; it is not the host that the
    server runs on, nor for unshelving outside the zone.
    """
    words = None
    if not request.admin and (request.host or request.operation is Operation.EVACUATE):
        policy = _NAMING_A_HOST.get(request.operation)
        words = f"Policy doesn't allow os_compute_api:{policy} to be performed. (HTTP 403)"
    elif request.host and request.host == request.on and request.operation in _TO_ITSELF:
        words = _TO_ITSELF[request.operation]
    elif (
        request.operation is Operation.UNSHELVE
        and request.host
        and request.zone
        and cloud.zone_of.get(request.host) != request.zone
    ):
        words = f'Host "{request.host}" is not in the availability zone "{request.zone}". (HTTP 409)'
    return aim if words is None else Refusal(rule="move_destination", words=words)


@rule(Stage.API, "nova/compute/api.py resize, _allow_resize_to_same_host, evacuate, unshelve, live_migrate")
def moves(cloud: Cloud, request: Request, aim: Aim) -> Aim:
    """A move may leave out its own host: resize unless `allow_resize_to_same_host`, cold migration unless its
    driver says `COMPUTE_SAME_HOST_COLD_MIGRATE`, live migration and evacuation always. A rebuild stays.
    """
    match request.operation:
        case Operation.REBUILD:
            return replace(aim, force_host=request.on)
        case Operation.RESIZE:
            stays = cloud.conf.allow_resize_to_same_host
        case Operation.MIGRATE:
            stays = request.on in cloud.by_name and SAME_HOST in cloud.by_name[str(request.on)].traits
        case Operation.UNSHELVE:
            stays = True
        case _:
            stays = False
    return aim if stays else replace(aim, ignore=request.on)


_Check = Callable[[Cloud, Request, Aim], Aim | Refusal]
_CREATE: tuple[_Check, ...] = (
    parse_availability_zone,
    requested_destination,
    flavor_access,
    availability_zone,
    image_property_values,
    flavor_and_image,
    requested_host_exists,
    cross_az_attach,
)
_MOVES: dict[Operation, tuple[_Check, ...]] = {
    Operation.RESIZE: (flavor_access, flavor_and_image, image_property_values, moves),
    Operation.REBUILD: (rebuild_policy, flavor_and_image, image_property_values, moves),
}
_MOVE: tuple[_Check, ...] = (move_destination, image_property_values, moves)


def aim_of(cloud: Cloud, request: Request, without: frozenset[str]) -> Aim | Refusal:
    """The hosts and the zone that a request names, or why it is refused: rules in the order of Nova's own
    calls, so that the first refusal is Nova's.

    :param without: names of rules that are left out.
    """
    if request.operation is Operation.CREATE:
        aim, checks = Aim(zone=request.zone), _CREATE
    else:
        aim = Aim(zone=request.zone, host=request.host)
        checks = _MOVES.get(request.operation, _MOVE)
    for check in checks:
        if check.__name__ not in without:
            found = check(cloud, request, aim)
            if isinstance(found, Refusal):
                return found
            aim = found
    return aim
