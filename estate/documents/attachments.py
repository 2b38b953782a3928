"""Files that documents refer to and whose text becomes part of the estate: user data."""

import re
from collections.abc import Iterator
from pathlib import Path

from estate.documents.loading import Loaded
from estate.model import Estate, Finding, Workload
from estate.model.subjects import subject

MAX_BYTES = 49_149
"""What Nova takes: 65,535 characters after base64 (nova/api/openstack/compute/schemas/servers.py)."""

_SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|^\s*(?:-\s+)?(?:plain_text_passwd|hashed_passwd|passwd|password|secret|token|api_key)\s*[:=]\s*(?=[^\s#])"
    r"|^\s*(?:-\s+)?chpasswd\s*:"
    r"|://[^\s/:@]+:[^\s/@]+@",
    re.IGNORECASE | re.MULTILINE,
)
"""What gives a secret away: a private key, a key of cloud-init for passwords, a login in an address."""


def user_data(loaded: Loaded) -> tuple[dict[str, str], list[Finding]]:
    """Text of user data by server, as documents and files say it in clear; and what is wrong with it.

    A file lies beside the document that names it, in whichever layer. Servers whose user data is a secret
    are not in there.
    """
    texts: dict[str, str] = {}
    findings: list[Finding] = []
    for workload in loaded.draft.workloads.values() if loaded.draft else ():
        for variant in workload.variants:
            data = variant.workload.user_data
            if data is None or data.secret is not None:
                continue
            field = "text" if data.file is None else "file"
            loc = variant.place("user_data", field)
            try:
                folder = Path(loaded.where(loc).file).parent
                text = data.text if data.text is not None else _read(folder, str(data.file))
            except _UnreadableError as error:
                findings.append(_finding("unreadable", f"user_data: {error}", loc))
                continue
            findings += (_finding(rule, message, loc) for rule, message in _wrong(text))
            texts |= dict.fromkeys(variant.servers, text)
    return texts, findings


class _UnreadableError(Exception):
    """Said to the person who wrote the document."""


def _read(folder: Path, name: str) -> str:
    file = (folder / name).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise _UnreadableError(f"expected a file in the folder of its document, got {name}.")
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise _UnreadableError(f"{name} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise _UnreadableError(f"expected UTF-8 text in {name}, found something else.") from None


def _wrong(text: str) -> Iterator[tuple[str, str]]:
    size = len(text.encode())
    if size > MAX_BYTES:
        yield "user-data-size", f"user_data: expected at most {MAX_BYTES} bytes (Nova's limit), got {size}."
    if found := _SECRET.search(text):
        line = text.count("\n", 0, found.start() + len(found[0]) - len(found[0].lstrip())) + 1
        yield (
            "secret-in-clear",
            f"user_data: line {line} seems to hold a secret in clear, which Nova shows to everybody in the "
            "project. Say user_data: {secret: !secret NAME}, or have the server fetch it; and change the one "
            "that stood here.",
        )


def _finding(rule: str, message: str, loc: tuple[str | int, ...]) -> Finding:
    return Finding(rule=rule, message=message, loc=loc, subject=subject(loc))


def secret_user_data(estate: Estate) -> Iterator[tuple[Workload, tuple[str, ...]]]:
    """Workloads (as some of their servers have them) whose user data is a secret, with those servers."""
    for workload in estate.workloads.values():
        for variant in workload.variants:
            data = variant.workload.user_data
            if data is not None and data.secret is not None:
                yield variant.workload, variant.servers
