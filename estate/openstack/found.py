"""All that a cloud has and that documents could describe, in lists; one call more for each private type."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from estate.adoption.found import Found, FoundHost, Thing
from estate.openstack import placement, volume_types
from estate.openstack.computes import hypervisors
from estate.openstack.connection import cloud_faults
from estate.openstack.sdk import Connection


def observe(cloud: Connection) -> Found:
    """What is there, of all projects; clusters and datastores are the vCenters'. Needs an administrator.

    Raises :class:`CloudError`.
    """
    with cloud_faults():
        compute, network, cinder = cloud.compute, cloud.network, cloud.block_storage
        flavors = _plain(compute.flavors(details=True, is_public=None, get_extra_specs=True))
        types = _plain(cinder.types(is_public=None))
        images = [*cloud.image.images(), *cloud.image.images(is_hidden=True)]
        return Found(
            project=cloud.current_project_id or "",
            hosts=tuple(_hosts(cloud)),
            aggregates=_plain(compute.aggregates()),
            flavors=flavors,
            flavor_access={
                one["id"]: tuple(access["tenant_id"] for access in compute.get_flavor_access(one["id"]))
                for one in flavors
                if not one["is_public"]
            },
            keypairs=_plain(compute.keypairs()),
            server_groups=_plain(compute.server_groups(all_projects=True)),
            servers=_plain(compute.servers(details=True, all_projects=True)),
            images=_plain({one.id: one for one in images}.values()),
            projects=_plain(one for one in cloud.list_projects() if not one.is_domain),
            address_scopes=_plain(network.address_scopes()),
            subnet_pools=_plain(network.subnet_pools()),
            networks=_plain(network.networks()),
            subnets=_plain(network.subnets()),
            routers=_plain(network.routers()),
            ports=_plain(network.ports()),
            shares=_plain(network.rbac_policies()),
            security_groups=_plain(network.security_groups()),
            floating_ips=_plain(network.ips()),
            pools=_plain(cinder.backend_pools()),
            volume_types=types,
            type_access={one["id"]: _type_access(cloud, one["id"]) for one in types if not one["is_public"]},
            type_encryption={
                one["id"]: asdict(encryption)
                for one in types
                if (encryption := volume_types.encryption_of(cloud, one["id"])) is not None
            },
            type_limits=_limits(cloud),
            default_types={
                one["project_id"]: one["volume_type_id"]
                for one in cinder.get("/default-types", microversion="3.62").json().get("default_types", [])
            },
            volumes=_plain(cinder.volumes(details=True, all_projects=True)),
            snapshots=_plain(cinder.snapshots(details=True, all_projects=True)),
        )


def _plain(objects: Iterable[Any]) -> tuple[Thing, ...]:
    return tuple(one.to_dict(computed=False) for one in objects)


def _hosts(cloud: Connection) -> Iterable[FoundHost]:
    for node in hypervisors(cloud):
        yield FoundHost(
            host=node["service"]["host"],
            node=node["hypervisor_hostname"],
            hypervisor=node["hypervisor_type"],
            inventories=placement.inventories(cloud, node["id"]),
            traits=placement.traits(cloud, node["id"]) or frozenset(),
        )


def _type_access(cloud: Connection, identity: str) -> tuple[str, ...]:
    answer = cloud.block_storage.get(f"/types/{identity}/os-volume-type-access").json()
    return tuple(one["project_id"] for one in answer["volume_type_access"])


def _limits(cloud: Connection) -> dict[str, Thing]:
    """Volume type → the QoS specs that it is associated with."""
    found = {}
    for one in cloud.block_storage.get("/qos-specs").json()["qos_specs"]:
        answer = cloud.block_storage.get(f"/qos-specs/{one['id']}/associations").json()
        for associated in answer["qos_associations"]:
            if associated["association_type"] == "volume_type":
                found[associated["id"]] = one
    return found
