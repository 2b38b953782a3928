"""The official engine archive: fetched, compared with its committed SHA-256, unpacked."""

import hashlib
import platform
import tarfile
from pathlib import Path

import requests

from toolchain.errors import ToolchainError
from toolchain.progress import Step
from toolchain.versions import versions

_PLATFORMS = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}
_TIMEOUT = (3.0, 30.0)
"""Seconds for a connection, and for each part of an answer. A host that cannot be resolved fails at once."""


def archive_url() -> str:
    """The address of this machine's archive, or ToolchainError for a machine that has none."""
    archives = versions().engine.archives
    version = versions().engine.version
    return f"{archives.url}/v{version}/pulumi-v{version}-{_platform()}.tar.gz"


def reachable() -> bool:
    """Whether the official archives can be fetched from here: one small request, honouring proxies."""
    try:
        return requests.head(archive_url(), timeout=_TIMEOUT[0], allow_redirects=False).status_code < 400
    except (requests.RequestException, ToolchainError):
        return False


def fetch(folder: Path, step: Step) -> Path:
    """Put the archive's programs under ``folder``; the folder that holds ``pulumi``.

    Raises ToolchainError when it cannot be fetched or is not what versions.toml says it is.
    """
    url = archive_url()
    expected = versions().engine.archives.sha256[_platform()]
    archive = folder / "archive.tar.gz"
    digest = hashlib.sha256()
    try:
        with requests.get(url, stream=True, timeout=_TIMEOUT) as response, archive.open("wb") as file:
            response.raise_for_status()
            received = 0
            for block in response.iter_content(1 << 20):
                file.write(block)
                digest.update(block)
                received += len(block)
                step.note(f"{received >> 20} MiB")
    except requests.RequestException as error:
        raise ToolchainError(
            f"The engine could not be fetched from {url} ({type(error).__name__}). "
            "Check the connection, or set ESTATE_TOOLCHAIN=build to build it from Go modules."
        ) from error
    if digest.hexdigest() != expected:
        raise ToolchainError(
            f"{url} has the SHA-256 {digest.hexdigest()}, but toolchain/versions.toml expects {expected}. "
            "It was damaged on its way or replaced at its source; nothing was installed."
        )
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "pulumi"


def _platform() -> str:
    machine = platform.machine()
    if machine not in _PLATFORMS:
        raise ToolchainError(
            f"Pulumi {versions().engine.version} is pinned for x86_64 and aarch64, not {machine}."
        )
    return _PLATFORMS[machine]
