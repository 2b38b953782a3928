"""OpenStack 2026.2 in a virtual environment of its own: unchanged upstream packages, locked with hashes.

The lock is made, after a change of ``requirements.in``, by::

    uv pip compile --generate-hashes --no-emit-index-url --no-emit-find-links --universal \\
        --python-version 3.11 sandbox/openstack/requirements.in -o sandbox/openstack/requirements.lock
"""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from sandbox.errors import SandboxError
from toolchain import kept
from toolchain.home import home

LOCK = Path(__file__).parent.parent / "openstack" / "requirements.lock"


def folder() -> Path:
    """Where this lock's virtual environment is, or will be, for this Python: ``home()/openstack/HASH``."""
    digest = hashlib.sha256(LOCK.read_bytes() + sys.version.encode() + sys.base_prefix.encode()).hexdigest()
    return home() / "openstack" / digest[:16]


def program(name: str) -> str:
    """The path of one of its programs, for example ``nova-manage``, ``uwsgi`` or ``python``."""
    return str(folder() / "bin" / name)


def ensure() -> Path:
    """Install the environment unless it is there (0.5 GB, about a minute); its folder.

    A killed install leaves a folder without its stamp, which the next call removes first.
    """
    target = folder()
    stamp = target / "complete"

    def make() -> None:
        _check_compiler()
        shutil.rmtree(target, ignore_errors=True)
        # The scripts in bin/ hold absolute paths, so the environment is made in place and stamped last.
        _uv("venv", "--python", sys.executable, str(target))
        # uWSGI links to this very Python's library: never take one from uv's cache that another Python built.
        _uv(
            "pip", "install", "--refresh-package", "uwsgi", "--require-hashes",
            "--python", program("python"), "-r", str(LOCK),
        )  # fmt: skip
        stamp.touch()

    return kept.made(target, stamp.exists, make)


def _check_compiler() -> None:
    """UWSGI comes as source only."""
    # Ubuntu 26.04's libc6-dev no longer brings libcrypt-dev.
    headers = (Path(sysconfig.get_path("include")) / "Python.h", Path("/usr/include/crypt.h"))
    missing = [
        *(() if shutil.which("gcc") else ("a C compiler (gcc)",)),
        *(str(header) for header in headers if not header.exists()),
    ]
    if missing:
        raise SandboxError(
            f"uWSGI, which serves OpenStack's APIs, is compiled at installation and needs "
            f"{' and '.join(missing)}: "
            "apt-get install gcc libc6-dev libcrypt-dev python3-dev"
        )


def _uv(*arguments: str) -> None:
    beside = Path(sys.prefix) / "bin" / "uv"
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        raise SandboxError(f"uv is neither in {beside.parent} nor on PATH: pip install uv")
    done = subprocess.run(
        (uv, "--quiet", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SandboxError(f"uv {arguments[0]} failed while installing OpenStack:\n{done.stdout.strip()}")
