"""Volume types of a shared array."""

import pulumi
import pulumi_openstack as openstack

from components.component import Component
from estate.model import Estate
from estate.placement.pairing import volume_type_extra_specs


class StorageArray(Component):
    """The array's volume types, one per side that it serves. The array itself exists already.

    ``volume_types``: name → resource name known once the type exists.
    """

    def __init__(self, name: str, *, estate: Estate, opts: pulumi.ResourceOptions | None = None) -> None:
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
        self.volume_types = {
            kind.name: openstack.blockstorage.VolumeTypeV3(
                kind.name,
                name=kind.name,
                description=kind.description or "",
                is_public=True,
                extra_specs=volume_type_extra_specs(estate, kind.name),
                opts=self.child(delete_before_replace=True),  # Cinder allows a name once
            ).name
            for kind in array.volume_types.values()
        }
        self.done()
