"""Volume types of a shared array."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_openstack as openstack

from components.component import Component, Ref, formerly
from components.gates.back_end_ready import BackEndReady
from components.gates.default_volume_type import DefaultVolumeType
from components.gates.volume_type_encryption import VolumeTypeEncryption
from components.gates.volume_types_in_use import VolumeTypesInUse
from estate.model import Estate, VolumeType
from estate.placement.pairing import back_ends, volume_backend_name, volume_type_extra_specs


class StorageArray(Component):
    """The array's volume types, one per side that it serves. The array itself exists already.

    A type is offered once a back end serves it: a volume made earlier would go into error at once. A
    type that volumes have cannot be deleted (Cinder refuses), and its limits change in place.

    ``volume_types``: name → resource name known once the type exists, encrypted if it says so.
    """

    def __init__(
        self,
        name: str,
        *,
        estate: Estate,
        cluster_ids: Mapping[str, pulumi.Output[str]],
        projects: Mapping[str, Ref],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``cluster_ids``: vSphere cluster → managed object id. Both maps have all of the estate."""
        array = estate.storage[name]
        extra_specs = {kind: volume_type_extra_specs(estate, kind) for kind in array.volume_types}
        facts = {
            "volumeTypes": {
                kind.name: {"serves": kind.serves.value, "extraSpecs": extra_specs[kind.name]}
                for kind in array.volume_types.values()
            },
            "datastores": {store.name: list(store.clusters) for store in array.datastores.values()},
        }
        super().__init__(name, facts, opts, was=array.was)
        ready: dict[str, BackEndReady] = {}
        for back_end in back_ends(estate):
            if back_end.array == name and back_end.volume_backend_name not in ready:
                ready[back_end.volume_backend_name] = BackEndReady(
                    back_end.volume_backend_name,
                    cluster_ids=[cluster_ids[cluster] for cluster in back_end.clusters],
                    opts=self.child(),
                )
        in_use = VolumeTypesInUse(
            name,
            extra_specs=extra_specs,
            was={kind.name: kind.was for kind in array.volume_types.values() if kind.was is not None},
            opts=self.child(),
        )
        self.volume_types = {
            kind.name: self._volume_type(
                kind,
                extra_specs=extra_specs[kind.name],
                after=[ready[volume_backend_name(estate, array, kind)], in_use],
                projects=projects,
            )
            for kind in array.volume_types.values()
        }
        self.done()

    def _volume_type(
        self,
        kind: VolumeType,
        *,
        extra_specs: Mapping[str, str],
        after: Sequence[pulumi.Resource],
        projects: Mapping[str, Ref],
    ) -> pulumi.Output[str]:
        made = openstack.blockstorage.VolumeTypeV3(
            kind.name,
            name=kind.name,
            description=kind.description or "",
            is_public=not kind.projects,
            extra_specs=extra_specs,
            # Cinder allows a name once. It would rename a type, but volumes and root volumes name theirs:
            # the provider would retype each to what it is already, which Cinder refuses.
            opts=self.child(
                depends_on=after,
                delete_before_replace=True,
                ignore_changes=["name"],
                was=kind.was,
                protect=kind.protect,
            ),
        )
        needed: list[pulumi.Input[Any]] = [made.name]
        if kind.encryption is not None:
            encryption = VolumeTypeEncryption(
                kind.name,
                volume_type_id=made.id,
                encryption=kind.encryption,
                opts=self.child(was=formerly("", kind.was, "-encryption")),
            )
            needed.append(encryption.id)
        if kind.qos is not None:
            limited = formerly("", kind.was, "-limits")
            limits = openstack.blockstorage.QosV3(
                f"{kind.name}-limits",
                name=f"{kind.name}-limits",
                consumer=kind.qos.consumer,
                specs=kind.qos.specs,
                opts=self.child(
                    delete_before_replace=True, ignore_changes=["name"], was=limited
                ),  # Cinder allows a name once
            )
            association = openstack.blockstorage.QosAssociationV3(
                f"{kind.name}-limits",
                qos_id=limits.id,
                volume_type_id=made.id,
                opts=self.child(delete_before_replace=True, was=limited),  # a type has one
            )
            needed.append(association.id)
        for project in kind.projects:
            openstack.blockstorage.VolumeTypeAccessV3(
                f"{kind.name}/{project}",
                volume_type_id=made.id,
                project_id=projects[project].id,
                opts=self.child(
                    delete_before_replace=True, was=_access_before(kind, project, projects[project].was)
                ),
            )
        for project in kind.default_for:
            DefaultVolumeType(
                project,
                project_id=projects[project].id,
                volume_type_id=made.id,
                opts=self.child(was=formerly("", projects[project].was, "-default-volume-type")),
            )
        return pulumi.Output.all(*needed).apply(lambda known: str(known[0]))


def _access_before(kind: VolumeType, project: str, project_was: str | None) -> str | None:
    if kind.was is None and project_was is None:
        return None
    return f"{kind.was or kind.name}/{project_was or project}"
