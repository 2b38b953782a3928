"""The gate before a volume type is offered."""

from collections.abc import Sequence

import pulumi
from pulumi.dynamic import Resource

from components.gates.gate import Gate, Props
from estate.openstack import back_ends
from estate.openstack.sdk import Connection


class BackEndReadyProvider(Gate):
    """Waits until a back end reports to Cinder's scheduler; looked at once only."""

    def settle(self, cloud: Connection, olds: Props | None, props: Props) -> None:  # noqa: ARG002
        """Wait until a volume could be made."""
        back_ends.wait_until_serving(cloud, props["backEnd"], seconds=self.patience, report=self.say)


class BackEndReady(Resource, module="estate", name="BackEndReady"):
    """Named ``BACKEND-ready``."""

    def __init__(
        self, back_end: str, *, cluster_ids: Sequence[pulumi.Input[str]], opts: pulumi.ResourceOptions
    ) -> None:
        """``cluster_ids``: managed object ids of the vSphere clusters whose datastores it uses; KVM: none."""
        super().__init__(
            BackEndReadyProvider(),
            f"{back_end}-ready",
            {"backEnd": back_end, "clusterIds": list(cluster_ids)},
            opts,
        )
