"""A logical router between networks."""

from collections.abc import Sequence

import pulumi
import pulumi_openstack as openstack

from components.component import Component
from components.logical_network import NetworkRef
from estate.model import Router


class LogicalRouter(Component):
    """A router with an interface in every subnet of its networks, and a gateway if it names one."""

    def __init__(
        self, router: Router, *, networks: Sequence[NetworkRef], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        facts = {"networks": list(router.networks), "externalNetwork": router.external_network}
        super().__init__(router.name, facts, opts)
        external = (
            openstack.networking.get_network_output(name=router.external_network, external=True).id
            if router.external_network
            else None
        )
        resource = openstack.networking.Router(
            router.name,
            name=router.name,
            admin_state_up=True,
            external_network_id=external,
            opts=self.child(),
        )
        for network in networks:
            for name, subnet_id in network.subnet_ids.items():
                openstack.networking.RouterInterface(
                    f"{router.name}/{network.name}/{name}",
                    router_id=resource.id,
                    subnet_id=subnet_id,
                    opts=self.child(delete_before_replace=True),  # one interface per subnet
                )
        self.done(id=resource.id)
