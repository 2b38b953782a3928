"""The gate before a cluster: what vCenter's people set up in it, or all of it if it is not ours."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from components.gates.gate import Gate, Props
from estate.openstack.errors import CloudError
from estate.openstack.sdk import Connection
from estate.vsphere import clusters, connections
from estate.vsphere.session import session


class ClusterAsDeclaredProvider(Gate):
    """Compares a cluster and its hosts with the documents, at every diff; it changes nothing there."""

    def refusal(self, cloud: Connection, olds: Props | None, props: Props) -> str | None:  # noqa: ARG002
        """What is not as declared."""
        return "; ".join(_differences(props)) or None

    def settle(self, cloud: Connection, olds: Props | None, props: Props) -> None:  # noqa: ARG002
        """Refuse what is not as declared."""
        found = _differences(props)
        if found:
            raise CloudError("; ".join(found))

    def drifted(self, cloud: Connection, props: Props) -> bool:  # noqa: ARG002
        """Whether the cluster is another one by now."""
        found = _differences(props)
        for line in found:
            self.say(line)
        return bool(found)


class ClusterAsDeclared(Resource, module="estate", name="ClusterAsDeclared"):
    """Named ``CLUSTER-as-declared``."""

    def __init__(
        self, cluster: str, *, vcenter: str, declared: Mapping[str, Any], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__(
            ClusterAsDeclaredProvider(),
            f"{cluster}-as-declared",
            {"cluster": cluster, "vcenter": vcenter, "declared": dict(declared)},
            opts,
        )


def _differences(props: Props) -> list[str]:
    name = props["vcenter"]
    try:
        with session(name, connections.load([name])[name]) as service:
            return clusters.differences(service, props["cluster"], props["declared"])
    except connections.ConnectionsError as error:
        raise CloudError(str(error)) from None
