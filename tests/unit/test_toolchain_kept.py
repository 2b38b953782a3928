"""Folders and locks that many processes share: made once, used by who comes, removed when nobody does."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox import lifecycle
from toolchain import kept, locks

HOLDER = """
import sys
from pathlib import Path
from toolchain import locks
with locks.held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_holds(path: Path) -> Iterator[None]:
    """Another process holds the lock, or waits for it until it is free."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield
        holder.communicate()


def put(folder: Path, name: str, *, days: float = 0) -> Path:
    """A folder with a file, used last some days ago."""
    target = folder / name
    target.mkdir()
    (target / "file").write_text("")
    then = time.time() - days * 86400
    os.utime(target, (then, then))
    return target


def make(target: Path) -> list[Path]:
    """Ask for ``target``; what was made for it."""
    done: list[Path] = []

    def maker() -> None:
        target.mkdir()
        done.append(target)

    assert kept.made(target, target.exists, maker) == target
    return done


def test_it_is_made_once(tmp_path: Path) -> None:
    assert make(tmp_path / "one") == [tmp_path / "one"]
    assert make(tmp_path / "one") == []


def test_a_new_one_removes_those_that_nobody_has_used_for_long(tmp_path: Path) -> None:
    old, recent = put(tmp_path, "old", days=15), put(tmp_path, "recent", days=13)
    kept.lock(old).touch()

    make(tmp_path / "new")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "new.lock", recent.name]


def test_use_keeps_an_old_one(tmp_path: Path) -> None:
    old = put(tmp_path, "old", days=15)
    make(old)
    make(tmp_path / "new")
    assert old.exists()


def test_one_that_is_being_used_stays(tmp_path: Path) -> None:
    held, running = put(tmp_path, "held", days=15), put(tmp_path, "running", days=15)
    program = shutil.copy("/bin/sleep", running / "program")
    with another_holds(kept.lock(held)), subprocess.Popen([program, "60"]) as sleeping:
        make(tmp_path / "new")
        assert held.exists()
        assert running.exists()
        sleeping.kill()
    for path in (held, running):
        os.utime(path, (0, 0))
    make(tmp_path / "newer")
    assert not held.exists()
    assert not running.exists()


def test_a_removal_that_was_killed_is_finished_by_the_next(tmp_path: Path) -> None:
    half = put(tmp_path, "one.gone", days=15)
    make(tmp_path / "new")
    assert not half.exists()


def test_a_lock_that_is_held_is_neither_taken_nor_removed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with another_holds(path):
        with locks.held_if_free(path) as mine:
            assert not mine
        locks.remove(path)
        assert path.exists()
    locks.remove(path)
    assert not path.exists()


def test_who_waited_for_a_removed_lock_holds_the_new_one(tmp_path: Path) -> None:
    """Else two would work at a time: one with the removed file, one with a new file of that name."""
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with locks.held(path):
        waiter = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        while not _waits(waiter.pid):
            time.sleep(0.02)
        path.unlink()
    assert waiter.stdout is not None
    assert waiter.stdout.readline() == "held\n"
    with locks.held_if_free(path) as mine:
        assert not mine
    waiter.communicate()


def _waits(pid: int) -> bool:
    """Whether the process waits for a lock (Linux marks it with an arrow)."""
    return any("->" in line and f" {pid} " in line for line in Path("/proc/locks").read_text().splitlines())


def test_a_stop_removes_locks_of_sandboxes_that_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESTATE_HOME", str(tmp_path))
    sandboxes = tmp_path / "sandboxes"
    put_lock = [sandboxes / f"{key}.lock" for key in ("gone", "starting", "there")]
    sandboxes.mkdir()
    for path in put_lock:
        path.touch()
    (sandboxes / "there").mkdir()
    with another_holds(sandboxes / "starting.lock"):
        assert not lifecycle.stop("mine")
        assert sorted(path.name for path in sandboxes.iterdir()) == ["starting.lock", "there", "there.lock"]
