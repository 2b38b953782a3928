"""An image that says for which hypervisor it is made."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_openstack as openstack

from components.component import Component
from estate.model import Image
from estate.placement.triple import image_properties

STORE = Path(".estate")
"""Below the program's folder, not committed: links to image files named after their content."""


class MissingImageError(Exception):
    """Image files that are not where they should be."""


@dataclass(frozen=True, kw_only=True)
class ImageRef:
    """What servers need of their image."""

    name: str
    id: pulumi.Output[str]
    facts: Mapping[str, Any]


def store(images: Iterable[Image], folder: Path) -> dict[str, str]:
    """Link each image's file under its SHA-256, and return the links by the image's name.

    The provider compares only the path of an image file. So the path is made of the content: a new
    file is a new image, and the same file in another folder or on another machine is no change.
    (The whole file is read at every preview: about a second per GiB.)

    :raises MissingImageError: with all files that are missing.
    """
    missing = []
    links = {}
    for image in images:
        file = folder / image.file
        if not file.is_file():
            missing.append(f'image "{image.name}": there is no file {file}')
            continue
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        link = STORE / "images" / f"{digest}{file.suffix}"
        link.parent.mkdir(parents=True, exist_ok=True)
        fresh = link.with_name(f"{link.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(file.resolve())
        fresh.replace(link)  # in one step: a program of another stack may be reading
        links[image.name] = str(link)
    if missing:
        raise MissingImageError(
            "; ".join(missing)
            + ". Put the files there, or name their folder with `pulumi config set estate:images FOLDER` "
            "or ESTATE_IMAGES."
        )
    return links


class TaggedImage(Component):
    """A Glance image with the tags of its hypervisor, from a file of the images folder."""

    def __init__(self, image: Image, *, file: str, opts: pulumi.ResourceOptions | None = None) -> None:
        """``file``: path that stands for its content, see ``store``."""
        properties = image_properties(image)
        facts = {
            "hypervisor": image.hypervisor.value,
            "diskFormat": image.disk_format,
            "properties": properties,
        }
        super().__init__(image.name, facts, opts)
        resource = openstack.images.Image(
            image.name,
            name=image.name,
            container_format="bare",
            disk_format=image.disk_format,
            local_file_path=file,
            # Unused for local files; its default names the home folder of whoever ran `up` first.
            image_cache_path=str(STORE / "image-cache"),
            min_disk_gb=image.virtual_size,
            visibility="public",
            properties=properties,
            opts=self.child(custom_timeouts=pulumi.CustomTimeouts(create="30m")),
        )
        self.ref = ImageRef(
            name=image.name,
            id=resource.id,
            facts={"name": image.name, "hypervisor": image.hypervisor.value, "properties": properties},
        )
        self.done(id=resource.id)
