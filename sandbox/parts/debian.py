"""Debian packages unpacked into ``home()``: no root, no service, nothing of the system touched.

``apt-get`` finds and verifies them with the machine's own sources, keys and proxy settings, but with package
lists and a cache of its own. Libraries that the programs need and the system lacks are unpacked with them.
"""

import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox import files
from sandbox.errors import SandboxError
from toolchain import kept
from toolchain.home import home

WANTED = (
    # Ubuntu 22.04 has the version in the names of MariaDB's packages.
    ("mariadb-server-core", "mariadb-server-core-10.6"),
    ("mariadb-client-core", "mariadb-client-core-10.6"),
    ("rabbitmq-server",),
    ("qemu-utils",),
)
"""What we need; of each the first name that the distribution knows."""

OWN = ("mariadb-", "rabbitmq-", "erlang-", "qemu-")
"""Always unpacked, installed on the system or not: these have to fit together."""

ERL = """\
#!/bin/sh
# Debian's own script has /usr/lib/erlang written into it; erlexec takes its folders from the environment.
here=$(cd "$(dirname "$0")/.." && pwd)
ROOTDIR=$here/root/usr/lib/erlang
BINDIR=$(echo "$ROOTDIR"/erts-*/bin)
EMU=beam
PROGNAME=erl
export ROOTDIR BINDIR EMU PROGNAME
exec "$BINDIR/erlexec" "$@"
"""


def available() -> bool:
    """Whether this machine has apt and dpkg."""
    return all(shutil.which(program) for program in ("apt-get", "apt-cache", "dpkg-deb", "dpkg-query"))


def unpack() -> Path:
    """Unpack the programs unless they are there; the folder with ``root/`` (their file tree) and ``bin/erl``.

    45 MB are downloaded and 130 MB written, in about 15 s.
    """
    return unpacked(WANTED, OWN, {"bin/erl": ERL})


def unpacked(wanted: Sequence[tuple[str, ...]], own: tuple[str, ...], scripts: Mapping[str, str]) -> Path:
    """Unpack packages with all that they need and the system lacks, unless they are there; the folder with
    ``root/`` (their file tree) and the scripts.

    A killed call leaves only a ``….partial`` folder, which the next one removes.

    :param wanted: of each the names that distributions have for it.
    :param own: beginnings of names that are unpacked even if the system has them.
    :param scripts: programs of ours beside them: path → text.
    """
    release = platform.freedesktop_os_release()
    machine = platform.machine()
    identity = [release.get("ID"), release.get("VERSION_ID"), machine, wanted, own, *scripts.values()]
    target = home() / "debian" / hashlib.sha256(repr(identity).encode()).hexdigest()[:16]

    def make() -> None:
        partial = target.with_name(f"{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _fill(partial, wanted, own)
        for path, text in scripts.items():
            files.write(partial / path, text, mode=0o755)
        partial.replace(target)

    return kept.made(target, target.exists, make)


def _fill(folder: Path, wanted: Sequence[tuple[str, ...]], own: tuple[str, ...]) -> None:
    apt = _private_apt(folder / "apt")
    # Sources of others may be out of reach; what counts is whether our packages are found.
    update = _run("apt-get", "-c", apt, "update", check=False)
    names = [_known(apt, alternatives, update) for alternatives in wanted]
    plan = _run("apt-get", "-c", apt, "--simulate", "--no-install-recommends", "install", *names)
    closure = {line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")}
    states = _run("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n").splitlines()
    installed = {line.split()[1] for line in states if line.startswith("ii ")}
    packages = folder / "packages"
    packages.mkdir()
    missing = sorted(name for name in closure if name not in installed or name.startswith(own))
    _run("apt-get", "-c", apt, "download", *missing, folder=packages)
    for package in sorted(packages.glob("*.deb")):
        _run("dpkg-deb", "-x", str(package), str(folder / "root"))
    shutil.rmtree(packages)
    shutil.rmtree(folder / "apt")


def _private_apt(folder: Path) -> str:
    """A configuration file that adds to the system's: all that apt writes goes into ``folder``."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    configuration = folder / "apt.conf"
    configuration.write_text(
        f"""\
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}/cache";
# Resolve as if nothing were installed: the system's own packages, held or half removed, do not matter.
Dir::State::status "/dev/null";
Debug::NoLocking "true";
# As root, apt would switch to a user that cannot read a private folder.
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::CNF::DefaultEnabled "false";
# Hooks of the system would work on the system's own cache.
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""
    )
    return str(configuration)


def _known(apt: str, alternatives: tuple[str, ...], update: str) -> str:
    for name in alternatives:
        if _run("apt-cache", "-c", apt, "--names-only", "search", f"^{name}$"):
            return name
    end = "\n".join(update.strip().splitlines()[-5:])
    raise SandboxError(
        f"apt knows no package {' or '.join(alternatives)}: check that the sources in /etc/apt can be "
        f"reached and include this distribution's main (Ubuntu: also universe); `apt-get update` said:\n{end}"
    )


def _run(*command: str, folder: Path | None = None, check: bool = True) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if check and done.returncode:
        end = "\n".join(done.stdout.strip().splitlines()[-10:])
        raise SandboxError(f"{' '.join(command[:4])} … failed with exit code {done.returncode}:\n{end}")
    return done.stdout
