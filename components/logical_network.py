"""A logical network and its subnets."""

from dataclasses import dataclass

import pulumi
import pulumi_openstack as openstack

from components.component import Component
from estate.model import Network


@dataclass(frozen=True, kw_only=True)
class NetworkRef:
    """What ports and routers need of a network."""

    name: str
    id: pulumi.Output[str]
    """Known once the network's subnets exist as well: a port takes its addresses from them."""
    subnet_ids: dict[str, pulumi.Output[str]]


class LogicalNetwork(Component):
    """A network without provider attributes: the back end makes an overlay of it for both hypervisors."""

    def __init__(self, network: Network, opts: pulumi.ResourceOptions | None = None) -> None:
        cidrs = {name: str(subnet.cidr) for name, subnet in network.subnets.items()}
        super().__init__(network.name, {"subnets": cidrs}, opts)
        resource = openstack.networking.Network(
            network.name,
            name=network.name,
            description=network.description or "",
            admin_state_up=True,
            opts=self.child(),
        )
        subnets = {
            name: openstack.networking.Subnet(
                f"{network.name}/{name}",
                name=name,
                network_id=resource.id,
                cidr=str(subnet.cidr),
                ip_version=subnet.cidr.version,
                gateway_ip=str(subnet.gateway) if subnet.gateway else None,
                allocation_pools=[{"start": str(pool.start), "end": str(pool.end)} for pool in subnet.pools]
                or None,
                dns_nameservers=[str(server) for server in subnet.dns],
                enable_dhcp=True,
                opts=self.child(delete_before_replace=True),  # Neutron allows no overlap in a network
            )
            for name, subnet in network.subnets.items()
        }
        subnet_ids = {name: subnet.id for name, subnet in subnets.items()}
        self.ref = NetworkRef(
            name=network.name,
            id=pulumi.Output.all(resource.id, *subnet_ids.values()).apply(lambda ids: str(ids[0])),
            subnet_ids=subnet_ids,
        )
        self.done(id=resource.id)
