"""Locks between processes: the kernel drops an ``flock`` with its holder, so none is ever left behind."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from toolchain.progress import Progress


@contextmanager
def held(path: Path, progress: Progress | None = None) -> Iterator[None]:
    """Hold ``path`` (made if need be) for the body; wait while another process does, and say so."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            if not _taken(file):
                if progress is None:
                    fcntl.flock(file, fcntl.LOCK_EX)
                else:
                    with progress.step("Wait for another process that is installing"):
                        fcntl.flock(file, fcntl.LOCK_EX)
            if _names(path, file):
                yield
                return


@contextmanager
def held_if_free(path: Path) -> Iterator[bool]:
    """Hold ``path`` for the body unless another process does: True if it is held now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        yield _taken(file) and _names(path, file)


def remove(path: Path) -> None:
    """Remove the file of a lock that nobody holds. Who waits for it meanwhile makes it anew."""
    with held_if_free(path) as mine:
        if mine:
            path.unlink()


def _taken(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _names(path: Path, file: IO[str]) -> bool:
    """Whether ``path`` still is the file that was locked: a holder may have removed it while we waited."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
