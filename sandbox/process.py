"""One private local process: start, wait until ready, stop, and know for certain that it is ours.

Every process carries the run folder and its own name in its environment. Thus a start can find and end
whatever an earlier, killed run left behind, even where no record was written, and nothing else: a process
id alone may belong to somebody else by now.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from sandbox import files, ports
from sandbox.errors import SandboxError

RUN_MARK = "ESTATE_SANDBOX_RUN"
NAME_MARK = "ESTATE_SANDBOX_PROCESS"


@dataclass(frozen=True)
class Program:
    """What to start. ``environment`` is added to :func:`environment`'s; ``ports``: those it listens on."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    stop_signal: int = signal.SIGTERM


@dataclass(frozen=True)
class Record:
    """A started process, as saved in ``RUN/processes/NAME.json``."""

    name: str
    pid: int
    created: float
    """``psutil``'s create time; with ``pid`` it names one process for ever."""
    command: list[str]
    ports: list[int]
    log: str
    stop_signal: int


@dataclass(frozen=True)
class Status:
    """What a process is doing now."""

    name: str
    running: bool
    pid: int
    ports: list[int]
    log: str
    memory: int
    """Proportional set size of the process and its children in bytes: shared pages count once in a sum."""
    uptime: float
    """Seconds; 0 of a process that ended."""


def environment(run: Path) -> dict[str, str]:
    """The environment of every process: nothing of the user's (``OS_*``, ``PYTHON*``) leaks in."""
    for name in ("home", "tmp"):
        (run / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(run / "home"),
        "TMPDIR": str(run / "tmp"),
        "PYTHONWARNINGS": "ignore",
        # glibc makes 8 arenas per core and thread-heavy Python fills them all: this halves the memory.
        "MALLOC_ARENA_MAX": "2",
        RUN_MARK: str(run),
    }


def start(run: Path, program: Program) -> Record:
    """Start ``program`` in a session of its own, output to ``RUN/logs/NAME.log``.

    One of the same name that still runs is ended first.
    """
    stop(run, [program.name])
    # The ended one holds its port until its last thread is gone, a moment after its leader.
    deadline = time.monotonic() + 10
    while not all(map(ports.is_free, program.ports)) and time.monotonic() < deadline:
        time.sleep(0.05)
    log = run / "logs" / f"{program.name}.log"
    child = _spawn(run, program, log)
    try:
        created = psutil.Process(child.pid).create_time()
    except psutil.NoSuchProcess:
        raise SandboxError(_ended(program.name, log)) from None
    record = Record(
        program.name,
        child.pid,
        created,
        list(program.command),
        list(program.ports),
        str(log),
        int(program.stop_signal),
    )
    files.write(_record_path(run, program.name), json.dumps(asdict(record), indent=1), mode=0o600)
    return record


def wait_ready(record: Record, check: Callable[[], bool], timeout: float = 60.0) -> None:
    """Return once ``check`` is true.

    :class:`SandboxError` with the end of the log if the process ends before, or ``timeout`` seconds pass.
    """
    deadline = time.monotonic() + timeout
    while not check():
        if not is_mine(record):
            raise SandboxError(_ended(record.name, Path(record.log)))
        if time.monotonic() > deadline:
            raise SandboxError(
                f"{record.name} is not ready after {timeout:.0f} s; "
                f"end of {record.log}:\n{_tail(Path(record.log))}"
            )
        time.sleep(0.05)


def run_once(run: Path, program: Program, timeout: float = 300.0, *, fine: Collection[int] = (0,)) -> str:
    """Run ``program`` to its end and return what it printed.

    :class:`SandboxError` with the last lines if it takes longer than ``timeout`` seconds or ends with an
    exit code that is not ``fine``. It is marked like a lasting process, so that the next start ends it if we
    are killed meanwhile.
    """
    log = run / "logs" / f"{program.name}.log"
    before = log.stat().st_size if log.exists() else 0
    child = _spawn(run, program, log)
    try:
        code = child.wait(timeout)
    except subprocess.TimeoutExpired:
        raise SandboxError(f"{program.name} takes longer than {timeout:.0f} s; see {log}") from None
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    if code not in fine:
        raise SandboxError(
            f"{program.name} failed with exit code {code}; end of {log}:\n{_tail(log, before)}"
        )
    return log.read_bytes()[before:].decode(errors="replace")


