"""A pack for an auditor: files, their sums, and the same bytes whenever they are packed again."""

import io
import os
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from operations import audit
from operations.errors import OperationError

SUMS = "SHA256SUMS"
"""Name of the manifest, as ``sha256sum --check`` reads it."""
_EPOCH = "SOURCE_DATE_EPOCH"
"""The time that a pack says for now (reproducible-builds.org), seconds."""


def records(environment: str) -> dict[str, bytes]:
    """Audit records by name, oldest first, with what was approved and the signatures beside them."""
    folder = audit.folder(environment)
    if not folder.is_dir():
        return {}
    return {one.name: one.read_bytes() for one in sorted(folder.glob("[!.]*.json*")) if one.is_file()}


def made() -> str:
    """When a pack is made: now (UTC), or as ``SOURCE_DATE_EPOCH`` says.

    Raises ``OperationError`` if that is no number.
    """
    said = os.environ.get(_EPOCH)
    if not said:
        return audit.now()
    try:
        return datetime.fromtimestamp(int(said), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        raise OperationError(f"expected {_EPOCH} to be seconds since 1970, found {said!r}") from None


def pack(name: str, contents: Mapping[str, bytes], where: Path) -> None:
    """Write the files and their sums into a new folder, or below ``name/`` into a new ``.tar``.

    The archive depends on nothing but names and contents: no times, no owners, no compression, whose result
    would depend on the library. ``OperationError`` if something is there already, or cannot be written.
    """
    if where.exists():
        raise OperationError(f"{where} is there already; name another file or folder")
    sums = "".join(f"{sha256(contents[one]).hexdigest()}  {one}\n" for one in sorted(contents))
    whole = {**contents, SUMS: sums.encode()}
    try:
        if where.suffix == ".tar":
            where.write_bytes(_archive(name, whole))
            return
        for file, content in whole.items():
            (where / file).parent.mkdir(parents=True, exist_ok=True)
            (where / file).write_bytes(content)
    except OSError as error:
        raise OperationError(f"{where} cannot be written: {error.strerror}") from error


def _archive(name: str, contents: Mapping[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for file in sorted(contents):
            entry = tarfile.TarInfo(f"{name}/{file}")
            entry.size, entry.mode = len(contents[file]), 0o644
            archive.addfile(entry, io.BytesIO(contents[file]))
    return whole.getvalue()
