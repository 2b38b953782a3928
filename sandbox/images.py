"""Small real image files: Glance refuses a file whose content is not what ``disk_format`` says."""

import os
import subprocess
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.parts import programs
from sandbox.shape import ImageFile, Shape

_RAW = "64M"
"""A raw disk is as large as what it holds: one of full size would be read and uploaded for minutes."""


def make(shape: Shape, folder: Path) -> None:
    """Make every image file of the documents below ``folder``: empty disks of the documents' sizes.

    Raw ones are smaller: ``min_disk`` comes from the documents, not from the file.
    """
    if not shape.images:
        return
    tools = programs.ensure()
    for image in shape.images:
        path = (folder / image.path).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise SandboxError(f"image file {image.path} lies outside the images folder: use a relative path")
        path.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [
                tools.qemu_img,
                "create",
                "-q",
                "-f",
                image.format,
                *_options(image),
                path,
                _RAW if image.format == "raw" else f"{image.virtual_size_gib}G",
            ],
            env=os.environ | tools.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SandboxError(f"qemu-img cannot make {image.path}: {done.stdout.strip()}")


def _options(image: ImageFile) -> list[str]:
    stated = {"subformat": image.subformat, "adapter_type": image.adapter}
    given = ",".join(f"{key}={value}" for key, value in stated.items() if value is not None)
    return ["-o", given] if given else []
