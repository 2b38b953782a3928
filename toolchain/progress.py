"""Progress with elapsed time, for anything longer than a few seconds.

On a terminal the running step is a spinner with a clock; elsewhere (CI, a pipe) a step prints one
line when it starts, one every 20 seconds, and one with its duration when it ends.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

HEARTBEAT = 20.0
"""Seconds between two signs of life where there is no terminal."""


class Step:
    """One running step: ``note`` says what it is doing right now."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.detail = ""
        self.started = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self.started

    def note(self, detail: str) -> None:
        """Replace what is shown behind the step's title."""
        self.detail = detail

    def line(self) -> str:
        """The step as one line of text, without markup."""
        return f"{self.title} ({self.detail})" if self.detail else self.title


class Progress:
    """Steps on standard error, so that standard output stays free for results (JSON, tables)."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Show ``title`` while the body runs, then how long it took; a failure is shown as one."""
        step = Step(title)
        done = threading.Event()
        follow = self._spin if self.console.is_terminal else self._beat
        follower = threading.Thread(target=follow, args=(step, done), daemon=True)
        follower.start()
        try:
            yield step
        except BaseException:
            done.set()
            follower.join()
            self._print("✗", step)
            raise
        done.set()
        follower.join()
        self._print("✓", step)

    def say(self, text: str) -> None:
        """One line of plain text."""
        self.console.print(text, markup=False, soft_wrap=True)

    def _print(self, mark: str, step: Step) -> None:
        self.console.print(f"{mark} {step.line()}  {step.elapsed:.1f} s", markup=False, soft_wrap=True)

    def _spin(self, step: Step, done: threading.Event) -> None:
        with self.console.status("") as status:
            while not done.wait(0.25):
                status.update(f"{step.line()}  {step.elapsed:.0f} s")

    def _beat(self, step: Step, done: threading.Event) -> None:
        if done.wait(1.0):
            return
        self.console.print(f"… {step.line()}", markup=False, soft_wrap=True)
        while not done.wait(HEARTBEAT):
            self.console.print(f"… {step.line()}  {step.elapsed:.0f} s", markup=False, soft_wrap=True)
