"""Stacks of small programs, run by the real engine in folders of their own; no cloud answers."""

import subprocess
from pathlib import Path

from tests.estates import ROOT
from toolchain.engine import Toolchain


class TrialStack:
    """An empty stack, and the program that is written for it."""

    def __init__(self, toolchain: Toolchain, folder: Path) -> None:
        self.folder = folder
        (folder / "state").mkdir()
        self.environment = toolchain.environment() | {
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_HOME": str(folder / "home"),
        }
        # The plugins are the toolchain's; what the engine notes down (the selected stack) stays in here.
        (folder / "home").mkdir()
        (folder / "home" / "plugins").symlink_to(toolchain.home / "plugins")
        self.project()
        self.write("")
        self.run("stack", "init", "trial")

    def project(self, virtual_environment: Path = ROOT / ".venv") -> None:
        """Write ``Pulumi.yaml``."""
        runtime = f"{{name: python, options: {{toolchain: pip, virtualenv: {virtual_environment}}}}}"
        (self.folder / "Pulumi.yaml").write_text(f"name: trial\nruntime: {runtime}\n")

    def write(self, *parts: str) -> None:
        """The program."""
        (self.folder / "__main__.py").write_text("".join(parts))

    def run(self, *arguments: str, fails: bool = False) -> str:
        """What ``pulumi`` prints, both streams; asserts that it succeeds, or fails if ``fails``."""
        result = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )
        assert (result.returncode != 0) == fails, result.stdout
        return result.stdout
