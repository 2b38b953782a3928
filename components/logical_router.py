"""A logical router between networks."""

from collections.abc import Sequence

import pulumi
import pulumi_openstack as openstack

from components.component import Component, formerly
from components.logical_network import NetworkRef
from estate.model import Router


class LogicalRouter(Component):
    """A router with an interface in every subnet of its networks, and a gateway if it names one."""

    def __init__(
        self,
        router: Router,
        *,
        networks: Sequence[NetworkRef],
        external: NetworkRef | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        facts = {"networks": list(router.networks), "externalNetwork": router.external_network}
        super().__init__(router.name, facts, opts, was=router.was)
        resource = openstack.networking.Router(
            router.name,
            name=router.name,
            admin_state_up=True,
            external_network_id=external.id if external is not None else None,
            external_fixed_ips=[{"ip_address": str(one)} for one in router.external_addresses] or None,
            enable_snat=router.snat,
            opts=self.child(),
        )
        interfaces = [
            openstack.networking.RouterInterface(
                f"{router.name}/{network.name}/{name}",
                router_id=resource.id,
                subnet_id=subnet_id,
                # One interface per subnet.
                opts=self.child(
                    delete_before_replace=True, was=formerly(f"{router.name}/", network.was_of(name))
                ),
            )
            for network in networks
            for name, subnet_id in network.subnet_ids.items()
        ]
        for route in router.routes:
            openstack.networking.RouterRoute(
                f"{router.name}/{route.destination}",
                router_id=resource.id,
                destination_cidr=str(route.destination),
                next_hop=str(route.next_hop),
                # Neutron takes a next hop only in a network that the router has an interface in.
                opts=self.child(depends_on=interfaces, delete_before_replace=True),
            )
        self.done(id=resource.id)
