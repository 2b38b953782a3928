"""Folders that are made once for a version of something and stay for whoever has that version.

Two checkouts of different versions may take turns on one machine, so a folder is not removed because this
checkout does not know it, but because nobody has used it for a while.
"""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from toolchain import locks

UNUSED = 14 * 24 * 3600.0
"""Seconds after its last use when a folder goes."""


def made(target: Path, complete: Callable[[], bool], make: Callable[[], None]) -> Path:
    """``target``, made now, by one process at a time, unless it is ``complete``.

    After a new one was made, its siblings that nobody needs any more are removed.
    """
    with locks.held(lock(target)):
        if complete():
            used(target)
            return target
        make()
        used(target)
    prune(target.parent)
    return target


def lock(target: Path) -> Path:
    """The lock under which ``target`` is made, and removed."""
    return target.with_name(f"{target.name}.lock")


def used(target: Path) -> None:
    """Note that ``target`` is used now."""
    os.utime(target)


def prune(parent: Path) -> None:
    """Remove the folders in ``parent`` not used for ``UNUSED`` seconds, unless a process runs from them."""
    for target in sorted(path for path in parent.iterdir() if path.is_dir()):
        if not _unused(target):
            continue
        with locks.held_if_free(lock(target)) as mine:
            # Whoever uses it notes so under the lock: look again.
            if mine and _unused(target) and not running(target):
                # In one step, so that a kill leaves nothing that looks whole.
                shutil.rmtree(target.rename(target.with_name(f"{target.name}.gone")))
        if not target.exists():
            locks.remove(lock(target))


def _unused(target: Path) -> bool:
    return time.time() - target.stat().st_mtime > UNUSED


def running(target: Path) -> bool:
    """Whether a process was started from a file in ``target``."""
    for process in psutil.process_iter():
        try:
            words = [process.exe(), *process.cmdline()]
        except psutil.Error:
            continue
        if any(target in Path(word).parents for word in words):
            return True
    return False
