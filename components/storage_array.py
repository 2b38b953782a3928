"""Volume types of a shared array."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_openstack as openstack

from components.component import Component
from components.gates.back_end_ready import BackEndReady
from components.gates.default_volume_type import DefaultVolumeType
from components.gates.volume_type_encryption import VolumeTypeEncryption
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
        project_ids: Mapping[str, pulumi.Output[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``cluster_ids``: vSphere cluster → managed object id. Both maps have all of the estate."""
        array = estate.storage[name]
        facts = {
            "volumeTypes": {
                kind.name: {
                    "serves": kind.serves.value,
                    "extraSpecs": volume_type_extra_specs(estate, kind.name),
                }
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
        self.volume_types = {
            kind.name: self._volume_type(
                kind,
                extra_specs=volume_type_extra_specs(estate, kind.name),
                ready=ready[volume_backend_name(name, kind)],
                project_ids=project_ids,
            )
            for kind in array.volume_types.values()
        }
        self.done()

    def _volume_type(
        self,
        kind: VolumeType,
        *,
        extra_specs: Mapping[str, str],
        ready: pulumi.Resource,
        project_ids: Mapping[str, pulumi.Output[str]],
    ) -> pulumi.Output[str]:
        made = openstack.blockstorage.VolumeTypeV3(
            kind.name,
            name=kind.name,
            description=kind.description or "",
            is_public=not kind.projects,
            extra_specs=extra_specs,
            # Cinder allows a name once.
            opts=self.child(depends_on=[ready], delete_before_replace=True, was=kind.was),
        )
        needed: list[pulumi.Input[Any]] = [made.name]
        if kind.encryption is not None:
            encryption = VolumeTypeEncryption(
                kind.name, volume_type_id=made.id, encryption=kind.encryption, opts=self.child()
            )
            needed.append(encryption.id)
        if kind.qos is not None:
            limits = openstack.blockstorage.QosV3(
                f"{kind.name}-limits",
                name=f"{kind.name}-limits",
                consumer=kind.qos.consumer,
                specs=kind.qos.specs,
                opts=self.child(delete_before_replace=True),  # Cinder allows a name once
            )
            association = openstack.blockstorage.QosAssociationV3(
                f"{kind.name}-limits",
                qos_id=limits.id,
                volume_type_id=made.id,
                opts=self.child(delete_before_replace=True),  # a type has one
            )
            needed.append(association.id)
        for project in kind.projects:
            openstack.blockstorage.VolumeTypeAccessV3(
                f"{kind.name}/{project}",
                volume_type_id=made.id,
                project_id=project_ids[project],
                opts=self.child(delete_before_replace=True),
            )
        for project in kind.default_for:
            DefaultVolumeType(
                project, project_id=project_ids[project], volume_type_id=made.id, opts=self.child()
            )
        return pulumi.Output.all(*needed).apply(lambda known: str(known[0]))
