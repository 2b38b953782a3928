"""How long the ground takes: ``python -m benchmarks [--cold]`` prints a Markdown table.

``--cold`` first does everything in an empty home, as on a fresh machine (many minutes where the engine is
built from source). Everything is run as a user runs it, as whole processes.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from shutil import copytree

from benchmarks import check
from operations.stack import PROGRAM
from toolchain import engine
from toolchain.progress import Progress

ESTATE = Path(sys.executable).with_name("estate")


class Run:
    """One run of all measurements, in one home folder."""

    def __init__(self, documents: Path) -> None:
        self._documents = str(documents)
        self.rows: list[tuple[str, str]] = []

    def measure(self, what: str, *arguments: str) -> float:
        """Seconds of a command of ours, which must succeed; a row of the table."""
        seconds = self.timed([str(ESTATE), *arguments])
        self.rows.append((what, f"{seconds:.1f} s"))
        return seconds

    def timed(self, command: Sequence[str], cwd: Path | None = None, **more: str) -> float:
        """Seconds of a command that must succeed."""
        print(f"… {' '.join(command)}", file=sys.stderr)
        began = time.monotonic()
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout}")
        return time.monotonic() - began

    def ground(self) -> None:
        """Sandbox from its golden copy, ``up``, second preview, memory."""
        self.measure("sandbox, from its golden copy", "sandbox", "start", self._documents)
        with Memory(self._documents) as memory:
            self.measure("`pulumi up` of `sandbox` with the policy pack", "up", self._documents)
            preview = self.measure("second `pulumi preview`", "preview", self._documents)
        self.rows.append(
            ("the same against a program without any resource", f"{preview / self.bare():.1f} x")
        )
        self.rows.append(("sandbox, memory at its peak (PSS)", f"{memory.peak / 2**30:.2f} GiB"))
        self.measure("`estate landing`", "landing", self._documents)
        self.stop()

    def bare(self) -> float:
        """Seconds of a second preview of a program that registers nothing, with the same engine."""
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            (place / "__main__.py").write_text("import pulumi\n")
            options = f"{{toolchain: pip, virtualenv: {sys.prefix}}}"
            (place / "Pulumi.yaml").write_text(
                f"{{name: bare, runtime: {{name: python, options: {options}}}}}\n"
            )
            environment = engine.install(Progress()).environment()
            on_stack = ["--stack", "bare", "--non-interactive"]
            self.timed(["pulumi", "stack", "init", "bare", "--non-interactive"], place, **environment)
            self.timed(["pulumi", "preview", *on_stack], place, **environment)
            seconds = self.timed(["pulumi", "preview", *on_stack], place, **environment)
            self.timed(["pulumi", "stack", "rm", "--yes", *on_stack], place, **environment)
        return seconds

    def stop(self) -> None:
        """End the sandbox."""
        self.timed([str(ESTATE), "sandbox", "stop", self._documents])


class Memory:
    """Watches the memory of a sandbox while the body runs."""

    def __init__(self, documents: str) -> None:
        self._command = [str(ESTATE), "sandbox", "status", documents, "--format", "json"]
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.peak = 0

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(5):
            said = subprocess.run(self._command, capture_output=True, text=True, check=False).stdout
            self.peak = max(self.peak, json.loads(said)["memoryBytes"])


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        documents = Path(copytree(PROGRAM / "stacks" / "sandbox", Path(folder) / "benchmark"))
        run = Run(documents)
        if "--cold" in sys.argv[1:]:
            os.environ["ESTATE_HOME"] = str(Path(folder) / "home")
            run.measure("toolchain, from nothing", "toolchain")
            run.measure("sandbox, from nothing", "sandbox", "start", str(documents))
            run.stop()
        else:
            run.timed([str(ESTATE), "toolchain"])
        run.measure("toolchain, second call", "toolchain")
        run.ground()
    run.rows += check.rows(check.measured())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    print(f"{os.cpu_count()} cores, {memory / 2**30:.0f} GiB, Python {platform.python_version()}\n")
    print("| what | figure |\n|---|---|")
    for what, figure in run.rows:
        print(f"| {what} | {figure} |")


if __name__ == "__main__":
    main()
