"""One environment's stack and the engine that works on it."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ruamel.yaml import YAML

from estate.documents import load
from operations import processes
from operations.errors import OperationError
from policies.catalogue import config_of
from policies.rules.image_and_flavor_known import NAME as CATALOGUED
from toolchain.engine import Toolchain

PROGRAM = Path(__file__).resolve().parents[1]
"""The folder with ``Pulumi.yaml`` and ``__main__.py``."""

PACK = PROGRAM / "policies" / "pack"
"""The policy pack as a program: the engine asks it directly (pkg/resource/plugin/analyzer_plugin.go
``NewPolicyAnalyzer``), and not by way of the language host.
"""
_WITH_CONFIGURATION = {"up", "preview", "destroy", "refresh"}


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Where an environment is applied: a sandbox or a real cloud."""

    name: str
    documents: Path
    cloud: str
    """What a person calls the target: ``sandbox``, or the name of the cloud in ``clouds.yaml``."""
    toolchain: Toolchain
    environment: Mapping[str, str]
    """Process environment in which the engine, its plugins and clients find that target."""
    config_file: Path
    """The stack's configuration."""

    def command(self, *arguments: str, policies: bool = True) -> list[str]:
        """The command line of ``pulumi`` on this stack; ``arguments`` begin with its command."""
        command = [str(self.toolchain.pulumi), *arguments, "--stack", self.name, "--non-interactive"]
        if arguments[0] in _WITH_CONFIGURATION:
            command += ["--config-file", str(self.config_file)]
        if arguments[0] in {"up", "preview"} and policies:
            command += ["--policy-pack", str(PACK)]
            for file in self.policy_configuration():
                command += ["--policy-pack-config", str(file)]
        return command

    def policy_configuration(self) -> list[Path]:
        """The pack's configuration, if documents have exemptions: all else the components tell it."""
        estate = load(self.documents).estate
        if estate is None or not estate.exemptions:
            return []
        key = sha256(bytes(self.documents.resolve())).hexdigest()[:12]  # copies of a folder have its name
        file = self.toolchain.home / "policy-configuration" / f"{self.name}-{key}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({CATALOGUED: {"exemptions": config_of(estate)["exemptions"]}}))
        return [file]

    def pulumi(
        self,
        *arguments: str,
        policies: bool = True,
        extra: Mapping[str, str] | None = None,
        quiet: bool = False,
        aside: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run ``pulumi``; with ``quiet`` what it prints is captured (both streams) instead of shown.

        With ``aside`` all of it goes to standard error, so that standard output stays free for results.

        Raises ``KeyboardInterrupt`` after it was interrupted.
        """
        return processes.run(
            self.command(*arguments, policies=policies),
            PROGRAM,
            {**self.environment, **(extra or {})},
            quiet=quiet,
            aside=aside,
        )

    def create(self, *arguments: str, config: Mapping[str, str] | None = None) -> None:
        """Make the stack, empty. Its configuration stays as it is, or has ``config`` once all is done.

        ``pulumi stack init`` knows no ``--config-file``: it adds to the one beside the Pulumi.yaml that it
        finds, so it finds one of its own. ``arguments`` are further ones of it.
        """
        with tempfile.TemporaryDirectory(dir=self.config_file.parent, prefix=".stack-") as folder:
            project = YAML(typ="safe").load(PROGRAM / "Pulumi.yaml")
            (Path(folder) / "Pulumi.yaml").write_text(f"{{name: {project['name']}, runtime: python}}\n")
            beside = Path(folder) / self.config_file.name
            if self.config_file.exists():
                shutil.copy(self.config_file, beside)
            else:
                with beside.open("w") as file:
                    YAML().dump({"config": dict(config or {})}, file)
            done = processes.run(
                self.command("stack", "init", *arguments), Path(folder), self.environment, quiet=True
            )
            if done.returncode:
                raise OperationError(f"stack {self.name} could not be made: {done.stdout.strip()}")
            beside.replace(self.config_file)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Within the body this process's own clients (openstacksdk, pyVmomi) mean the stack's target."""
        before = dict(os.environ)
        os.environ.update(self.environment)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def targeted(urns: Iterable[str]) -> list[str]:
    """Arguments that limit the engine to some resources."""
    return [argument for urn in urns for argument in ("--target", urn)]
