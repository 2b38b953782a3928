"""Image files: found or fetched, compared with their checksums, linked under a path made of their content."""

import hashlib
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path

from estate.model import Image
from estate.model.images import Source, glance_name
from toolchain.home import home

STORE = Path(".estate")
"""Below the program's folder, not committed: links to image files named after their content."""

STAND_INS = "ESTATE_IMAGES_ARE_STAND_INS"
"""Set by a rehearsal: its images are empty disks of the documents' sizes, which no checksum fits."""

_CHUNK = 1 << 20
_TIMEOUT = 60.0
"""Seconds without a byte after which a download is given up."""


class ImageFileError(Exception):
    """Image files that are missing, cannot be fetched, or are not what the documents say."""


def store(images: Iterable[Image], folder: Path) -> dict[str, str]:
    """Link the file of every image and version under its SHA-256; the links by the name in Glance.

    The provider compares only the path of an image file. So the path is made of the content: a new
    file is a new image, and the same file in another folder or on another machine is no change.
    (The whole file is read at every preview: about a second per GiB.)

    A file with a checksum is compared with it before it is used. What comes from an address is fetched
    once per machine.

    :raises ImageFileError: with all files that are missing or wrong.
    """
    wrong = []
    links = {}
    for name, source in _sources(images):
        try:
            links[name] = _link(*_verified(name, source, folder))
        except ImageFileError as error:
            wrong.append(str(error))
    if wrong:
        raise ImageFileError("\n".join(wrong))
    return links


def _sources(images: Iterable[Image]) -> Iterator[tuple[str, Source]]:
    for image in images:
        for version in image.versions:
            yield glance_name(image.name, version), image.source(version)


def _verified(name: str, source: Source, folder: Path) -> tuple[Path, str]:
    """The file and its SHA-256, if it is the one that the documents mean."""
    stand_ins = bool(os.environ.get(STAND_INS))
    if source.url is not None and not stand_ins:
        file = _fetched(name, source)
    else:
        file = folder / source.file_name
        if not file.is_file():
            raise ImageFileError(
                f'image "{name}": there is no file {file}. Put it there, or name its folder with '
                "`pulumi config set estate:images FOLDER` or ESTATE_IMAGES."
            )
    digests = _digests(file, source)
    if not stand_ins:
        _compare(name, source, digests, str(file))
    return file, digests["sha256"]


def _compare(name: str, source: Source, digests: dict[str, str], where: str) -> None:
    for kind, expected in (("sha256", source.sha256), ("sha512", source.sha512)):
        if expected is not None and digests[kind] != expected:
            raise ImageFileError(
                f'image "{name}": expected {kind} {expected}, found {digests[kind]} of {where}. It is not '
                "uploaded. Take the right file, or correct the checksum if the file is meant."
            )


def _digests(file: Path, source: Source) -> dict[str, str]:
    """SHA-256, and SHA-512 only if the source states one: either takes seconds per GiB."""
    sums = {"sha256": hashlib.sha256()}
    if source.sha512 is not None:
        sums["sha512"] = hashlib.sha512()
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            for one in sums.values():
                one.update(chunk)
    return {kind: one.hexdigest() for kind, one in sums.items()}


def _fetched(name: str, source: Source) -> Path:
    """The file behind the source's address, in the cache under its checksum."""
    checksum = source.sha256 or source.sha512
    assert checksum is not None, "the model refuses an address without checksum"
    assert source.url is not None
    file = home() / "images" / f"{checksum}{Path(source.file_name).suffix}"
    if file.is_file():
        return file
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        with urllib.request.urlopen(source.url, timeout=_TIMEOUT) as answer, part.open("wb") as copy:  # noqa: S310 - http(s) only, by the model
            shutil.copyfileobj(answer, copy, _CHUNK)
        _compare(name, source, _digests(part, source), source.url)
        part.replace(file)
    except (OSError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", None) or error
        raise ImageFileError(f'image "{name}": {source.url} cannot be fetched: {reason}') from None
    finally:
        part.unlink(missing_ok=True)
    return file


def _link(file: Path, digest: str) -> str:
    link = STORE / "images" / f"{digest}{file.suffix}"
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f"{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(file.resolve())
    fresh.replace(link)  # in one step: a program of another stack may be reading
    return str(link)
