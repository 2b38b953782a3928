"""The gate before a host joins its aggregate."""

from collections.abc import Sequence

import pulumi
from pulumi.dynamic import Resource

from components.gates.gate import Gate, Props
from estate.openstack import computes, joining
from estate.openstack.sdk import Connection


class ComputeReadyProvider(Gate):
    """Waits for service, compute node and resource provider with its traits; and for Nova to take the host.

    That is looked at once: ``AggregateIsolation`` looks at every diff whether they are still there.
    """

    def refusal(self, cloud: Connection, olds: Props | None, props: Props) -> str | None:
        """A host of another zone cannot join."""
        return None if olds else joining.held_by_others(cloud, props["host"], props["zone"])

    def settle(self, cloud: Connection, olds: Props | None, props: Props) -> None:
        """Wait until the host is ready."""
        host, moid = props["host"], props["clusterId"]
        if olds is not None and olds["clusterId"] != moid:
            self.say(f"the service of {host} goes with its earlier cluster; restart its nova-compute")
            computes.retire(cloud, host)
        computes.wait_until_ready(
            cloud,
            host,
            props["traits"],
            node_prefix=f"{moid}." if moid else "",
            seconds=self.patience,
            report=self.say,
        )
        if olds is None or olds.get("aggregate", props["aggregate"]) != props["aggregate"]:
            joining.make_way(
                cloud, host, props["aggregate"], props["zone"], seconds=self.patience, report=self.say
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
        traits: Sequence[str],
        aggregate: str,
        zone: str,
        cluster_id: pulumi.Input[str] = "",
        opts: pulumi.ResourceOptions,
    ) -> None:
        """``traits``: that of its hypervisor, and those declared.

        ``cluster_id``: managed object id of the vSphere cluster behind the host; empty for KVM.
        """
        super().__init__(
            ComputeReadyProvider(),
            f"{host}-ready",
            {
                "host": host,
                "traits": list(traits),
                "aggregate": aggregate,
                "zone": zone,
                "clusterId": cluster_id,
            },
            opts,
        )
