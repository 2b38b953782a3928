"""What nova-api makes of a call before the scheduler sees it, and what it refuses at once.

nova/api/openstack/compute/servers.py and nova/compute/api.py.
"""

from dataclasses import dataclass, replace

from estate.placement.nova.cloud import Cloud
from estate.placement.nova.image_props import InvalidPropertyError
from estate.placement.nova.request import Operation, Request
from estate.placement.nova.rule import Stage, rule

SAME_HOST = "COMPUTE_SAME_HOST_COLD_MIGRATE"


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


def parse(zone: str | None, default: str | None) -> Aim | Refusal:
    """``zone``, ``zone:host``, ``zone::node`` or ``zone:host:node`` (``parse_availability_zone``)."""
    name, host, node = zone or None, None, None
    if zone and ":" in zone:
        if zone.count(":") > 2:
            return Refusal(rule="parse_availability_zone", words="Unable to parse availability_zone")
        if "::" in zone:
            name, node = zone.split("::")
        elif zone.count(":") == 1:
            name, host = zone.split(":")
        else:
            name, host, node = zone.split(":")
    return Aim(zone=name or default, force_host=host, force_node=node)


@rule(Stage.API, "nova/compute/api.py parse_availability_zone; nova/api/openstack/compute/servers.py create")
def availability_zone(cloud: Cloud, request: Request) -> Aim | Refusal:
    """`default_schedule_zone` where no zone is named; `zone:host` and `zone::node` are for administrators,
    and their zone counts only if it is the host's; a plain zone must be one that has an enabled service.
    """
    aim = parse(request.zone, cloud.conf.default_schedule_zone)
    if isinstance(aim, Refusal):
        return aim
    if aim.forced:
        if not request.admin:
            return Refusal(
                rule="availability_zone",
                words="Policy doesn't allow os_compute_api:servers:create:forced_host to be performed. "
                "(HTTP 403)",
            )
        known = cloud.zone_of.get(aim.force_host or "", cloud.conf.default_availability_zone)
        aim = replace(aim, zone=aim.zone if aim.zone == known else None)
        if request.host or request.node:
            return Refusal(
                rule="availability_zone", words="zone:host and host are mutually exclusive (HTTP 400)"
            )
    if aim.zone and aim.force_host is None and aim.zone not in cloud.zones:
        return Refusal(
            rule="availability_zone", words="The requested availability zone is not available (HTTP 400)"
        )
    return aim


@rule(Stage.API, "nova/policies/servers.py requested_destination; nova/compute/api.py _validate_host_or_node")
def requested_destination(cloud: Cloud, request: Request, aim: Aim) -> Aim | Refusal:
    """`host` and `hypervisor_hostname` (2.74) are for administrators and must exist; filters do judge
    them.
    """
    if not request.host and not request.node:
        return aim
    if not request.admin:
        return Refusal(
            rule="requested_destination",
            words="Policy doesn't allow compute:servers:create:requested_destination to be performed. "
            "(HTTP 403)",
        )
    if not any(
        request.host in (None, host.name) and request.node in (None, host.node) for host in cloud.hosts
    ):
        return Refusal(
            rule="requested_destination",
            words=f"Compute host {request.host or request.node} could not be found. (HTTP 400)",
        )
    return replace(aim, host=request.host, node=request.node)


@rule(Stage.API, "nova/compute/api.py _validate_vol_az_for_create")
def cross_az_attach(cloud: Cloud, request: Request, aim: Aim) -> Aim | Refusal:
    """With `[cinder] cross_az_attach = false` a server is made in the zone of its volumes, or not at all."""
    if cloud.conf.cross_az_attach or not request.volume_zones:
        return aim
    zones = sorted(set(request.volume_zones))
    if len(zones) > 1:
        return Refusal(
            rule="cross_az_attach",
            words=f"Volumes are in different availability zones: {','.join(zones)} (HTTP 400)",
        )
    if aim.zone is None:
        return aim if zones[0] == cloud.conf.default_availability_zone else replace(aim, zone=zones[0])
    if aim.zone != zones[0]:
        return Refusal(
            rule="cross_az_attach",
            words="Server and volumes are not in the same availability zone. "
            f"Server is in: {aim.zone}. Volumes are in: {zones[0]} (HTTP 400)",
        )
    return aim


