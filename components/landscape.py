"""A whole estate: every component, in an order that follows from who needs whom."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.esxi_aggregate import EsxiAggregate
from components.esxi_cluster import EsxiCluster
from components.flavor import Flavor
from components.host_aggregate import HostAggregate
from components.kvm_aggregate import KvmAggregate
from components.logical_network import LogicalNetwork
from components.logical_router import LogicalRouter
from components.project import Project
from components.security_group import SecurityGroup
from components.storage_array import StorageArray
from components.tagged_image import TaggedImage
from components.vcenter import reach
from components.workload import Workload
from estate.model import Aggregate, Estate, Hypervisor
from estate.placement.prediction import predict
from estate.vsphere.connections import Login


@dataclass(frozen=True, kw_only=True)
class Landscape:
    """What the stack hands out."""

    aggregates: dict[str, pulumi.Output[str]]
    """Name → Nova's number of the aggregate."""
    servers: dict[str, pulumi.Output[str]]
    """Name → Nova's id of the server."""


def build(estate: Estate, *, logins: Mapping[str, Login], image_files: Mapping[str, str]) -> Landscape:
    """Register the whole estate.

    :param logins: of every vCenter of the estate, by name.
    :param image_files: path of each image's file, see ``components.tagged_image.store``.
    """
    destroy_allowed = estate.estate.destroy == "allowed"

    def top() -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(protect=not destroy_allowed)

    vcenters = {name: reach(one, logins[name], top()) for name, one in estate.vcenters.items()}
    clusters = {
        name: EsxiCluster(one, vcenter=vcenters[one.vcenter], destroy_allowed=destroy_allowed, opts=top()).ref
        for name, one in estate.clusters.items()
    }

    def aggregate(one: Aggregate) -> HostAggregate:
        if one.hypervisor is Hypervisor.KVM:
            return KvmAggregate(one, opts=top())
        return EsxiAggregate(one, clusters=[clusters[name] for name in one.clusters], opts=top())

    aggregates = {name: aggregate(one).ref for name, one in estate.aggregates.items()}
    networks = {name: LogicalNetwork(one, opts=top()).ref for name, one in estate.networks.items()}
    for router in estate.routers.values():
        LogicalRouter(router, networks=[networks[name] for name in router.networks], opts=top())
    groups = {name: SecurityGroup(one, opts=top()) for name, one in estate.security_groups.items()}
    for group in groups.values():
        group.allow(groups)
    cluster_ids = {name: cluster.id for name, cluster in clusters.items()}
    volume_types = {
        name: made
        for array in estate.storage
        for name, made in StorageArray(
            array, estate=estate, cluster_ids=cluster_ids, opts=top()
        ).volume_types.items()
    }
    projects = {name: Project(one, opts=top()).id for name, one in estate.projects.items()}
    flavors = {
        name: Flavor(one, project_ids=projects, opts=top()).ref for name, one in estate.flavors.items()
    }
    images = {
        name: TaggedImage(one, file=image_files[name], opts=top()).ref for name, one in estate.images.items()
    }
    predictions = predict(estate)
    servers: dict[str, pulumi.Output[str]] = {}
    for workload in estate.workloads.values():
        servers |= Workload(
            workload,
            aggregate=aggregates[predictions[workload.servers[0]].aggregate],
            image=images[workload.image],
            flavor=flavors[workload.flavor],
            networks=networks,
            security_group_ids={name: groups[name].id for name in workload.security_groups},
            volume_types=volume_types,
            opts=top(),
        ).server_ids
    return Landscape(aggregates={name: one.id for name, one in aggregates.items()}, servers=servers)
