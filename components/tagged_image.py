"""An image that says for which hypervisor it is made, in all of its versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_openstack as openstack

from components.component import Component
from components.image_files import STORE
from estate.model import Image
from estate.model.images import glance_name
from estate.placement.triple import image_properties


@dataclass(frozen=True, kw_only=True)
class ImageRef:
    """What servers need of their image."""

    name: str
    id: pulumi.Output[str]
    virtual_size: int
    """GiB."""
    facts: Mapping[str, Any]


def image_facts(image: Image, version: str | None) -> dict[str, Any]:
    """What the component of a workload says of its image."""
    return {
        "name": glance_name(image.name, version),
        "hypervisor": image.hypervisor.value,
        "properties": image_properties(image),
    }


class TaggedImage(Component):
    """Glance images with the tags of their hypervisor: the newest version, and older ones hidden.

    A version is an image of its own, named after it, so that one which becomes older stays what it is.

    ``refs``: version → what servers need of it; ``None`` for an image without versions.
    """

    def __init__(
        self, image: Image, *, files: Mapping[str, str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """``files``: name in Glance → path that stands for its content, see ``components.image_files``."""
        properties = image_properties(image)
        facts = {
            "hypervisor": image.hypervisor.value,
            "diskFormat": image.disk_format,
            "properties": properties,
        }
        super().__init__(image.name, facts, opts, was=image.was)
        self.refs: dict[str | None, ImageRef] = {}
        for version in image.versions:
            name = glance_name(image.name, version)
            resource = openstack.images.Image(
                name,
                name=name,
                container_format="bare",
                disk_format=image.disk_format,
                local_file_path=files[name],
                # Unused for local files; its default names the home folder of whoever ran `up` first.
                image_cache_path=str(STORE / "image-cache"),
                min_disk_gb=image.size(version),
                min_ram_mb=image.min_memory,
                visibility="public",
                hidden=True if version != image.version else None,
                properties=properties,
                opts=self.child(custom_timeouts=pulumi.CustomTimeouts(create="30m")),
            )
            self.refs[version] = ImageRef(
                name=name,
                id=resource.id,
                virtual_size=image.size(version),
                facts=image_facts(image, version),
            )
        self.done(id=self.refs[image.version].id)
