"""Does it exist already? What identifies an object of each kind, for what a killed run was creating.

Inputs are those of the Pulumi resource (camelCase); ids are the ones that its provider uses
(terraform-provider-openstack, ``resource_openstack_*.go``: what each passes to ``d.SetId``).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from openstack.connection import Connection

Inputs = Mapping[str, Any]


def find(cloud: Connection, kind: str, inputs: Inputs, known: frozenset[str]) -> str | None:
    """Id of the object that these inputs describe, or ``None``.

    ``kind``: Pulumi type token. ``known``: ids that belong to other resources already. A kind that
    is not looked up here gives ``None``: its creation is safe to repeat (gates settle again).
    """
    look = _LOOKUPS.get(kind)
    if look is None:
        return None
    return next((found for found in look(cloud, inputs) if found not in known), None)


def _named(objects: Iterable[Any], inputs: Inputs) -> list[str]:
    return [str(one.id) for one in objects if one.name == inputs.get("name")]


def _servers(cloud: Connection, inputs: Inputs) -> list[str]:
    """A server of that name that we made: names are not unique in Nova, so our metadata decides."""
    metadata = inputs.get("metadata") or {}
    return [
        server.id
        for server in cloud.compute.servers(details=True, all_projects=True)
        if server.name == inputs.get("name") and dict(server.metadata or {}) == dict(metadata)
    ]


def _subnets(cloud: Connection, inputs: Inputs) -> list[str]:
    return _named(cloud.network.subnets(network_id=inputs["networkId"]), inputs)


def _ports(cloud: Connection, inputs: Inputs) -> list[str]:
    return _named(cloud.network.ports(network_id=inputs["networkId"]), inputs)


def _rules(cloud: Connection, inputs: Inputs) -> list[str]:
    wanted = tuple(
        inputs.get(key)
        for key in ("direction", "ethertype", "protocol", "portRangeMin", "portRangeMax", "remoteIpPrefix")
    )
    return [
        rule.id
        for rule in cloud.network.security_group_rules(security_group_id=inputs["securityGroupId"])
        if wanted
        == (
            rule.direction,
            rule.ether_type,
            rule.protocol,
            rule.port_range_min,
            rule.port_range_max,
            rule.remote_ip_prefix,
        )
        and rule.remote_group_id == inputs.get("remoteGroupId")
    ]


def _router_interfaces(cloud: Connection, inputs: Inputs) -> list[str]:
    return [
        port.id
        for port in cloud.network.ports(device_id=inputs["routerId"])
        if any(address["subnet_id"] == inputs.get("subnetId") for address in port.fixed_ips)
    ]


def _volume_attachments(cloud: Connection, inputs: Inputs) -> list[str]:
    server, volume = inputs["instanceId"], inputs["volumeId"]
    attached = {one.volume_id for one in cloud.compute.volume_attachments(server)}
    return [f"{server}/{volume}"] if volume in attached else []


def _flavor_access(cloud: Connection, inputs: Inputs) -> list[str]:
    flavor, project = inputs["flavorId"], inputs["tenantId"]
    access = {one["tenant_id"] for one in cloud.compute.get_flavor_access(flavor)}
    return [f"{flavor}/{project}"] if project in access else []


def _images(cloud: Connection, inputs: Inputs) -> list[str]:
    """An image of that name. One whose upload never came to its end has no data, and is removed."""
    found = []
    for image in cloud.image.images(name=inputs.get("name")):
        if image.status == "active":
            found.append(image.id)
        elif image.status in {"queued", "saving"}:
            cloud.image.delete_image(image.id)
    return found


def _projects(cloud: Connection, inputs: Inputs) -> list[str]:
    project = cloud.get_project(inputs["name"])
    return [project.id] if project else []


_LOOKUPS: dict[str, Callable[[Connection, Inputs], list[str]]] = {
    "openstack:blockstorage/volume:Volume": lambda cloud, inputs: _named(
        cloud.block_storage.volumes(), inputs
    ),
    "openstack:blockstorage/volumeTypeV3:VolumeTypeV3": lambda cloud, inputs: _named(
        cloud.block_storage.types(), inputs
    ),
    "openstack:compute/aggregateV2:AggregateV2": lambda cloud, inputs: _named(
        cloud.compute.aggregates(), inputs
    ),
    "openstack:compute/flavor:Flavor": lambda cloud, inputs: _named(
        cloud.compute.flavors(details=True, is_public=None), inputs
    ),
    "openstack:compute/flavorAccess:FlavorAccess": _flavor_access,
    "openstack:compute/instance:Instance": _servers,
    "openstack:compute/volumeAttach:VolumeAttach": _volume_attachments,
    "openstack:identity/project:Project": _projects,
    "openstack:images/image:Image": _images,
    "openstack:networking/network:Network": lambda cloud, inputs: _named(cloud.network.networks(), inputs),
    "openstack:networking/port:Port": _ports,
    "openstack:networking/router:Router": lambda cloud, inputs: _named(cloud.network.routers(), inputs),
    "openstack:networking/routerInterface:RouterInterface": _router_interfaces,
    "openstack:networking/secGroup:SecGroup": lambda cloud, inputs: _named(
        cloud.network.security_groups(), inputs
    ),
    "openstack:networking/secGroupRule:SecGroupRule": _rules,
    "openstack:networking/subnet:Subnet": _subnets,
}
