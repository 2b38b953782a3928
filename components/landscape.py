"""A whole estate, or one part of it: every component, in an order that follows from who needs whom."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pulumi

from components import existing as found
from components import siblings
from components.address_scope import AddressScope, SubnetPool
from components.component import Ref, formerly
from components.distributed_switch import DistributedSwitch
from components.esxi_aggregate import EsxiAggregate
from components.esxi_cluster import ClusterRef, EsxiCluster
from components.flavor import Flavor
from components.gates.servers_spread import ServersSpread
from components.gates.shrinking_disks import ShrinkingDisks
from components.host_aggregate import AggregateRef, HostAggregate
from components.keypair import Keypair
from components.kvm_aggregate import KvmAggregate
from components.logical_network import LogicalNetwork, NetworkRef, existing_network
from components.logical_router import LogicalRouter
from components.project import Project
from components.security_group import SecurityGroup
from components.server_group import ServerGroup
from components.server_port import ReservedPorts
from components.storage_array import StorageArray
from components.tagged_image import TaggedImage
from components.turns import Turns
from components.vcenter import reach
from components.workload import Surroundings, Workload
from estate.model import Aggregate, Estate, Hypervisor
from estate.model import ServerGroup as ServerGroupModel
from estate.model.block import NamedBlock, ResourceBlock
from estate.model.partition import Share, partition, project_of
from estate.openstack.existing import Existing
from estate.placement.prediction import Prediction, predict
from estate.placement.together import Bound, bound_together
from estate.vsphere.connections import Login

_B = TypeVar("_B", bound=NamedBlock)


@dataclass(kw_only=True)
class Landscape:
    """What the stack hands out; by name."""

    clusters: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    """Managed object ids of the vSphere clusters."""
    aggregates: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    """Nova's numbers of the aggregates."""
    servers: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    """Nova's ids of the servers."""


def build(
    estate: Estate,
    share: Share,
    *,
    logins: Mapping[str, Login],
    image_files: Mapping[str, str],
    user_data: Mapping[str, pulumi.Input[str]],
    existing: Existing | None = None,
) -> Landscape:
    """Register what one stack makes of the estate; for an estate without parts that is all of it.

    :param logins: of every vCenter that the stack reaches, by name.
    :param image_files: path of each image's file, see ``components.image_files.store``.
    :param user_data: of each server that has some, by name.
    :param existing: in the part of a project, what its workloads stand in.
    """
    top = _Top(estate.estate.destroy == "allowed")
    clusters, switches = _vsphere(estate, share, logins, top)
    made = Landscape(clusters={name: one.id for name, one in clusters.items()})
    keypairs = {name: Keypair(one, opts=top(one)).name for name, one in _of(estate.keypairs, share.keypairs)}
    groups = {
        name: ServerGroup(one, opts=top(one)) for name, one in _of(estate.server_groups, share.server_groups)
    }
    group_ids = {name: one.id for name, one in groups.items()}
    if share.platform:
        clusters |= _clusters_of_others(estate, share)
        hosts = _aggregates(estate, clusters, top)
        made.aggregates = {name: one.id for name, one in hosts.items()}
        aggregates = {name: one.ref for name, one in hosts.items()}
        surroundings = _platform(
            estate,
            owners={} if share.whole else project_of(estate),
            switches=switches,
            cluster_ids={name: one.id for name, one in clusters.items()},
            image_files=image_files,
            keypairs=keypairs,
            server_group_ids=group_ids,
            top=top,
        )
    else:
        aggregates = found.aggregates(estate)
        surroundings = found.surroundings(
            estate, existing or Existing(), keypairs=keypairs, server_group_ids=group_ids
        )
    if share.workloads:
        ShrinkingDisks(
            [one for _, one in _of(estate.workloads, share.workloads)], flavors=estate.flavors, opts=top()
        )
    predictions = predict(estate)
    turns = {name: Turns(one) for name, one in estate.server_groups.items()}

    def make(names: Iterable[str], aggregates: Mapping[str, AggregateRef]) -> None:
        for _, workload in _of(estate.workloads, names):
            made.servers |= Workload(
                workload,
                aggregates={server: aggregates[predictions[server].aggregate] for server in workload.servers},
                surroundings=surroundings,
                user_data=user_data,
                turns=turns,
                opts=top(workload),
            ).server_ids

    together = bound_together(estate, predictions)
    first = [name for name in share.workloads if any(name in one.workloads for one in together.values())]
    make(first, aggregates)
    make((name for name in share.workloads if name not in first), _once_together(aggregates, turns, together))
    servers = made.servers if share.platform else _servers_of_others(estate, share)
    for name in share.apart:
        members = _members_on_esxi(estate, name, predictions)
        ServersSpread(
            name,
            server_ids=[servers[member] for member in members],
            clusters=_clusters_of(estate, members, predictions),
            opts=groups[name].child() if name in groups else _renamed(top(), estate.server_groups[name]),
        )
    return made


