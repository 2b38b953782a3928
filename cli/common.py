"""What commands share: their arguments, and how expected faults end."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from estate.documents import DocumentsError, Loaded, Problem, load
from estate.model import Estate, Severity

Env = Annotated[
    str, typer.Argument(metavar="ENV", help="A name under stacks/, or the path of a folder of documents.")
]


class Format(StrEnum):
    """Output for a person or for a program."""

    TEXT = "text"
    JSON = "json"


class Exit:
    """Exit codes of all commands."""

    FINDINGS = 1
    UNUSABLE = 2


@contextmanager
def expected(*faults: type[Exception]) -> Iterator[None]:
    """End the command with one sentence on stderr and exit code 2 if one of ``faults`` is raised."""
    try:
        yield
    except faults as fault:
        typer.echo(f"Error: {fault}", err=True)
        raise typer.Exit(Exit.UNUSABLE) from fault


def write(path: Path, text: str) -> None:
    """Write a file that the user named, with its folders; one sentence and exit code 2 where that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        typer.echo(f"Error: {path} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(Exit.UNUSABLE) from error


def line(problem: Problem) -> str:
    """``file:line:column: subject: message [rule]``, with its severity in front if it is no error."""
    mark = "" if problem.severity is Severity.ERROR else f"{problem.severity}: "
    position = typer.style(str(problem.position), bold=True)
    return f"{position}: {mark}{problem.subject}: {problem.message} [{problem.rule}]"


def described(env: str) -> tuple[Loaded, Estate]:
    """What the documents of ENV describe, if they can be read; else what is wrong (stderr), exit code 2."""
    with expected(DocumentsError):
        loaded = load(env)
    if loaded.estate is None:
        for problem in loaded.problems:
            typer.echo(str(problem), err=True)
        raise typer.Exit(Exit.UNUSABLE)
    return loaded, loaded.estate


def usable(env: str, *, but: str | None = None) -> tuple[Loaded, Estate]:
    """The documents of ENV, if nothing speaks against them; else what is wrong (stderr), exit code 2.

    ``but``: a finding that does not stop this command.
    """
    from policies.over_documents import judged  # noqa: PLC0415

    with expected(DocumentsError):
        loaded = load(env)
        problems = judged(loaded)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR and problem.rule != but]
    for problem in errors:
        typer.echo(line(problem), err=True)
    if errors or loaded.estate is None:
        raise typer.Exit(Exit.UNUSABLE)
    return loaded, loaded.estate