@rule(Stage.API, "nova/objects/flavor.py _flavor_get_query_from_db")
def flavor_access(cloud: Cloud, request: Request) -> Refusal | None:  # noqa: ARG001 - one form for all
    """A private flavor exists only for the projects that have access, and for administrators."""
    if request.flavor.usable(request.project, admin=request.admin):
        return None
    return Refusal(rule="flavor_access", words=f"Flavor {request.flavor.name} could not be found. (HTTP 400)")


@rule(Stage.API, "nova/objects/image_meta.py; nova/objects/fields.py HVType")
def image_property_values(cloud: Cloud, request: Request) -> Refusal | None:  # noqa: ARG001
    """A hypervisor type, architecture or VM mode that Nova does not know is refused (Glance takes any
    text).
    """
    try:
        _ = request.image_props
    except InvalidPropertyError as error:
        return Refusal(rule="image_property_values", words=f"Invalid image metadata. {error} (HTTP 400)")
    return None


@rule(Stage.API, "nova/compute/api.py _validate_flavor_image_nostatus")
def flavor_and_image(cloud: Cloud, request: Request) -> Refusal | None:  # noqa: ARG001
    """The flavor has at least the memory and, unless it boots from a volume, the root disk that the image
    needs.
    """
    image = request.image
    if image is None:
        return None
    if request.flavor.memory_mb < image.min_ram_mb:
        return Refusal(
            rule="flavor_and_image", words="Flavor's memory is too small for requested image. (HTTP 400)"
        )
    if not request.is_bfv and 0 < request.flavor.root_gb < image.min_disk_gb:
        return Refusal(
            rule="flavor_and_image",
            words="Flavor's disk is smaller than the minimum size of the image. (HTTP 400)",
        )
    return None


@rule(Stage.API, "nova/compute/api.py resize, _allow_resize_to_same_host, evacuate, unshelve, live_migrate")
def moves(cloud: Cloud, request: Request) -> Aim | Refusal:
    """A move may leave out its own host: resize unless `allow_resize_to_same_host`, cold migration unless its
    driver says `COMPUTE_SAME_HOST_COLD_MIGRATE`, live migration and evacuation always. A rebuild stays.
    """
    aim = Aim(zone=request.zone, host=request.host)
    if request.host and not request.admin:
        return Refusal(
            rule="moves", words=f"Policy doesn't allow to name a host for {request.operation} (HTTP 403)"
        )
    match request.operation:
        case Operation.REBUILD:
            return replace(aim, force_host=request.on)
        case Operation.RESIZE:
            stays = cloud.conf.allow_resize_to_same_host
        case Operation.MIGRATE:
            stays = request.on in cloud.by_name and SAME_HOST in cloud.by_name[str(request.on)].traits
        case Operation.UNSHELVE:
            stays = True
            if request.host and request.zone and cloud.zone_of.get(request.host) != request.zone:
                return Refusal(
                    rule="moves",
                    words=f'Host "{request.host}" is not in the availability zone "{request.zone}". '
                    "(HTTP 400)",
                )
        case _:
            stays = False
    return aim if stays else replace(aim, ignore=request.on)


_CHECKS = {
    Operation.CREATE: (flavor_access, image_property_values, flavor_and_image),
    Operation.RESIZE: (flavor_access, image_property_values, flavor_and_image),
    Operation.REBUILD: (image_property_values, flavor_and_image),
}


def aim_of(cloud: Cloud, request: Request, without: frozenset[str]) -> Aim | Refusal:
    """The hosts and the zone that a request names, or why it is refused.

    :param without: names of rules that are left out.
    """
    for check in _CHECKS.get(request.operation, (image_property_values,)):
        if check.__name__ not in without and (refusal := check(cloud, request)):
            return refusal
    if request.operation is not Operation.CREATE:
        return moves(cloud, request)
    aim: Aim | Refusal = availability_zone(cloud, request)
    for step in (requested_destination, cross_az_attach):
        if isinstance(aim, Refusal):
            return aim
        if step.__name__ not in without:
            aim = step(cloud, request, aim)
    return aim
