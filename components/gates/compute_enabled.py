"""The gate that opens a host for servers."""

import pulumi
from pulumi.dynamic import Resource

from components.gates.gate import Gate, Props
from estate.openstack import computes, isolation
from estate.openstack.sdk import Connection


class ComputeEnabledProvider(Gate):
    """Enables a compute service once its aggregate isolates it; disables it before the aggregate goes.

    A service that an operator (or Nova's VMware driver, when it lost its vCenter) disabled is left
    alone: it is said at every preview, and the step counts as done. Only what Nova disabled because
    it is new, or we ourselves did, is enabled.
    """

    def settle(self, cloud: Connection, olds: Props | None, props: Props) -> None:  # noqa: ARG002
        """Enable the service."""
        computes.enable(cloud, props["host"], seconds=self.patience, report=self.say)

    def drifted(self, cloud: Connection, props: Props) -> bool:
        """Whether the service is held back again."""
        return computes.to_be_enabled(cloud, props["host"], self.say)

    def leave(self, cloud: Connection, props: Props) -> None:
        """Disable the service, unless the host has left the aggregate (``LeavingHosts`` saw to it then)."""
        if isolation.has_member(cloud, props["aggregateId"], props["host"]):
            computes.disable(cloud, props["host"], f"aggregate {props['aggregate']} is taken down")


class ComputeEnabled(Resource, module="estate", name="ComputeEnabled"):
    """Named ``HOST-enabled``."""

    def __init__(
        self, host: str, *, aggregate: str, aggregate_id: pulumi.Input[str], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__(
            ComputeEnabledProvider(),
            f"{host}-enabled",
            {"host": host, "aggregate": aggregate, "aggregateId": aggregate_id},
            opts,
        )
