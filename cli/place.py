"""``estate place ENV``: where every workload lands, and the rule of Nova that decides it."""

import json
from typing import Annotated, Any

import typer

from cli.common import Env, Exit, Format, usable
from estate.placement.landing import Landing, landings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def place(
    env: Env,
    output: Annotated[Format, typer.Option("--format", help="For a person or for a program.")] = Format.TEXT,
) -> None:
    """Show where every workload of ENV lands, by Nova's own rules. Needs no cloud.

    Exit codes: 0 each has a place; 1 one has none; 2 unusable input.
    """
    _, estate = usable(env)
    found = landings(estate)
    if output is Format.JSON:
        typer.echo(json.dumps({"landings": [document(one) for one in found]}, indent=2, ensure_ascii=False))
    else:
        _show(found)
    if any(one.aggregate is None for one in found):
        raise typer.Exit(Exit.FINDINGS)


def document(one: Landing) -> dict[str, Any]:
    """As JSON values; ``docs/commands.md`` describes the keys."""
    return {
        "workload": one.workload,
        "restricted": one.restricted,
        "aggregate": one.aggregate,
        "zone": one.zone,
        "hosts": list(one.hosts),
        "decidedBy": one.decided_by,
        "why": one.why,
    }


def _show(found: tuple[Landing, ...]) -> None:
    from rich.console import Console  # noqa: PLC0415 - only this form needs it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 200
    table = Table(title="Where every workload lands", title_justify="left", header_style="bold")
    for heading in ("workload", "must stay on ESXi", "aggregate", "zone", "hosts", "decided by"):
        table.add_column(heading, overflow="fold")
    for one in found:
        table.add_row(
            Text(one.workload),
            "yes" if one.restricted else "",
            one.aggregate or "none",
            one.zone or "-",
            Text(_some(one.hosts)),
            Text(f"{one.decided_by}: {one.why}"),
        )
    console.print(table)


def _some(hosts: tuple[str, ...]) -> str:
    if len(hosts) <= 3:
        return ", ".join(hosts) or "-"
    return f"{hosts[0]}, … {hosts[-1]} ({len(hosts)})"
