"""A port of a server."""

from collections.abc import Mapping

import pulumi
import pulumi_openstack as openstack

from components.component import Component, formerly
from components.logical_network import NetworkRef
from estate.model import Workload


def port_name(server: str, network: str) -> str:
    """The same in Neutron and in the stack."""
    return f"{server}/{network}"


def server_port(
    server: str,
    workload: Workload,
    network: NetworkRef,
    *,
    security_group_ids: Mapping[str, pulumi.Output[str]],
    within: Component,
    project_id: pulumi.Input[str] | None = None,
) -> openstack.networking.Port:
    """The port of one of a workload's servers in a network; in the project of the login if none is given."""
    fixed = network.fixed(workload.addresses.get(network.name, ()))
    name = port_name(server, network.name)
    return openstack.networking.Port(
        name,
        name=name,
        tenant_id=project_id,
        network_id=network.id,
        admin_state_up=True,
        fixed_ips=fixed or None,
        security_group_ids=[security_group_ids[group] for group in workload.security_groups],
        # What no rule allows is refused: without this Neutron would add the project's default group.
        no_security_groups=not workload.security_groups,
        opts=within.child(
            delete_before_replace=bool(fixed),  # an address can be bound once
            was=formerly(f"{server}/", network.model.was),
        ),
    )


class ReservedPorts(Component):
    """Ports with fixed addresses for a workload that a member of another project makes.

    Neutron lets only the owner of a network choose an address (neutron/conf/policies/port.py
    ``create_port:fixed_ips:ip_address``); the ports belong to the project nevertheless.
    """

    def __init__(
        self,
        workload: Workload,
        *,
        networks: Mapping[str, NetworkRef],
        security_group_ids: Mapping[str, pulumi.Output[str]],
        project_id: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(workload.name, {"workload": workload.name}, opts, was=workload.was)
        for variant in workload.variants:
            for server in variant.servers:
                for network in variant.workload.addresses:
                    server_port(
                        server,
                        variant.workload,
                        networks[network],
                        security_group_ids=security_group_ids,
                        within=self,
                        project_id=project_id,
                    )
        self.done()
