"""A rehearsal: the real engine applies an environment to its own sandbox.

The stack's state lies in the sandbox's run folder: it describes what lives there and is gone with it.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import certifi
from ruamel.yaml import YAML

from estate.model import Estate
from sandbox import lifecycle
from sandbox.errors import SandboxError
from sandbox.from_estate import shape
from sandbox.lifecycle import Running
from toolchain import engine
from toolchain.engine import Toolchain
from toolchain.progress import Progress

PROGRAM = Path(__file__).resolve().parents[1]
"""The folder with ``Pulumi.yaml`` and ``__main__.py``."""


def key(documents: Path) -> str:
    """Name of the run folder of an environment's sandbox: the same name elsewhere is another sandbox."""
    place = hashlib.sha256(str(documents.resolve()).encode()).hexdigest()[:8]
    return f"{documents.resolve().name}-{place}"


@dataclass(frozen=True)
class Rehearsal:
    """An environment, its running sandbox and the engine."""

    documents: Path
    running: Running
    toolchain: Toolchain

    @property
    def stack(self) -> str:
        """Name of the stack: the environment's."""
        return self.running.name

    @property
    def backend(self) -> Path:
        """Folder of the stack's state."""
        return self.running.run / "pulumi-state"

    @property
    def config_file(self) -> Path:
        """The stack's configuration, beside its state: the repository's own is for the real cloud."""
        return self.running.run / f"Pulumi.{self.stack}.yaml"

    def environment(self) -> dict[str, str]:
        """Process environment in which pulumi, openstack and this project's commands mean this sandbox."""
        base = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("OS_", "PULUMI_", "VSPHERE_", "ESTATE_PULUMI_"))
        }
        return (
            self.toolchain.environment(base)
            | clients(self.running)
            | {
                "PULUMI_BACKEND_URL": f"file://{self.backend}",
            }
        )

    def pulumi(
        self,
        *arguments: str,
        policies: bool = True,
        extra: Mapping[str, str] | None = None,
        quiet: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run ``pulumi`` on the stack; with ``quiet`` its output is captured instead of shown.

        ``arguments`` begin with the command (``up``, ``preview``, ``destroy``, ``stack``, …).
        """
        return subprocess.run(
            self.command(*arguments, policies=policies),
            cwd=PROGRAM,
            env=self.environment() | dict(extra or {}),
            text=True,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.STDOUT if quiet else None,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def command(self, *arguments: str, policies: bool = True) -> Sequence[str]:
        """The command line of :meth:`pulumi`."""
        command = [str(self.toolchain.pulumi), *arguments]
        command += ["--stack", self.stack, "--non-interactive"]
        if arguments[0] in {"up", "preview", "destroy", "refresh"}:
            command += ["--config-file", str(self.config_file)]
        if arguments[0] in {"up", "preview"} and policies:
            command += ["--policy-pack", str(PROGRAM / "policies")]
        return command


def clients(running: Running) -> dict[str, str]:
    """Variables by which clients find a sandbox's OpenStack, its vCenters and its images."""
    return {
        "OS_CLIENT_CONFIG_FILE": str(running.clouds),
        "OS_CLOUD": running.cloud,
        "ESTATE_VCENTERS": str(running.vcenters),
        "ESTATE_IMAGES": str(running.images),
        # Go programs (the vSphere plugin) verify against this bundle: the public roots and the sandbox's own.
        "SSL_CERT_FILE": str(running.run / "tls" / "bundle.pem"),
    }


def prepare(documents: Path, estate: Estate, progress: Progress) -> Rehearsal:
    """Install the toolchain, start the sandbox and have an empty stack, each only if need be."""
    toolchain = engine.install(progress)
    running = lifecycle.start(key(documents), shape(estate, estate.estate.name), progress)
    rehearsal = Rehearsal(documents.resolve(), running, toolchain)
    bundle = running.run / "tls" / "bundle.pem"
    if not bundle.exists():
        authority = (running.run / "tls" / "ca.pem").read_text()
        bundle.write_text(Path(certifi.where()).read_text() + authority)
    if not rehearsal.config_file.exists():
        _make_stack(rehearsal)
    return rehearsal


def _make_stack(rehearsal: Rehearsal) -> None:
    """An empty stack and its configuration, without touching the repository's ``stacks/Pulumi.ENV.yaml``.

    ``pulumi stack init`` knows no ``--config-file``; it writes beside the Pulumi.yaml that it finds.
    """
    # An interrupted attempt left a backend without configuration: its stack cannot have any resource yet.
    shutil.rmtree(rehearsal.backend, ignore_errors=True)
    rehearsal.backend.mkdir(mode=0o700)
    with tempfile.TemporaryDirectory(dir=rehearsal.running.run, prefix=".stack-") as folder:
        project = YAML(typ="safe").load(PROGRAM / "Pulumi.yaml")
        (Path(folder) / "Pulumi.yaml").write_text(f"{{name: {project['name']}, runtime: python}}\n")
        commands = [
            ["stack", "init", rehearsal.stack, "--secrets-provider", "passphrase"],
            ["config", "set", "estate:environment", str(rehearsal.documents), "--stack", rehearsal.stack],
        ]
        for command in commands:
            done = subprocess.run(
                [str(rehearsal.toolchain.pulumi), *command, "--non-interactive"],
                cwd=folder,
                env=rehearsal.environment(),
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                said = (done.stderr or done.stdout).strip()
                raise SandboxError(f"the rehearsal's stack could not be made: {said}")
        (Path(folder) / rehearsal.config_file.name).rename(rehearsal.config_file)
