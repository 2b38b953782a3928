"""A logical network and its subnets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_openstack as openstack
from pulumi_openstack.networking import NetworkSegmentArgsDict, PortFixedIpArgsDict

from components.component import Component, Ref, formerly
from components.gates.host_routes import HostRoutes
from components.look_up import id_of
from estate.model import Network, NetworkBackend, Subnet
from estate.model.words import Address


@dataclass(frozen=True, kw_only=True)
class NetworkRef:
    """What ports and routers need of a network."""

    name: str
    id: pulumi.Output[str]
    """Known once the network's subnets exist as well: a port takes its addresses from them."""
    model: Network
    subnet_ids: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)

    def was_of(self, subnet: str) -> str | None:
        """``NETWORK/SUBNET`` before either was renamed; ``None`` if neither was."""
        was = self.model.subnets[subnet].was
        if was is None and self.model.was is None:
            return None
        return f"{self.model.was or self.name}/{was or subnet}"

    def fixed(self, addresses: tuple[Address, ...]) -> list[PortFixedIpArgsDict]:
        """``fixedIps`` of a port: these addresses, and one of Neutron's choice of every other version.

        Empty without addresses: Neutron then chooses all of them.
        """
        if not addresses:
            return []
        asked: list[PortFixedIpArgsDict] = [
            {"subnet_id": self.subnet_ids[subnet.name], "ip_address": str(one)}
            for one in addresses
            if (subnet := self.model.subnet_of(one)) is not None
        ]
        versions = {one.version for one in addresses}
        others: dict[int, PortFixedIpArgsDict] = {
            subnet.cidr.version: {"subnet_id": self.subnet_ids[name]}
            for name, subnet in reversed(self.model.subnets.items())
            if subnet.cidr.version not in versions
        }
        return [*asked, *others.values()]


def existing_network(network: Network) -> NetworkRef:
    """An external network that the cloud has already; its name is looked up at every preview."""
    found = id_of(
        "openstack:networking/getNetwork:getNetwork",
        subject=f'external network "{network.name}"',
        name=network.name,
        external=True,
    )
    return NetworkRef(name=network.name, id=found, model=network)


class LogicalNetwork(Component):
    """An overlay without provider attributes, a VLAN, or a network that leads out.

    Provider attributes of a network cannot change in Neutron: a network whose VLAN changes is made anew.
    """

    def __init__(
        self,
        network: Network,
        *,
        back_end: NetworkBackend,
        pool_ids: Mapping[str, pulumi.Output[str]],
        projects: Mapping[str, Ref],
        switches: Sequence[pulumi.Resource] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make the network.

        :param pool_ids: of every subnet pool of the estate, by name.
        :param projects: every project of the estate, by name.
        :param switches: distributed switches on which the network back end will carry it.
        """
        cidrs = {name: str(subnet.cidr) for name, subnet in network.subnets.items()}
        facts: dict[str, Any] = {"subnets": cidrs, "external": network.external is not None}
        if network.vlan is not None:
            facts["vlan"] = {"id": network.vlan.id, "transportZone": network.vlan.transport_zone}
        super().__init__(network.name, facts, opts, was=network.was)
        resource = openstack.networking.Network(
            network.name,
            name=network.name,
            description=network.description or "",
            admin_state_up=True,
            external=True if network.external is not None else None,
            shared=True if network.shared else None,
            mtu=network.mtu,
            port_security_enabled=None if network.port_security else False,
            segments=_segments(network, back_end),
            opts=self.child(depends_on=switches, replace_on_changes=["segments"]),
        )
        for project in network.shared_with:
            openstack.networking.RbacPolicyV2(
                f"{network.name}/shared/{project}",
                action="access_as_shared",
                object_type="network",
                object_id=resource.id,
                target_tenant=projects[project].id,
                # Neutron allows one per project.
                opts=self.child(
                    delete_before_replace=True,
                    was=formerly(f"{network.name}/shared/", projects[project].was),
                ),
            )
        subnets = {
            name: self._subnet(network.name, subnet, resource.id, pool_ids)
            for name, subnet in network.subnets.items()
        }
        subnet_ids = {name: subnet.id for name, subnet in subnets.items()}
        self.ref = NetworkRef(
            name=network.name,
            id=pulumi.Output.all(resource.id, *subnet_ids.values()).apply(lambda ids: str(ids[0])),
            model=network,
            subnet_ids=subnet_ids,
        )
        self.done(id=resource.id)

    def _subnet(
        self,
        network: str,
        subnet: Subnet,
        network_id: pulumi.Output[str],
        pool_ids: Mapping[str, pulumi.Output[str]],
    ) -> openstack.networking.Subnet:
        mode = subnet.ipv6_mode.value if subnet.ipv6_mode else None
        made = openstack.networking.Subnet(
            f"{network}/{subnet.name}",
            name=subnet.name,
            network_id=network_id,
            cidr=str(subnet.cidr),
            subnetpool_id=pool_ids[subnet.pool] if subnet.pool else None,
            ip_version=subnet.cidr.version,
            gateway_ip=str(subnet.gateway) if subnet.gateway and subnet.gateway_address else None,
            no_gateway=True if subnet.gateway_address is None else None,
            allocation_pools=[{"start": str(pool.start), "end": str(pool.end)} for pool in subnet.pools]
            or None,
            dns_nameservers=[str(server) for server in subnet.dns],
            enable_dhcp=subnet.dhcp,
            ipv6_address_mode=mode,
            ipv6_ra_mode=mode,
            # Neutron allows no overlap in a network.
            opts=self.child(
                delete_before_replace=True,
                was=formerly(f"{network}/", subnet.was),
                protect=subnet.protect,
            ),
        )
        if subnet.host_routes:
            HostRoutes(
                f"{network}/{subnet.name}",
                subnet_id=made.id,
                routes={str(route.destination): str(route.next_hop) for route in subnet.host_routes},
                opts=self.child(was=formerly(f"{network}/", subnet.was, "-routes")),
            )
        return made


def _segments(network: Network, back_end: NetworkBackend) -> list[NetworkSegmentArgsDict] | None:
    """Provider attributes; ``None`` leaves them to the back end, which makes an overlay."""
    if network.vlan is not None:
        return [
            {
                "network_type": "vlan",
                "physical_network": network.vlan.transport_zone,
                "segmentation_id": network.vlan.id,
            }
        ]
    if network.external is None or network.external.uplink is None:
        return None
    # vmware_nsx/plugins/common_v3/plugin.py _validate_external_net_create
    kind = "l3_ext" if back_end is NetworkBackend.NSX_POLICY else "flat"
    return [{"network_type": kind, "physical_network": network.external.uplink}]
