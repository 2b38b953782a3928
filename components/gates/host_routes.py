"""Routes that the servers of a subnet learn by DHCP."""

from collections.abc import Mapping

import pulumi
from pulumi.dynamic import Resource

from components.gates.gate import Gate, Props
from estate.openstack.sdk import Connection

Routes = list[dict[str, str]]


class HostRoutesProvider(Gate):
    """Sets all routes of a subnet at once; the provider for OpenStack has them one by one, if at all."""

    def settle(self, cloud: Connection, olds: Props | None, props: Props) -> None:  # noqa: ARG002
        """Set them; routes that nobody declared go."""
        cloud.network.update_subnet(props["subnetId"], host_routes=_wanted(props))

    def drifted(self, cloud: Connection, props: Props) -> bool:
        """Whether the subnet has others now, or is gone."""
        subnet = cloud.network.find_subnet(props["subnetId"])
        return subnet is None or _sorted(subnet.host_routes or []) != _wanted(props)

    def leave(self, cloud: Connection, props: Props) -> None:
        """Leave the subnet without routes, if it is still there."""
        if cloud.network.find_subnet(props["subnetId"]) is not None:
            cloud.network.update_subnet(props["subnetId"], host_routes=[])


def _wanted(props: Props) -> Routes:
    return _sorted([{"destination": key, "nexthop": value} for key, value in props["routes"].items()])


def _sorted(routes: Routes) -> Routes:
    return sorted(routes, key=lambda one: one["destination"])


class HostRoutes(Resource, module="estate", name="HostRoutes"):
    """Named ``NETWORK/SUBNET-routes``."""

    def __init__(
        self,
        subnet: str,
        *,
        subnet_id: pulumi.Input[str],
        routes: Mapping[str, str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """``routes``: destination → next hop."""
        super().__init__(
            HostRoutesProvider(),
            f"{subnet}-routes",
            {"subnetId": subnet_id, "routes": dict(routes)},
            opts,
        )
