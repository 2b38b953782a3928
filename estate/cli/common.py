"""What commands share: their arguments, and how expected faults end."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer

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