def _once_together(
    aggregates: Mapping[str, AggregateRef], turns: Mapping[str, Turns], together: Mapping[str, Bound]
) -> dict[str, AggregateRef]:
    """The aggregates for servers that come after those which must share a host there."""
    return {
        name: replace(
            one,
            enabled=(
                *one.enabled,
                *(
                    server
                    for group in (together[name].groups if name in together else ())
                    for server in turns[group].following
                ),
            ),
        )
        for name, one in aggregates.items()
    }


class _Top:
    """Options of what has no parent."""

    def __init__(self, destroy_allowed: bool) -> None:
        self.destroy_allowed = destroy_allowed

    def __call__(self, block: ResourceBlock | None = None) -> pulumi.ResourceOptions:
        own = block.protect if block is not None else None
        return pulumi.ResourceOptions(protect=not self.destroy_allowed if own is None else own)


def _renamed(opts: pulumi.ResourceOptions, group: ServerGroupModel) -> pulumi.ResourceOptions:
    """Outside of its group's component a gate does not follow a rename by itself."""
    was = formerly("", group.was, "-spread")
    return (
        opts
        if was is None
        else pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[pulumi.Alias(name=was)]))
    )


def _of(blocks: Mapping[str, _B], names: Iterable[str]) -> list[tuple[str, _B]]:
    return [(name, blocks[name]) for name in names]


def _vsphere(
    estate: Estate, share: Share, logins: Mapping[str, Login], top: _Top
) -> tuple[dict[str, ClusterRef], list[pulumi.Resource]]:
    """Clusters and distributed switches of the share's vCenters."""
    clusters: dict[str, ClusterRef] = {}
    switches: list[pulumi.Resource] = []
    for name, vcenter in _of(estate.vcenters, share.vcenters):
        reached = reach(vcenter, logins[name], top(vcenter))
        members = {key: one for key, one in estate.clusters.items() if one.vcenter == name}
        if vcenter.managed_switch is not None:
            made = DistributedSwitch(
                vcenter,
                vcenter.managed_switch,
                clusters=members.values(),
                reached=reached,
                opts=top(vcenter),
            )
            switches.append(made.resource)
        for key, cluster in members.items():
            clusters[key] = EsxiCluster(
                cluster, vcenter=reached, destroy_allowed=top.destroy_allowed, opts=top(cluster)
            ).ref
    return clusters, switches


def _clusters_of_others(estate: Estate, share: Share) -> dict[str, ClusterRef]:
    """Clusters that parts of vCenters make."""
    found = {}
    for other in partition(estate):
        names = [name for name, one in estate.clusters.items() if one.vcenter in other.vcenters]
        if other != share and names:
            for name, id_ in siblings.outputs(other.name, "clusters", names, own=share.name).items():
                one = estate.clusters[name]
                found[name] = ClusterRef(name=name, compute_host=one.compute_host, traits=one.traits, id=id_)
    return found


