"""``estate register ENV``: which servers must stay on ESXi, why, and who answers for it."""

import csv
import io
import json
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import typer

from cli.common import Env, Exit, expected, usable
from estate.model import Estate
from policies.clock import ClockError, today
from policies.register import Entry, check, entries

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Form(StrEnum):
    """How the register is shown."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"


@app.command()
def register(
    env: Env,
    output: Annotated[
        Form, typer.Option("--format", help="For a person, a spreadsheet or a program.")
    ] = Form.TEXT,
) -> None:
    """Show the register of restrictions to ESXi, with exemptions and the budget. Needs no cloud.

    Exit codes: 0 fine; 1 a review is overdue, an exemption has expired, or the budget is exceeded; 2 unusable
    input.
    """
    _, estate = usable(env, but="restriction-budget")
    with expected(ClockError):
        day = today()
    found, wrong = entries(estate, day), list(check(estate, day))
    if output is Form.JSON:
        typer.echo(json.dumps(document(estate, found, day), indent=2, ensure_ascii=False))
    elif output is Form.CSV:
        typer.echo(as_csv(found), nl=False)
    else:
        _show(estate, found, day)
        for one in wrong:
            typer.echo(f"{one.severity}: {one.subject}: {one.message} [{one.rule}]")
    if wrong or any(one.expires < day for one in estate.exemptions.values()):
        raise typer.Exit(Exit.FINDINGS)


def _row(one: Entry) -> dict[str, Any]:
    """``docs/commands.md`` describes the keys."""
    return {
        "workload": one.workload,
        "servers": list(one.servers),
        "reason": one.reason,
        "evidence": one.evidence,
        "owner": one.owner,
        "review": one.review.isoformat(),
        "overdue": one.overdue,
    }


def document(estate: Estate, found: tuple[Entry, ...], day: date) -> dict[str, Any]:
    """The register as JSON values."""
    return {
        "restrictions": [_row(one) for one in found],
        "restrictedServers": sum(len(one.servers) for one in found),
        "budget": estate.estate.restriction_budget,
        "exemptions": [
            {**one.model_dump(mode="json", by_alias=True), "name": name, "expired": one.expires < day}
            for name, one in estate.exemptions.items()
        ],
    }


def as_csv(found: tuple[Entry, ...]) -> str:
    """One line for each server: that is what an inventory is compared with."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["server", "workload", "reason", "evidence", "owner", "review", "overdue"])
    for one in found:
        for server in one.servers:
            writer.writerow(
                [
                    *map(_cell, (server, one.workload, one.reason, one.evidence, one.owner)),
                    one.review.isoformat(),
                    "yes" if one.overdue else "",
                ]
            )
    return text.getvalue()


def _cell(value: str) -> str:
    """A spreadsheet takes text that begins so for a formula (OWASP, CSV injection)."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@")) else value


def _show(estate: Estate, found: tuple[Entry, ...], day: date) -> None:
    from rich.console import Console  # noqa: PLC0415 - only this form needs it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 200
    table = Table(title="Restricted to ESXi", title_justify="left", header_style="bold")
    for heading in ("workload", "servers", "reason", "evidence", "owner", "review"):
        table.add_column(heading, overflow="fold")
    for one in found:
        review = f"{one.review} (overdue)" if one.overdue else f"{one.review}"
        table.add_row(
            Text(one.workload), str(len(one.servers)), one.reason, Text(one.evidence), Text(one.owner), review
        )
    console.print(table)
    budget = estate.estate.restriction_budget
    count = sum(len(one.servers) for one in found)
    typer.echo(f"{count} servers restricted to ESXi, " + (f"budget {budget}." if budget else "no budget."))
    for name, exemption in estate.exemptions.items():
        over = " (expired)" if exemption.expires < day else ""
        typer.echo(
            f"exemption {name}: {exemption.subject} from {exemption.rule} until {exemption.expires}{over}: "
            f"{exemption.reason} ({exemption.owner}, {exemption.ticket})"
        )
