"""A lock between processes that a killed holder cannot leave behind."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold ``path`` for the body; wait while another process does.

    The kernel drops an ``flock`` with its process, so there is no stale lock to clean up. The file stays:
    removing it would let a third process lock a new file of the same name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
