"""Ids of images, flavors and volume types by name, for programs that name them by id."""

from collections.abc import Mapping

from estate.openstack.connection import cloud_faults
from estate.openstack.sdk import Connection


def ids_of(cloud: Connection) -> dict[str, Mapping[str, str]]:
    """``images``, ``flavors`` and ``volume_types``: name → id. Raises :class:`CloudError`.

    Of images that share a name the newest counts, as for whoever asks Glance for the most recent one.
    """
    with cloud_faults():
        # Older versions of an image are hidden, and servers run from them.
        everything = [one for hidden in (False, True) for one in cloud.image.images(is_hidden=hidden)]
        images = sorted(everything, key=lambda one: str(one.created_at))
        return {
            "images": {one.name: one.id for one in images},
            "flavors": {one.name: one.id for one in cloud.compute.flavors(is_public=None)},
            "volume_types": {one.name: one.id for one in cloud.block_storage.types(is_public=None)},
        }
