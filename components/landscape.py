"""A whole estate: every component, in an order that follows from who needs whom."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.address_scope import AddressScope, SubnetPool
from components.component import Ref
from components.distributed_switch import DistributedSwitch
from components.esxi_aggregate import EsxiAggregate
from components.esxi_cluster import EsxiCluster
from components.flavor import Flavor
from components.host_aggregate import HostAggregate
from components.keypair import Keypair
from components.kvm_aggregate import KvmAggregate
from components.logical_network import LogicalNetwork, NetworkRef, existing_network
from components.logical_router import LogicalRouter
from components.project import Project
from components.security_group import SecurityGroup
from components.server_group import ServerGroup
from components.storage_array import StorageArray
from components.tagged_image import TaggedImage
from components.vcenter import reach
from components.workload import Surroundings, Workload
from estate.model import Aggregate, Estate, Hypervisor
from estate.model.block import ResourceBlock
from estate.placement.prediction import Prediction, predict
from estate.vsphere.connections import Login


@dataclass(frozen=True, kw_only=True)
class Landscape:
    """What the stack hands out."""

    aggregates: dict[str, pulumi.Output[str]]
    """Name → Nova's number of the aggregate."""
    servers: dict[str, pulumi.Output[str]]
    """Name → Nova's id of the server."""


def build(
    estate: Estate,
    *,
    logins: Mapping[str, Login],
    image_files: Mapping[str, str],
    user_data: Mapping[str, pulumi.Input[str]],
) -> Landscape:
    """Register the whole estate.

    :param logins: of every vCenter of the estate, by name.
    :param image_files: path of each image's file, see ``components.image_files.store``.
    :param user_data: of each server that has some, by name.
    """
    destroy_allowed = estate.estate.destroy == "allowed"

    def top(block: ResourceBlock | None = None) -> pulumi.ResourceOptions:
        own = block.protect if block is not None else None
        return pulumi.ResourceOptions(protect=not destroy_allowed if own is None else own)

    vcenters = {name: reach(one, logins[name], top()) for name, one in estate.vcenters.items()}
    switches = [
        DistributedSwitch(
            one,
            one.managed_switch,
            clusters=[cluster for cluster in estate.clusters.values() if cluster.vcenter == name],
            reached=vcenters[name],
            opts=top(),
        ).resource
        for name, one in estate.vcenters.items()
        if one.managed_switch is not None
    ]
    clusters = {
        name: EsxiCluster(
            one, vcenter=vcenters[one.vcenter], destroy_allowed=destroy_allowed, opts=top(one)
        ).ref
        for name, one in estate.clusters.items()
    }

    def aggregate(one: Aggregate) -> HostAggregate:
        if one.hypervisor is Hypervisor.KVM:
            return KvmAggregate(one, opts=top(one))
        return EsxiAggregate(one, clusters=[clusters[name] for name in one.clusters], opts=top(one))

    aggregates = {name: aggregate(one).ref for name, one in estate.aggregates.items()}
    projects = {name: Project(one, opts=top(one)) for name, one in estate.projects.items()}
    project_refs = {name: one.ref for name, one in projects.items()}
    networks = _networks(estate, project_refs, switches, top)
    groups = {name: SecurityGroup(one, opts=top(one)) for name, one in estate.security_groups.items()}
    for group in groups.values():
        group.allow(groups)
    cluster_ids = {name: cluster.id for name, cluster in clusters.items()}
    volume_types = {
        name: made
        for array in estate.storage.values()
        for name, made in StorageArray(
            array.name, estate=estate, cluster_ids=cluster_ids, projects=project_refs, opts=top(array)
        ).volume_types.items()
    }
    for project in projects.values():
        project.limit_volumes(volume_types)
    server_groups = {name: ServerGroup(one, opts=top(one)) for name, one in estate.server_groups.items()}
    surroundings = Surroundings(
        images={
            name: TaggedImage(one, files=image_files, opts=top(one)).refs
            for name, one in estate.images.items()
        },
        flavors={
            name: Flavor(one, projects=project_refs, opts=top(one)).ref
            for name, one in estate.flavors.items()
        },
        networks=networks,
        security_group_ids={name: group.id for name, group in groups.items()},
        volume_types=volume_types,
        keypairs={name: Keypair(one, opts=top(one)).name for name, one in estate.keypairs.items()},
        server_group_ids={name: one.id for name, one in server_groups.items()},
    )
    predictions = predict(estate)
    servers: dict[str, pulumi.Output[str]] = {}
    for workload in estate.workloads.values():
        servers |= Workload(
            workload,
            aggregates={name: aggregates[predictions[name].aggregate] for name in workload.servers},
            surroundings=surroundings,
            user_data=user_data,
            opts=top(workload),
        ).server_ids
    for name, server_group in server_groups.items():
        members = [
            server
            for server, workload in estate.servers().items()
            if workload.server_group == name
            and aggregates[predictions[server].aggregate].hypervisor is Hypervisor.ESXI
        ]
        server_group.spread(
            {member: servers[member] for member in members}, _clusters_of(estate, members, predictions)
        )
    return Landscape(aggregates={name: one.id for name, one in aggregates.items()}, servers=servers)


def _clusters_of(
    estate: Estate, members: list[str], predictions: Mapping[str, Prediction]
) -> dict[str, list[str]]:
    """vCenter → clusters in which Nova may put the members."""
    found: dict[str, list[str]] = {}
    for aggregate in sorted({predictions[member].aggregate for member in members}):
        for cluster in estate.aggregates[aggregate].clusters:
            found.setdefault(estate.clusters[cluster].vcenter, []).append(cluster)
    return found


def _networks(
    estate: Estate,
    projects: Mapping[str, Ref],
    switches: Sequence[pulumi.Resource],
    top: Callable[[ResourceBlock | None], pulumi.ResourceOptions],
) -> dict[str, NetworkRef]:
    """Networks and what joins them."""
    scopes = {name: AddressScope(one, opts=top(one)).id for name, one in estate.address_scopes.items()}
    pools = {
        name: SubnetPool(one, scope_id=scopes[one.scope] if one.scope else None, opts=top(one)).id
        for name, one in estate.subnet_pools.items()
    }
    networks = {
        name: existing_network(one)
        if one.existing
        else LogicalNetwork(
            one,
            back_end=estate.estate.network_backend,
            pool_ids=pools,
            projects=projects,
            switches=switches,
            opts=top(one),
        ).ref
        for name, one in estate.networks.items()
    }
    for router in estate.routers.values():
        LogicalRouter(
            router,
            networks=[networks[name] for name in router.networks],
            external=networks[router.external_network] if router.external_network else None,
            opts=top(router),
        )
    return networks
