"""Volume types of a shared array."""

from collections.abc import Mapping

import pulumi
import pulumi_openstack as openstack

from components.component import Component
from components.gates.back_end_ready import BackEndReady
from estate.model import Estate
from estate.placement.pairing import back_ends, volume_backend_name, volume_type_extra_specs


class StorageArray(Component):
    """The array's volume types, one per side that it serves. The array itself exists already.

    A type is offered once a back end serves it: a volume made earlier would go into error at once.

    ``volume_types``: name → resource name known once the type exists.
    """

    def __init__(
        self,
        name: str,
        *,
        estate: Estate,
        cluster_ids: Mapping[str, pulumi.Output[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``cluster_ids``: vSphere cluster → managed object id, of every cluster of the estate."""
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
        super().__init__(name, facts, opts)
        ready: dict[str, BackEndReady] = {}
        for back_end in back_ends(estate):
            if back_end.array == name and back_end.volume_backend_name not in ready:
                ready[back_end.volume_backend_name] = BackEndReady(
                    back_end.volume_backend_name,
                    cluster_ids=[cluster_ids[cluster] for cluster in back_end.clusters],
                    opts=self.child(),
                )
        self.volume_types = {
            kind.name: openstack.blockstorage.VolumeTypeV3(
                kind.name,
                name=kind.name,
                description=kind.description or "",
                is_public=True,
                extra_specs=volume_type_extra_specs(estate, kind.name),
                opts=self.child(
                    depends_on=[ready[volume_backend_name(name, kind)]],
                    delete_before_replace=True,  # Cinder allows a name once
                ),
            ).name
            for kind in array.volume_types.values()
        }
        self.done()
