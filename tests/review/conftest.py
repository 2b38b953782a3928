"""One process runs the program for all reviews of this folder: to start one takes longer than its work."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import pytest

from operations import reviews
from review.aside import Aside, aside

Asides = Callable[[], AbstractContextManager[Aside]]


@pytest.fixture(scope="session")
def shared() -> Iterator[Asides]:
    """As ``review.aside.aside``, but what it gives stays until something fails."""
    with ExitStack() as held:
        kept: list[Aside] = []

        @contextmanager
        def one() -> Iterator[Aside]:
            if not kept:
                kept.append(held.enter_context(aside()))
            try:
                yield kept[0]
            except BaseException:  # it may still have an answer for what failed
                kept.clear()
                held.close()
                raise

        yield one


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch, shared: Asides) -> None:
    monkeypatch.setattr(reviews, "aside", shared)
