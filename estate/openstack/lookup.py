"""Does it exist already? What identifies an object of each kind, for what a killed run was creating.

Inputs are those of the Pulumi resource (camelCase); ids are the ones that its provider uses
(terraform-provider-openstack, ``resource_openstack_*.go``: what each passes to ``d.SetId``).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from estate.openstack.sdk import Connection

Inputs = Mapping[str, Any]


def find(
    cloud: Connection, kind: str, inputs: Inputs, known: frozenset[str], *, made_by_others: bool = False
) -> str | None:
    """Id of the object that these inputs describe, or ``None``.

    ``kind``: Pulumi type token. ``known``: ids that belong to other resources already. A kind that
    is not looked up here gives ``None``: its creation is safe to repeat (gates settle again, and so are
    quotas set). ``made_by_others``: what is found is not a run's of ours that was killed, and stays as it is.
    """
    look = (_OF_OTHERS if made_by_others else {}).get(kind) or _LOOKUPS.get(kind)
    if look is None:
        return None
    return next((found for found in look(cloud, inputs) if found not in known), None)


def _named(objects: Iterable[Any], inputs: Inputs) -> list[str]:
    return [str(one.id) for one in objects if one.name == inputs.get("name")]


def _servers(cloud: Connection, inputs: Inputs) -> list[str]:
    """A server of that name that we made: names are not unique in Nova, so our metadata decides.

    It is in the project of the login, as all that we make.
    """
    metadata = inputs.get("metadata") or {}
    return [
        server.id
        for server in cloud.compute.servers(details=True)
        if server.name == inputs.get("name") and dict(server.metadata or {}) == dict(metadata)
    ]


def _subnets(cloud: Connection, inputs: Inputs) -> list[str]:
    return _named(cloud.network.subnets(network_id=inputs["networkId"]), inputs)


def _ports(cloud: Connection, inputs: Inputs) -> list[str]:
    return _named(cloud.network.ports(network_id=inputs["networkId"]), inputs)


def _rules(cloud: Connection, inputs: Inputs) -> list[str]:
    """A rule of the group that says the same; no addresses and all of a version are the same."""
    wanted = (
        *(inputs.get(key) for key in ("direction", "ethertype", "protocol", "portRangeMin", "portRangeMax")),
        _some(inputs.get("remoteIpPrefix")),
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
            _some(rule.remote_ip_prefix),
        )
        and rule.remote_group_id == inputs.get("remoteGroupId")
    ]


def _some(prefix: str | None) -> str | None:
    return None if prefix in ("0.0.0.0/0", "::/0") else prefix


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
    """An image of that name. One whose upload never came to its end has no data, and is removed.

    Glance lists hidden images only to who asks for them.
    """
    hidden = {"is_hidden": True} if inputs.get("hidden") else {}
    found = []
    for image in cloud.image.images(name=inputs.get("name"), **hidden):
        if image.status == "active":
            found.append(image.id)
        elif image.status in {"queued", "saving"}:
            cloud.image.delete_image(image.id)
    return found


def _images_of_others(cloud: Connection, inputs: Inputs) -> list[str]:
    """An image of that name, hidden or not: what documents say of an imported one does not tell."""
    everything = (cloud.image.images(name=inputs.get("name"), is_hidden=hidden) for hidden in (False, True))
    return [image.id for images in everything for image in images if image.status == "active"]


def _quotas(cloud: Connection, inputs: Inputs) -> list[str]:
    """A project always has quotas."""
    return [f"{inputs['projectId']}/{cloud.config.get_region_name()}"]


def _keypairs(cloud: Connection, inputs: Inputs) -> list[str]:
    """A key's id is its name; it belongs to the user of the login."""
    return [one.name for one in cloud.compute.keypairs() if one.name == inputs.get("name")]


def _shares(cloud: Connection, inputs: Inputs) -> list[str]:
    wanted = tuple(inputs[key] for key in ("action", "objectType", "objectId", "targetTenant"))
    return [
        one.id
        for one in cloud.network.rbac_policies()
        if wanted == (one.action, one.object_type, one.object_id, one.target_project_id)
    ]


def _router_routes(cloud: Connection, inputs: Inputs) -> list[str]:
    router, destination, hop = (inputs[key] for key in ("routerId", "destinationCidr", "nextHop"))
    routes = cloud.network.get_router(router).routes or []
    there = {"destination": destination, "nexthop": hop} in routes
    return [f"{router}-route-{destination}-{hop}"] if there else []


