"""The gate before a host joins its aggregate."""

import pulumi
from openstack.connection import Connection
from pulumi.dynamic import Resource

from components.gates.gate import Gate, Props
from estate.openstack import computes


class ComputeReadyProvider(Gate):
    """Waits for service, compute node and resource provider with its trait.

    That is looked at once: ``AggregateIsolation`` looks at every diff whether they are still there.
    """

    def settle(self, cloud: Connection, olds: Props | None, props: Props) -> None:  # noqa: ARG002
        """Wait until the host is ready."""
        moid = props["clusterId"]
        computes.wait_until_ready(
            cloud,
            props["host"],
            props["trait"],
            node_prefix=f"{moid}." if moid else "",
            seconds=self.patience,
            report=self.say,
        )

    def leave(self, cloud: Connection, props: Props) -> None:
        """Retire the service of an ESXi cluster: the cluster goes next."""
        if props["clusterId"]:
            computes.retire(cloud, props["host"])


class ComputeReady(Resource, module="estate", name="ComputeReady"):
    """Named ``HOST-ready``."""

    def __init__(
        self,
        host: str,
        *,
        trait: str,
        cluster_id: pulumi.Input[str] = "",
        opts: pulumi.ResourceOptions,
    ) -> None:
        """``cluster_id``: managed object id of the vSphere cluster behind the host; empty for KVM."""
        super().__init__(
            ComputeReadyProvider(),
            f"{host}-ready",
            {"host": host, "trait": trait, "clusterId": cluster_id},
            opts,
        )