def is_mine(record: Record) -> bool:
    """Whether exactly the recorded process still runs (same id and same create time, and not a zombie)."""
    try:
        found = psutil.Process(record.pid)
        return found.create_time() == record.created and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def records(run: Path) -> list[Record]:
    """The processes that were started and not stopped since, by name; some may have ended by themselves."""
    found = []
    for path in sorted((run / "processes").glob("*.json")):
        with suppress(FileNotFoundError):  # stopped, or about to be started again, since we looked
            found.append(Record(**json.loads(path.read_text())))
    return found


def stop(run: Path, names: Collection[str] | None = None, timeout: float = 10.0) -> None:
    """End the processes with these names (default: all of the sandbox) and all their children.

    Leaders are asked first, all at once; what is left after ``timeout`` seconds is killed. Processes that
    an interrupted start left without a record are found by their environment.
    """
    leaders = [record for record in records(run) if names is None or record.name in names]
    for record in leaders:
        if is_mine(record):
            with suppress(ProcessLookupError):
                os.kill(record.pid, record.stop_signal)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and any(is_mine(record) for record in leaders):
        time.sleep(0.05)
    # A process may fork while we look: again until none is left.
    while left := list(_marked(run, names)):
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        time.sleep(0.02)
    for record in leaders:
        _record_path(run, record.name).unlink(missing_ok=True)


def together(run: Path, *tasks: Callable[[], object]) -> None:
    """Run ``tasks`` in threads until all are done.

    If one fails, or the user interrupts, the processes of ``run`` are ended at once, so that the others,
    which wait for them, fail too instead of going on for minutes; the first error is raised.
    """
    with ThreadPoolExecutor(len(tasks)) as pool:
        try:
            for future in as_completed([pool.submit(task) for task in tasks]):
                future.result()
        except BaseException:
            stop(run)
            raise


def status(run: Path) -> list[Status]:
    """Every recorded process with its memory and uptime."""
    memory: dict[str, int] = {}
    for process in _marked(run, None):
        with suppress(psutil.Error):
            name = process.environ()[NAME_MARK]
            memory[name] = memory.get(name, 0) + process.memory_full_info().pss
    now = time.time()
    return [
        Status(
            record.name,
            is_mine(record),
            record.pid,
            record.ports,
            record.log,
            memory.get(record.name, 0),
            now - record.created if is_mine(record) else 0,
        )
        for record in records(run)
    ]


def _spawn(run: Path, program: Program, log: Path) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with log.open("ab") as output:
        try:
            return subprocess.Popen(
                program.command,
                cwd=run,
                env=environment(run) | dict(program.environment) | {NAME_MARK: program.name},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise SandboxError(
                f"{program.name} does not start: {program.command[0]}: {error.strerror}"
            ) from error


def _marked(run: Path, names: Collection[str] | None) -> Iterator[psutil.Process]:
    """All living processes that carry the mark of ``run`` (and one of ``names``)."""
    for process in psutil.process_iter():
        try:
            marks = process.environ()
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
        except (psutil.Error, OSError):
            continue
        if marks.get(RUN_MARK) == str(run) and (names is None or marks.get(NAME_MARK) in names):
            yield process


def _record_path(run: Path, name: str) -> Path:
    return run / "processes" / f"{name}.json"


def _ended(name: str, log: Path) -> str:
    return f"{name} ended by itself; end of {log}:\n{_tail(log)}"


def _tail(log: Path, start: int = 0, lines: int = 15) -> str:
    with log.open("rb") as file:
        file.seek(max(start, log.stat().st_size - 20000))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
