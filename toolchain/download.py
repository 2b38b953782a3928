"""Official archives, of the engine and of the plugins: fetched, and compared with their committed SHA-256."""

import hashlib
import platform
import tarfile
from pathlib import Path

import requests

from toolchain.errors import ToolchainError
from toolchain.progress import Step
from toolchain.versions import Archives, versions

_ENGINE_PLATFORMS = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}
_PLUGIN_PLATFORMS = {"x86_64": "linux-amd64", "aarch64": "linux-arm64"}
_TIMEOUT = (3.0, 30.0)
"""Seconds for a connection, and for each part of an answer. A host that cannot be resolved fails at once."""


def archive_url() -> str:
    """The address of this machine's engine, or ToolchainError for a machine that has none."""
    archives = versions().engine.archives
    version = versions().engine.version
    return f"{archives.url}/v{version}/pulumi-v{version}-{_platform(_ENGINE_PLATFORMS)}.tar.gz"


def reachable() -> bool:
    """Whether the official archives can be fetched from here: one small request, honouring proxies."""
    try:
        return requests.head(archive_url(), timeout=_TIMEOUT[0], allow_redirects=False).status_code < 400
    except (requests.RequestException, ToolchainError):
        return False


def engine(folder: Path, step: Step) -> Path:
    """Put the engine's programs under ``folder``; the folder that holds ``pulumi``.

    Raises ToolchainError when it cannot be fetched or is not what versions.toml says it is.
    """
    archive = _fetched(
        archive_url(),
        versions().engine.archives,
        _platform(_ENGINE_PLATFORMS),
        folder / "archive.tar.gz",
        step,
    )
    with tarfile.open(archive) as tar:
        # Debian 12's Python has no filters yet (PEP 706); there the checksum alone says whose archive it is.
        tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _path: member)
        tar.extractall(folder)  # noqa: S202 - filtered, and compared with its checksum
    return folder / "pulumi"


def plugin(name: str, folder: Path, step: Step) -> Path:
    """Put the archive of a plugin into ``folder``, as it is; raises as ``engine`` does."""
    release = versions().plugins[name]
    here = _platform(_PLUGIN_PLATFORMS)
    file = f"pulumi-resource-{name}-v{release.version}-{here}.tar.gz"
    return _fetched(f"{release.archives.url}/{file}", release.archives, here, folder / file, step)


def _fetched(url: str, archives: Archives, here: str, archive: Path, step: Step) -> Path:
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
            f"{url} could not be fetched ({type(error).__name__}). "
            "Check the connection, or set ESTATE_TOOLCHAIN=build to build all from Go modules."
        ) from error
    if digest.hexdigest() != archives.sha256[here]:
        raise ToolchainError(
            f"{url} has the SHA-256 {digest.hexdigest()}, but toolchain/versions.toml expects "
            f"{archives.sha256[here]}. Damaged on its way or replaced at its source, it is not installed."
        )
    return archive


def _platform(platforms: dict[str, str]) -> str:
    machine = platform.machine()
    if machine not in platforms:
        raise ToolchainError(
            f"Pulumi {versions().engine.version} is pinned for x86_64 and aarch64, not {machine}."
        )
    return platforms[machine]
