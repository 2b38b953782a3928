"""``estate policies``: the rules of the policy pack."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from policies.rules import RULES
from policies.table import markdown

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Form(StrEnum):
    """How the rules are listed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


@app.command("policies")
def command(
    output: Annotated[
        Form, typer.Option("--format", help="A list, JSON, or the page docs/policies.md.")
    ] = Form.TEXT,
) -> None:
    """List the rules of the policy pack: what each demands, why, and what to do. All are mandatory."""
    if output is Form.JSON:
        rules = [
            {
                "name": rule.name,
                "severity": rule.severity.value,
                "scope": rule.scope.value,
                "description": rule.description,
                "why": rule.why,
                "whatToDo": rule.what_to_do,
                "source": rule.source,
            }
            for rule in RULES
        ]
        typer.echo(json.dumps({"rules": rules}, indent=2, ensure_ascii=False))
    elif output is Form.MARKDOWN:
        typer.echo(markdown(), nl=False)
    else:
        for rule in RULES:
            typer.echo(f"{typer.style(rule.name, bold=True)} ({rule.severity})\n  {rule.description}")
