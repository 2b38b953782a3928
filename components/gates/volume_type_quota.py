"""A project's quota of single volume types."""

from collections.abc import Mapping

import pulumi
from pulumi.dynamic import Resource

from components.gates.gate import Gate, Props
from estate.openstack import sdk
from estate.openstack.errors import CloudError
from estate.openstack.sdk import Connection


class VolumeTypeQuotaProvider(Gate):
    """Sets these limits only, and sees when they change.

    The OpenStack provider's own resource takes the limits of all types, also those of others, for its
    own (resource_openstack_blockstorage_quotaset_v3.go ``volume_type_quota``): a preview would never be
    without a change.
    """

    def settle(self, cloud: Connection, olds: Props | None, props: Props) -> None:
        """Set what is declared; what no longer is has no limit again."""
        gone = dict.fromkeys((olds or {}).get("limits", {}), -1)
        _set(cloud, props["project"], {**gone, **_limits(props)})

    def drifted(self, cloud: Connection, props: Props) -> bool:
        """Whether a limit is another one by now."""
        found = cloud.block_storage.get(f"/os-quota-sets/{props['project']}").json()["quota_set"]
        return any(found.get(key) != limit for key, limit in _limits(props).items())

    def leave(self, cloud: Connection, props: Props) -> None:
        """Take the limits away."""
        _set(cloud, props["project"], dict.fromkeys(props["limits"], -1))


class VolumeTypeQuota(Resource, module="estate", name="VolumeTypeQuota"):
    """Named ``PROJECT-volume-types``."""

    def __init__(
        self,
        project: str,
        *,
        project_id: pulumi.Input[str],
        limits: pulumi.Input[Mapping[str, int]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """``limits``: Cinder's key, e.g. ``volumes_standard-esxi`` or ``gigabytes_standard-esxi`` → limit."""
        super().__init__(
            VolumeTypeQuotaProvider(),
            f"{project}-volume-types",
            {"project": project_id, "limits": limits},
            opts,
        )


def _limits(props: Props) -> dict[str, int]:
    return {key: int(limit) for key, limit in props["limits"].items()}  # numbers come back as floats


def _set(cloud: Connection, project: str, limits: Mapping[str, int]) -> None:
    answer = cloud.block_storage.put(f"/os-quota-sets/{project}", json={"quota_set": dict(limits)})
    try:
        sdk.exceptions.raise_from_response(answer)
    except sdk.exceptions.HttpException as error:
        raise CloudError(f"Cinder refuses the quota {dict(limits)}: {error.details or error}") from None
