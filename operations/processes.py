"""The processes of a stack's engine: interrupted with care, and found again once their engine is dead.

A killed engine leaves its plugins behind (``pulumi.dynamic``, ``pulumi-resource-*``, …): each leads a
process group of its own and none watches its engine, so they go on with what they were doing.
"""

import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil

from estate.openstack.waiting import INTERRUPTED

MARK = "ESTATE_STACK"
"""Variable that every process of a stack's engines carries: its backend and its name."""

_PLUGIN = re.compile(r"\bpulumi(-resource-|-language-|-analyzer-|\.dynamic\b|\.policy\b)")
_ENGINE = "pulumi"
_LAST_LINES = 40
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def mark(backend: str, stack: str) -> dict[str, str]:
    """The mark of a stack, for the environment of its engine."""
    return {MARK: f"{backend}#{stack}"}


def end_orphans(environment: Mapping[str, str]) -> int:
    """End the plugins that carry this environment's mark and have no living engine; how many there were.

    Plugins of an engine that lives (a preview takes no lock) and whatever else runs in a shell with
    the mark (``estate env``) are left alone.
    """
    ended: set[int] = set()
    while orphans := list(_orphans(environment[MARK])):  # again: one may have started another meanwhile
        for orphan in orphans:
            with suppress(psutil.NoSuchProcess):
                orphan.kill()
        psutil.wait_procs(orphans, timeout=5)
        ended |= {orphan.pid for orphan in orphans}
    return len(ended)


def _orphans(wanted: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if (
                process.status() != psutil.STATUS_ZOMBIE
                and process.environ().get(MARK) == wanted
                and _PLUGIN.search(" ".join(process.cmdline()))
                and not any(parent.name() == _ENGINE for parent in process.parents())
            ):
                yield process
        except (psutil.Error, OSError):  # gone, or somebody else's
            continue


def run(
    command: list[str], folder: Path, environment: Mapping[str, str], *, quiet: bool, aside: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run an engine to its end; with ``quiet`` what it prints is captured (both streams), with ``aside`` it
    goes to standard error. Whatever ends it before tells, as a note, the last lines that it had captured.

    It has a session of its own, so that an interruption reaches it once, and from here: the first lets
    it end by itself (no new step begins, gates stop waiting), the second ends it and its plugins.
    Raises ``KeyboardInterrupt`` after either.
    """
    with tempfile.TemporaryDirectory(prefix="estate-") as own:  # mode 0700
        flag = Path(own) / "interrupted"
        # A file: of a pipe somebody would have to wait for each process that got it, and it would tell
        # nothing of a run that does not end.
        said = Path(own) / "said"
        with said.open("wb") as file:
            engine = subprocess.Popen(
                command,
                cwd=folder,
                env={**environment, INTERRUPTED: str(flag)},
                stdout=file if quiet else sys.stderr.fileno() if aside else None,
                stderr=subprocess.STDOUT if quiet else None,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            with _interruptible(engine, flag):
                engine.wait()
        except BaseException as error:
            engine.kill()
            error.add_note("\n".join(said.read_text().splitlines()[-_LAST_LINES:]))
            raise
        if flag.exists():
            end_orphans(environment)
            raise KeyboardInterrupt
        return subprocess.CompletedProcess(command, engine.returncode, said.read_text() if quiet else None)


@contextmanager
def _interruptible(engine: subprocess.Popen[bytes], flag: Path) -> Iterator[None]:
    """While the body waits for the engine, an interruption of this process is the engine's."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if flag.exists():
            print("Interrupted again: ended at once. The next run recovers first.", file=sys.stderr)
            engine.kill()
            return
        flag.touch()
        print(
            "Interrupted: what has begun comes to its end, nothing else begins; the next run goes on from "
            "there. Once more ends it at once.",
            file=sys.stderr,
        )
        engine.send_signal(signal.SIGINT)

    if threading.current_thread() is not threading.main_thread():  # which alone gets signals
        yield
        return
    # A terminal that is gone means nothing to what runs under nohup.
    meant = [one for one in _SIGNALS if one != signal.SIGHUP or signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in meant}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
