"""``estate headroom ENV``: whether everything still fits after one host is lost."""

import json
from typing import Annotated, Any

import typer

from cli.common import Env, Exit, Format, usable
from estate.placement.headroom import Headroom, View, headroom

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_VIEWS = {
    View.KVM: "its hosts but the largest",
    View.NOVA: "as Nova sees it: clusters as one provider each",
    View.HOSTS: "as it is: ESXi hosts but the largest, within HA's admission control",
}


@app.command("headroom")
def command(
    env: Env,
    output: Annotated[Format, typer.Option("--format", help="For a person or for a program.")] = Format.TEXT,
) -> None:
    """Show whether all servers of ENV still fit after each aggregate has lost its largest host.

    Exit codes: 0 they do; 1 some do not; 2 unusable input.
    """
    _, estate = usable(env)
    found = headroom(estate)
    if output is Format.JSON:
        typer.echo(json.dumps({"headroom": [document(one) for one in found]}, indent=2))
    else:
        for one in found:
            _show(one)
        count = sum(len(one.does_not_fit) for one in found)
        typer.echo(f"{estate.estate.name}: " + (f"{count} do not fit." if count else "everything fits."))
    if any(one.does_not_fit for one in found):
        raise typer.Exit(Exit.FINDINGS)


def document(one: Headroom) -> dict[str, Any]:
    """As JSON values; ``docs/commands.md`` describes the keys."""
    return {
        "aggregate": one.aggregate,
        "view": one.view.value,
        "lost": one.lost,
        "capacity": {"vcpus": one.capacity.vcpus, "memory": one.capacity.memory},
        "demand": {"vcpus": one.demand.vcpus, "memory": one.demand.memory},
        "fits": not one.does_not_fit,
        "doesNotFit": list(one.does_not_fit),
    }


def _show(one: Headroom) -> None:
    lost = f", without {one.lost}" if one.lost else ""
    typer.echo(
        f"{one.aggregate} ({_VIEWS[one.view]}{lost}): {one.demand.vcpus} of {one.capacity.vcpus} VCPUs, "
        f"{one.demand.memory // 1024} of {one.capacity.memory // 1024} GiB memory"
    )
    for name in one.does_not_fit:
        typer.echo(f"  does not fit: {name}")
