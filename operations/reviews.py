"""A review of two revisions: the documents of both, side by side; on request with the engine's previews."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from estate.documents import DocumentsError, Loaded, is_environment
from estate.documents import folder as folders
from estate.model import Estate
from operations import earlier
from operations.errors import OperationError
from policies.clock import ClockError, today
from review.aside import aside
from review.reviewing import WORKING_TREE, Compared, Pair, review
from review.side import OUT_OF_REACH, Side, side
from review.value import Preview, Problem, Reading, Review

Asked = tuple[tuple[Preview, ...], tuple[str, ...]]
"""Previews of an environment's stacks; and what the engine could not be asked."""


def reviewed(
    environments: Sequence[str],
    base: str,
    head: str | None = None,
    *,
    python: bool | None = None,
    ask: Callable[[Loaded, Estate], Asked] | None = None,
) -> Review:
    """Compare environments at ``base`` with ``head`` (the working tree if absent); all if none is named.

    What cannot be had, such as a base that does not exist, is among the review's problems.

    :param python: whether documents in Python may be executed, as for ``estate.documents.load``.
    :param ask: asks the engine about documents, see ``operations.previewing.previews``; without it no
        engine, no cloud and no credentials are needed.
    :raises OperationError: none of it can be had: no such environment, no repository, no such head.
    """
    problems: list[Problem] = []
    with ExitStack() as held:
        try:
            day = today()
        except ClockError as error:
            raise OperationError(str(error)) from error
        held.enter_context(_collecting_nothing())
        recorder = held.enter_context(aside())
        folders_of = {name: _folder(name) for name in environments}
        first = next(iter(folders_of.values()), None) or _stacks()
        top = earlier.repository(next(one for one in (first, *first.parents) if one.is_dir()))
        inside = {
            name: folder.relative_to(top) for name, folder in folders_of.items() if folder.is_relative_to(top)
        }
        if outside := sorted(set(folders_of) - set(inside)):
            raise OperationError(
                f"expected environments of one repository, {top}; found {', '.join(outside)}"
            )
        after = held.enter_context(earlier.tree_at(top, head)) if head else top
        before: Path | None = None
        try:
            before = held.enter_context(earlier.tree_at(top, base))
        except OperationError as error:
            problems.append(
                Problem(environment=None, side="base", message=f"{error}.".replace(f" in {top}", ""))
            )
        if not environments:
            inside = _every(first.relative_to(top), after, before)
        pairs = []
        for name, place in inside.items():
            if not (after / place).is_dir() and (before is None or not (before / place).is_dir()):
                raise OperationError(f'there is no environment "{name}": no folder {place} on either side')
            now = _side(after, place, python)
            previews, unasked = _asked(ask, now)
            pairs.append(
                Pair(
                    environment=place.name,
                    before=_side(before, place, python),
                    after=now,
                    previews=previews,
                    unasked=unasked,
                )
            )
        return review(
            Compared(
                base=base,
                base_commit=None if before is None else earlier.commit(top, base),
                head=head or WORKING_TREE,
                head_commit=earlier.commit(top, head or "HEAD") if head or earlier.clean(top) else None,
            ),
            pairs,
            day,
            recorder,
            problems,
        )


def _stacks() -> Path:
    """The project's environments."""
    stacks = folders.environments()
    if stacks is None:
        raise OperationError(
            f"expected environments in stacks/ of {Path.cwd()} or above, found none; name one"
        )
    return stacks.resolve()


def _every(stacks: Path, *trees: Path | None) -> dict[str, Path]:
    """All environments below ``stacks/`` on either side, by name: also one that comes or goes.

    :raises OperationError: there is none.
    """
    found = {
        folder.name
        for tree in trees
        if tree is not None and (tree / stacks).is_dir()
        for folder in (tree / stacks).iterdir()
        if folder.is_dir() and is_environment(folder)
    }
    if not found:
        raise OperationError(f"expected environments in {stacks}/, found none on either side")
    return {name: stacks / name for name in sorted(found)}


def _asked(ask: Callable[[Loaded, Estate], Asked] | None, side: Side) -> Asked:
    if ask is None or side.reading is Reading.ABSENT:
        return (), ()
    if side.loaded is None or side.estate is None:
        return (), ("the engine was not asked, because the documents have errors.",)
    return ask(side.loaded, side.estate)


def _side(tree: Path | None, place: Path, python: bool | None) -> Side:
    return OUT_OF_REACH if tree is None else side(tree / place, tree, python=python)


def _folder(environment: str) -> Path:
    """Where an environment lies, or lay: it may exist on one side only."""
    try:
        return folders.find(environment).resolve()
    except DocumentsError as error:
        stacks = folders.environments()
        if Path(environment).name != environment or stacks is None:
            raise OperationError(str(error)) from error
        return (stacks / environment).resolve()


@contextmanager
def _collecting_nothing() -> Iterator[None]:
    """Nothing is given up before the end: looking for it would take a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
