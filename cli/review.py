"""``estate review``: what a change will do, in one comment, one page and the machine formats."""

import sys
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.apply import OnSandbox
from cli.common import Exit, expected, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.documents import Loaded
    from estate.model import Estate
    from operations.reviews import Asked
    from review.value import Review

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Form(StrEnum):
    """How a review is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"


_ENDINGS = {
    ".txt": Form.TEXT,
    ".md": Form.MARKDOWN,
    ".html": Form.HTML,
    ".json": Form.JSON,
    ".sarif": Form.SARIF,
    ".xml": Form.JUNIT,
}


@app.command("review")
def command(
    base: Annotated[str, typer.Option("--base", metavar="REV", help="Revision of git to compare with.")],
    env: Annotated[
        list[str] | None,
        typer.Option(
            "--env",
            metavar="ENV",
            help="An environment; several may follow, or repeat --env. By itself all of stacks/, old or new.",
        ),
    ] = None,
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[ENV]...", help="Further environments.")
    ] = None,
    *,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="REV", help="Revision to review; the working tree if absent."),
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="What goes to stdout.")] = Form.TEXT,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            metavar="FILE",
            help=f"Also write a file, in the format of its ending: {', '.join(_ENDINGS)}. May be repeated.",
        ),
    ] = None,
    page: Annotated[
        str | None,
        typer.Option(
            "--page", metavar="URL", help="Where the page will be: a comment that is cut points there."
        ),
    ] = None,
    preview: Annotated[
        bool,
        typer.Option(
            "--preview", help="Also ask the engine, on the running sandbox or the real cloud of each ENV."
        ),
    ] = False,
    sandbox: OnSandbox = None,
    no_python: Annotated[
        bool,
        typer.Option(
            "--no-python", help="Refuse documents in Python, which would be executed (ESTATE_NO_PYTHON=1)."
        ),
    ] = False,
) -> None:
    """Say what a change of documents will do. Needs no engine, no cloud and no credentials; changes nothing.

    With --preview the engine says what it will do, and where that is not what the documents say (drift).
    Exit codes: 0 nothing new speaks against it; 1 errors, new warnings, no room, the guarantee does not
    hold, or drift; 2 unusable input, or the review is incomplete: a side could not be read, or a preview did
    not come to its end.
    """
    from operations.errors import OperationError  # noqa: PLC0415
    from operations.reviews import reviewed  # noqa: PLC0415
    from review.reviewing import exit_code  # noqa: PLC0415

    files = output or []
    if unknown := [file for file in files if file.suffix not in _ENDINGS]:
        typer.echo(f"Error: expected a file that ends in {', '.join(_ENDINGS)}, got {unknown[0]}", err=True)
        raise typer.Exit(Exit.UNUSABLE)
    if preview and head is not None:
        typer.echo("Error: the engine applies the working tree: check --head out instead", err=True)
        raise typer.Exit(Exit.UNUSABLE)
    ask = _asking(sandbox) if preview else None
    with expected(OperationError):
        found = reviewed(
            [*(env or []), *(more or [])], base, head, python=False if no_python else None, ask=ask
        )
    written = {one: _written(found, one, page) for one in {form, *(_ENDINGS[file.suffix] for file in files)}}
    for file in files:
        write(file, written[_ENDINGS[file.suffix]])
    sys.stdout.write(written[form])
    if code := exit_code(found):
        raise typer.Exit(code)


def _asking(sandbox: bool | None) -> "Callable[[Loaded, Estate], Asked]":
    from operations.previewing import previews  # noqa: PLC0415
    from toolchain.progress import Progress  # noqa: PLC0415

    progress = Progress()
    return lambda loaded, estate: previews(loaded, estate, progress, sandbox=sandbox)


def _written(found: "Review", form: Form, page: str | None) -> str:
    """In one format, whose file alone is imported."""
    if form is Form.MARKDOWN:
        from review.comment import comment  # noqa: PLC0415

        return comment(found, page=page)
    name = {Form.HTML: "page", Form.JSON: "document"}.get(form, form.value)
    text: str = import_module(f"review.{name}").text(found)
    return text
