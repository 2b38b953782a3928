"""``estate schema``: the language as a JSON Schema for editors, or as the tables of its reference."""

import json
from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Form(StrEnum):
    """What is printed."""

    JSON = "json"
    MARKDOWN = "markdown"


@app.command()
def schema(
    output: Annotated[
        Form, typer.Option("--format", help="JSON Schema, or the reference as Markdown.")
    ] = Form.JSON,
) -> None:
    """Print what the language knows: docs/schema/estate.schema.json and the tables of docs/language.md."""
    if output is Form.JSON:
        from estate.documents.schema import schema as made  # noqa: PLC0415 - only this form needs it

        typer.echo(json.dumps(made(), indent=2, ensure_ascii=False))
    else:
        from estate.documents.reference import reference  # noqa: PLC0415 - only this form needs it

        typer.echo(reference(), nl=False)
