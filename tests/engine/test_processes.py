"""A killed engine's plugins are found and ended, another stack's are not; an interruption ends gates."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType

import psutil
import pytest

from operations import processes
from operations.stack import PROGRAM
from toolchain.engine import Toolchain, install
from toolchain.progress import Progress

# The first test may have to build the toolchain.
pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]

WAITS = """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class Waiting(ResourceProvider):
    def create(self, props):
        from estate.openstack.waiting import wait_for

        def say(line):
            print(line, flush=True)

        wait_for(lambda: None, lambda _: "it never comes", seconds=600, report=say)
        return CreateResult("came", props)


class Waits(Resource):
    def __init__(self):
        super().__init__(Waiting(), "waits", {})


Waits()
"""

RUN = """
import json, sys
from pathlib import Path
from operations import processes

command, folder, environment = json.load(sys.stdin)
processes.run(command, Path(folder), environment, quiet=False)
"""


class Run:
    """``up`` of a stack of its own, up to where its gate waits; started as ``estate up`` does."""

    def __init__(self, toolchain: Toolchain, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        settings = f"{{toolchain: pip, virtualenv: {PROGRAM / '.venv'}}}"
        (folder / "Pulumi.yaml").write_text(
            f"{{name: waits, runtime: {{name: python, options: {settings}}}}}\n"
        )
        (folder / "__main__.py").write_text(WAITS)
        backend = f"file://{folder}"
        self.environment = toolchain.environment() | {
            "PULUMI_BACKEND_URL": backend,
            "PYTHONPATH": str(PROGRAM),
            **processes.mark(backend, "trial"),
        }
        pulumi = str(toolchain.pulumi)
        subprocess.run(
            [pulumi, "stack", "init", "trial", "--non-interactive"],
            cwd=folder,
            env=self.environment,
            check=True,
            capture_output=True,
        )
        self._log = folder / "up.log"
        command = [pulumi, "up", "--yes", "--skip-preview", "--non-interactive", "--stack", "trial"]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", RUN],
                env={**os.environ, "PYTHONPATH": str(PROGRAM)},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
        assert self.process.stdin is not None
        json.dump([command, str(folder), self.environment], self.process.stdin)
        self.process.stdin.close()

        self.until(lambda: "it never comes" in self.said)

    @property
    def said(self) -> str:
        return self._log.read_text()

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)

    def marked(self) -> set[int]:
        """Every process of the stack's engine, the engine as well."""
        found = set()
        for process in psutil.process_iter():
            try:
                if process.environ().get(processes.MARK) == self.environment[processes.MARK]:
                    found.add(process.pid)
            except psutil.Error:
                continue
        return found

    def engine(self) -> psutil.Process:
        """The engine itself."""
        return next(one for one in psutil.Process(self.process.pid).children() if one.name() == "pulumi")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Run]]:
    """Starts runs, and ends what is left of them."""
    runs: list[Run] = []

    def started(name: str) -> Run:
        runs.append(Run(install(Progress()), tmp_path / name))
        return runs[-1]

    yield started
    for run in runs:
        for pid in run.marked():
            with suppress(psutil.NoSuchProcess):  # the engine's end may have taken it along
                psutil.Process(pid).kill()
        run.process.wait()


def test_only_the_dead_engines_plugins_are_ended(start: Callable[[str], Run]) -> None:
    killed, alive = start("killed"), start("alive")
    before = alive.marked()
    assert processes.end_orphans(killed.environment) == 0  # its engine lives
    shell = subprocess.Popen(["sleep", "600"], env=killed.environment, start_new_session=True)

    killed.engine().kill()
    killed.process.wait()
    killed.until(lambda: len(killed.marked()) > 1)
    gates = [one for one in map(psutil.Process, killed.marked()) if "pulumi.dynamic" in one.cmdline()]
    assert gates

    assert processes.end_orphans(killed.environment) >= len(gates)
    assert killed.marked() == {shell.pid}
    assert alive.marked() == before
    shell.kill()
    shell.wait()


def test_an_interruption_ends_a_gate_that_waits(start: Callable[[str], Run]) -> None:
    run = start("interrupted")
    run.process.send_signal(signal.SIGINT)
    run.until(lambda: run.process.poll() is not None)
    assert "interrupted after" in run.said
    assert "creating failed" in run.said  # the engine came to its own end
    assert run.marked() == set()
    assert not list(run.folder.glob(".pulumi/locks/**/*.json"))


def test_a_second_interruption_ends_it_at_once(start: Callable[[str], Run]) -> None:
    run = start("twice")
    gate = next(one for one in map(psutil.Process, run.marked()) if "pulumi.dynamic" in one.cmdline())
    gate.suspend()  # so that it cannot end by itself
    for said in ("Interrupted: ", "Interrupted again: "):
        run.process.send_signal(signal.SIGINT)
        run.until(lambda said=said: said in run.said)  # type: ignore[misc]
    run.until(lambda: run.process.poll() is not None)
    assert run.marked() == set()


def test_a_run_that_does_not_end_tells_what_it_had_said(tmp_path: Path) -> None:
    def stop(_number: int, frame: FrameType | None) -> None:
        if frame is not None and frame.f_code.co_name in {"wait", "_wait", "_try_wait"}:  # for its end
            raise RuntimeError("the test runs out of time")

    before = signal.signal(signal.SIGUSR1, stop)
    stuck = ["sh", "-c", "echo creating server; while kill -USR1 $PPID; do sleep 0.5; done"]
    try:
        with pytest.raises(RuntimeError, match="out of time") as raised:
            processes.run(stuck, tmp_path, os.environ, quiet=True)
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert raised.value.__notes__ == ["creating server"]


def test_a_run_is_over_when_its_engine_is(tmp_path: Path) -> None:
    """A plugin that goes on holds what the engine wrote to, too."""
    done = processes.run(["sh", "-c", "sleep 600 & echo $!"], tmp_path, os.environ, quiet=True)
    psutil.Process(int(done.stdout)).kill()
    assert done.returncode == 0
