"""A vSphere cluster, as Nova's VMware driver wants it."""

from dataclasses import dataclass

import pulumi
import pulumi_vsphere as vsphere

from components.component import Component
from components.gates.cluster_as_declared import ClusterAsDeclared
from components.look_up import id_of
from components.vcenter import VCenterRef, host_id
from estate.model import Cluster, Mode
from estate.model.clusters import DrsAutomation
from estate.vsphere.clusters import declared

_AUTOMATION = {
    DrsAutomation.FULLY_AUTOMATED: "fullyAutomated",
    DrsAutomation.PARTIALLY_AUTOMATED: "partiallyAutomated",
    DrsAutomation.MANUAL: "manual",
}
_EVACUATION = 3600
"""Seconds that a host may take to empty itself when it leaves the cluster."""


@dataclass(frozen=True, kw_only=True)
class ClusterRef:
    """What an aggregate needs of a cluster."""

    name: str
    compute_host: str
    traits: tuple[str, ...]
    id: pulumi.Output[str]
    """Managed object id, e.g. ``domain-c26``: start of the name of its compute node."""


class EsxiCluster(Component):
    """Hosts in a cluster with DRS and HA. The hosts are in the data center already, outside other clusters.

    What the provider cannot set is compared only: EVC, and the hosts' VMkernel adapters.

    The cluster's ``host_system_ids`` are the one owner of host membership. A referenced cluster is neither
    made nor changed, only found and compared with the documents.

    Only properties that provider 1.26 knows as well as 2.x: the toolchain may have built the older one.
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        vcenter: VCenterRef,
        destroy_allowed: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        facts = {
            "mode": cluster.mode.value,
            "vcenter": cluster.vcenter,
            "computeHost": cluster.compute_host,
            "hosts": list(cluster.hosts),
            "drs": {
                "automation": cluster.drs.automation.value,
                "migrationThreshold": cluster.drs.migration_threshold,
            },
            "haEnabled": cluster.ha.enabled,
        }
        super().__init__(cluster.name, facts, opts, was=cluster.was)
        as_declared = ClusterAsDeclared(
            cluster.name, vcenter=cluster.vcenter, declared=declared(cluster), opts=self.child()
        )
        if cluster.mode is Mode.REFERENCED:
            found = id_of(
                "vsphere:index/getComputeCluster:getComputeCluster",
                subject=f'cluster "{cluster.name}" of vCenter "{vcenter.name}"',
                provider=vcenter.provider,
                name=cluster.name,
                datacenterId=vcenter.datacenter_id,
            )
            self.ref = _ref(cluster, found)
            self.done(id=found)
            return
        hosts = [host_id(vcenter, host) for host in sorted(cluster.hosts)]
        control = cluster.ha.admission_control
        resource = vsphere.ComputeCluster(
            cluster.name,
            name=cluster.name,
            datacenter_id=vcenter.datacenter_id,
            host_system_ids=hosts,
            host_cluster_exit_timeout=_EVACUATION,
            # Without it the provider refuses to delete a cluster with hosts, which is what `forbidden` wants.
            force_evacuate_on_destroy=destroy_allowed,
            drs_enabled=True,
            drs_automation_level=_AUTOMATION[cluster.drs.automation],
            drs_migration_threshold=cluster.drs.migration_threshold,
            ha_enabled=cluster.ha.enabled,
            ha_admission_control_policy="resourcePercentage" if control else "disabled",
            ha_admission_control_host_failure_tolerance=control.host_failures if control else 0,
            opts=self.child(provider=vcenter.provider, depends_on=[as_declared]),
        )
        self.ref = _ref(cluster, resource.id)
        self.done(id=resource.id)


def _ref(cluster: Cluster, moid: pulumi.Output[str]) -> ClusterRef:
    return ClusterRef(name=cluster.name, compute_host=cluster.compute_host, traits=cluster.traits, id=moid)
