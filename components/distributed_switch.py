"""The distributed switch of a vCenter's data network."""

from collections.abc import Iterable

import pulumi
import pulumi_vsphere as vsphere

from components.component import Component, formerly
from components.vcenter import VCenterRef, host_id
from estate.model import Cluster, VCenter
from estate.model.vcenters import ManagedSwitch


class DistributedSwitch(Component):
    """A switch whose uplinks are the data cards of all ESXi hosts, and its port groups.

    What the network back end adds for logical networks is its own: this switch must be there before.
    """

    def __init__(
        self,
        vcenter: VCenter,
        switch: ManagedSwitch,
        *,
        clusters: Iterable[Cluster],
        reached: VCenterRef,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        cards = {
            host: one.nics.data
            for cluster in clusters
            for one in cluster.host_classes.values()
            for host in one.hosts
            if one.nics.data
        }
        uplinks = [f"uplink{number + 1}" for number in range(max(map(len, cards.values()), default=1))]
        facts = {
            "vcenter": vcenter.name,
            "mtu": switch.mtu,
            "hosts": sorted(cards),
            "portGroups": sorted(switch.port_groups),
        }
        # Two vCenters may each have a switch of this name, and each switch a port group of one name.
        name = f"{vcenter.name}/{vcenter.switch}"
        was = None
        if vcenter.was is not None or switch.was is not None:
            was = f"{vcenter.was or vcenter.name}/{switch.was or vcenter.switch}"
        super().__init__(name, facts, opts, was=was)
        self.resource = vsphere.DistributedVirtualSwitch(
            name,
            name=vcenter.switch,
            datacenter_id=reached.datacenter_id,
            max_mtu=switch.mtu,
            uplinks=uplinks,
            active_uplinks=uplinks,
            hosts=[
                {"host_system_id": host_id(reached, host), "devices": list(devices)}
                for host, devices in sorted(cards.items())
            ],
            opts=self.child(provider=reached.provider),
        )
        for group in switch.port_groups.values():
            vsphere.DistributedPortGroup(
                f"{name}/{group.name}",
                name=group.name,
                description=group.description,
                distributed_virtual_switch_uuid=self.resource.id,
                vlan_id=group.vlan,
                opts=self.child(
                    provider=reached.provider,
                    was=formerly(f"{name}/", group.was),
                    protect=group.protect,
                ),
            )
        self.done(id=self.resource.id)