def _servers_of_others(estate: Estate, share: Share) -> dict[str, pulumi.Output[str]]:
    """Servers that other parts make and that belong to groups which this one keeps apart."""
    found: dict[str, pulumi.Output[str]] = {}
    for other in partition(estate):
        servers = [
            server
            for _, workload in _of(estate.workloads, other.workloads)
            if workload.server_group in share.apart
            for server in workload.servers
        ]
        if other != share and servers:
            found |= siblings.outputs(other.name, "servers", servers, own=share.name)
    return found


def _aggregates(estate: Estate, clusters: Mapping[str, ClusterRef], top: _Top) -> dict[str, HostAggregate]:
    def aggregate(one: Aggregate) -> HostAggregate:
        if one.hypervisor is Hypervisor.KVM:
            return KvmAggregate(one, opts=top(one))
        return EsxiAggregate(one, clusters=[clusters[name] for name in one.clusters], opts=top(one))

    return {name: aggregate(one) for name, one in estate.aggregates.items()}


def _platform(
    estate: Estate,
    *,
    owners: Mapping[str, str],
    switches: Sequence[pulumi.Resource],
    cluster_ids: Mapping[str, pulumi.Output[str]],
    image_files: Mapping[str, str],
    keypairs: Mapping[str, pulumi.Output[str]],
    server_group_ids: Mapping[str, pulumi.Output[str]],
    top: _Top,
) -> Surroundings:
    """What only an administrator makes, for all projects. ``owners``: workload of another part → project."""
    projects = {name: Project(one, opts=top(one)) for name, one in estate.projects.items()}
    project_refs = {name: one.ref for name, one in projects.items()}
    networks = _networks(estate, project_refs, switches, top)
    groups = {name: SecurityGroup(one, opts=top(one)) for name, one in estate.security_groups.items()}
    for name, group in groups.items():
        group.allow(groups)
        group.share({project: project_refs[project] for project in _projects_with(estate, owners, name)})
    volume_types = {
        name: made
        for array in estate.storage.values()
        for name, made in StorageArray(
            array.name, estate=estate, cluster_ids=cluster_ids, projects=project_refs, opts=top(array)
        ).volume_types.items()
    }
    for project in projects.values():
        project.limit_volumes(volume_types)
    images = {name: TaggedImage(one, files=image_files, opts=top(one)) for name, one in estate.images.items()}
    group_ids = {name: group.id for name, group in groups.items()}
    for name, owner in owners.items():
        workload = estate.workloads[name]
        if any(one.workload.addresses for one in workload.variants):
            ReservedPorts(
                workload,
                networks=networks,
                security_group_ids=group_ids,
                project_id=project_refs[owner].id,
                opts=top(workload),
            )
    return Surroundings(
        images={
            (name, version): ref
            for name, image in images.items()
            for version, ref in [(None, next(iter(image.refs.values()))), *image.refs.items()]
        },
        flavors={
            name: Flavor(one, projects=project_refs, opts=top(one)).ref
            for name, one in estate.flavors.items()
        },
        networks=networks,
        security_group_ids=group_ids,
        volume_types=volume_types,
        keypairs=keypairs,
        server_group_ids=server_group_ids,
    )


def _projects_with(estate: Estate, owners: Mapping[str, str], security_group: str) -> list[str]:
    """Projects whose parts put a security group on their ports."""
    return sorted(
        {
            project
            for name, project in owners.items()
            if any(security_group in one.workload.security_groups for one in estate.workloads[name].variants)
        }
    )


def _members_on_esxi(estate: Estate, group: str, predictions: Mapping[str, Prediction]) -> list[str]:
    return [
        server
        for server, workload in estate.servers().items()
        if workload.server_group == group
        and estate.aggregates[predictions[server].aggregate].hypervisor is Hypervisor.ESXI
    ]


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
    top: _Top,
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