def _limits(cloud: Connection, inputs: Inputs) -> list[str]:
    answer = cloud.block_storage.get("/qos-specs").json()
    return [one["id"] for one in answer["qos_specs"] if one["name"] == inputs.get("name")]


def _limited(cloud: Connection, inputs: Inputs) -> list[str]:
    limits, kind = inputs["qosId"], inputs["volumeTypeId"]
    answer = cloud.block_storage.get(f"/qos-specs/{limits}/associations").json()
    types = {one["id"] for one in answer["qos_associations"] if one["association_type"] == "volume_type"}
    return [f"{limits}/{kind}"] if kind in types else []


def _type_access(cloud: Connection, inputs: Inputs) -> list[str]:
    kind, project = inputs["volumeTypeId"], inputs["projectId"]
    answer = cloud.block_storage.get(f"/types/{kind}/os-volume-type-access").json()
    projects = {one["project_id"] for one in answer["volume_type_access"]}
    return [f"{kind}/{project}"] if project in projects else []


def _projects(cloud: Connection, inputs: Inputs) -> list[str]:
    project = cloud.get_project(inputs["name"])
    return [project.id] if project else []


_LOOKUPS: dict[str, Callable[[Connection, Inputs], list[str]]] = {
    "openstack:blockstorage/qosAssociationV3:QosAssociationV3": _limited,
    "openstack:blockstorage/qosV3:QosV3": _limits,
    "openstack:blockstorage/volume:Volume": lambda cloud, inputs: _named(
        cloud.block_storage.volumes(), inputs
    ),
    "openstack:blockstorage/volumeTypeV3:VolumeTypeV3": lambda cloud, inputs: _named(
        cloud.block_storage.types(), inputs
    ),
    "openstack:blockstorage/volumeTypeAccessV3:VolumeTypeAccessV3": _type_access,
    "openstack:compute/aggregateV2:AggregateV2": lambda cloud, inputs: _named(
        cloud.compute.aggregates(), inputs
    ),
    "openstack:compute/flavor:Flavor": lambda cloud, inputs: _named(
        cloud.compute.flavors(details=True, is_public=None), inputs
    ),
    "openstack:compute/flavorAccess:FlavorAccess": _flavor_access,
    "openstack:compute/instance:Instance": _servers,
    "openstack:compute/keypair:Keypair": _keypairs,
    "openstack:compute/serverGroup:ServerGroup": lambda cloud, inputs: _named(
        cloud.compute.server_groups(), inputs
    ),
    "openstack:compute/volumeAttach:VolumeAttach": _volume_attachments,
    "openstack:identity/project:Project": _projects,
    "openstack:images/image:Image": _images,
    "openstack:networking/addressScope:AddressScope": lambda cloud, inputs: _named(
        cloud.network.address_scopes(), inputs
    ),
    "openstack:networking/network:Network": lambda cloud, inputs: _named(cloud.network.networks(), inputs),
    "openstack:networking/port:Port": _ports,
    "openstack:networking/rbacPolicyV2:RbacPolicyV2": _shares,
    "openstack:networking/router:Router": lambda cloud, inputs: _named(cloud.network.routers(), inputs),
    "openstack:networking/routerInterface:RouterInterface": _router_interfaces,
    "openstack:networking/routerRoute:RouterRoute": _router_routes,
    "openstack:networking/secGroup:SecGroup": lambda cloud, inputs: _named(
        cloud.network.security_groups(), inputs
    ),
    "openstack:networking/secGroupRule:SecGroupRule": _rules,
    "openstack:networking/subnet:Subnet": _subnets,
    "openstack:networking/subnetPool:SubnetPool": lambda cloud, inputs: _named(
        cloud.network.subnet_pools(), inputs
    ),
}

_OF_OTHERS: dict[str, Callable[[Connection, Inputs], list[str]]] = {
    "openstack:blockstorage/quoteSetV3:QuoteSetV3": _quotas,
    "openstack:compute/quotaSetV2:QuotaSetV2": _quotas,
    "openstack:images/image:Image": _images_of_others,
    "openstack:networking/quotaV2:QuotaV2": _quotas,
}
"""What is looked up in another way, or at all, only if somebody else made it."""
