"""A second process that runs the program while this one proves: its SDK alone takes a second to import."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from estate.model import Estate
from estate.model.words import AS_WRITTEN
from review.resources import Recorded, Wanted, recorded

_ROOT = Path(__file__).resolve().parents[1]


class Aside:
    """Asked in turn: each ``answer`` is that to the earliest question without one."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._in, self._out = process, process.stdin, process.stdout

    def ask(self, wanted: Wanted) -> None:
        """Have both of its sides recorded."""
        sides = [
            one.model_dump(mode="json", context=AS_WRITTEN, exclude_defaults=True)
            for one in (wanted.old, wanted.new)
        ]
        self._in.write(json.dumps(sides).encode() + b"\n")
        self._in.flush()

    def answer(self) -> tuple[Recorded, Recorded]:
        """What was recorded. Raises ``RuntimeError`` if that failed, which standard error has told."""
        try:
            found: tuple[Recorded, Recorded] = pickle.load(self._out)  # noqa: S301 - of our own process
        except EOFError:
            raise RuntimeError("the program could not be recorded; the reason is above") from None
        return found


@contextmanager
def aside() -> Iterator[Aside]:
    """The process, ended after the body."""
    # -P: a folder `review` in the current directory is not this one.
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "review.aside"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), *sys.path])},
    )
    try:
        yield Aside(process)
    finally:
        process.kill()
        process.communicate()


def _main() -> None:
    import gc  # noqa: PLC0415

    import review.recording  # noqa: F401, PLC0415 - at once, while the other process reads

    gc.disable()
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a program prints is no result
    for line in sys.stdin.buffer:
        old, new = (Estate.model_validate(one) for one in json.loads(line))
        pickle.dump(recorded(old, new), results)
        results.flush()


if __name__ == "__main__":
    _main()
