"""The volume type that a project's volumes have if they name none."""

import pulumi
from pulumi.dynamic import Resource

from components.gates.gate import Gate, Props
from estate.openstack import volume_types
from estate.openstack.sdk import Connection


class DefaultVolumeTypeProvider(Gate):
    """Sets the default, sees when somebody else changes it, and takes it back on deletion.

    Not a gate that anything waits for; the provider for OpenStack has no resource for it.
    """

    def settle(self, cloud: Connection, olds: Props | None, props: Props) -> None:
        """Set it; another project's is taken back."""
        if olds is not None and olds["projectId"] != props["projectId"]:
            volume_types.unset_default(cloud, olds["projectId"], olds["volumeTypeId"])
        volume_types.set_default(cloud, props["projectId"], props["volumeTypeId"])

    def drifted(self, cloud: Connection, props: Props) -> bool:
        """Whether the project has another default now, or none."""
        return volume_types.default_of(cloud, props["projectId"]) != str(props["volumeTypeId"])

    def leave(self, cloud: Connection, props: Props) -> None:
        """Take it back, unless the project has another one by now: Cinder deletes no type that is one."""
        volume_types.unset_default(cloud, props["projectId"], props["volumeTypeId"])


class DefaultVolumeType(Resource, module="estate", name="DefaultVolumeType"):
    """Named ``PROJECT-default-volume-type``."""

    def __init__(
        self,
        project: str,
        *,
        project_id: pulumi.Input[str],
        volume_type_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(
            DefaultVolumeTypeProvider(),
            f"{project}-default-volume-type",
            {"projectId": project_id, "volumeTypeId": volume_type_id},
            opts,
        )
