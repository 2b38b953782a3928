"""``estate prove ENV``: that restricted workloads stay on ESXi and nothing else gets there, or how it
does.
"""

import json
from typing import Annotated, Any

import typer

from cli.common import Env, Exit, Format, usable
from estate.placement.proof import (
    ASSUMPTIONS,
    Counterexample,
    Proof,
    Row,
    Setting,
    Step,
    prove,
    settings,
    situation_of,
)
from estate.placement.proof.words import sentence

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("prove")
def command(
    env: Env,
    output: Annotated[Format, typer.Option("--format", help="For a person or for a program.")] = Format.TEXT,
    each: Annotated[
        bool, typer.Option("--each-setting", help="Also take away every setting, one at a time.")
    ] = False,
) -> None:
    """Prove over every request and operation there is that the guarantee of ENV holds. Needs no cloud.

    Exit codes: 0 it holds; 1 it does not, and how; 2 unusable input.
    """
    _, estate = usable(env)
    situation = situation_of(estate)
    proof = prove(situation)
    taken = [(one, prove(one.without)) for one in settings(situation)] if each else []
    if output is Format.JSON:
        typer.echo(json.dumps(document(proof, taken), indent=2, ensure_ascii=False))
    else:
        _show(estate.estate.name, proof, taken)
    if not proof.holds:
        raise typer.Exit(Exit.FINDINGS)


def document(proof: Proof, taken: list[tuple[Setting, Proof]]) -> dict[str, Any]:
    """As JSON values; ``docs/commands.md`` describes the keys."""
    return {
        "holds": proof.holds,
        "requests": proof.requests,
        "counterexamples": [counterexample(one) for one in proof.counterexamples],
        "matrix": [
            {
                "claim": row.claim.value,
                "who": row.who,
                "flavor": row.flavor,
                "boot": row.boot,
                "requests": row.requests,
                "kvm": row.kvm,
                "esxi": row.esxi,
                "holds": row.holds,
            }
            for row in proof.rows
        ],
        "assumptions": list(ASSUMPTIONS),
        **(
            {
                "settings": [
                    {
                        "name": one.name,
                        "needed": not without.holds,
                        "counterexample": counterexample(without.counterexamples[0])
                        if without.counterexamples
                        else None,
                    }
                    for one, without in taken
                ]
            }
            if taken
            else {}
        ),
    }


def counterexample(one: Counterexample) -> dict[str, Any]:
    """A counterexample in a form that can be run."""
    return {
        "claim": one.claim.value,
        "project": one.who.project,
        "admin": one.who.admin,
        "workload": one.workload,
        "steps": [_step(step) for step in one.steps],
        "lands": list(one.lands),
        "why": one.why,
    }


def _step(step: Step) -> dict[str, Any]:
    request = step.request
    if request is None:
        return {"operation": step.operation}
    image = request.image
    return {
        "operation": step.operation,
        "flavor": request.flavor.name,
        "extraSpecs": dict(request.flavor.extra_specs),
        "source": request.source.value,
        "image": None
        if image is None
        else {"name": image.name, "diskFormat": image.disk_format, "properties": dict(image.properties)},
        "zone": request.zone,
        "host": request.host,
    }


def _show(name: str, proof: Proof, taken: list[tuple[Setting, Proof]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - only this form needs it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 200
    table = Table(title="Who can land where", title_justify="left", header_style="bold")
    for heading in (
        "claim",
        "who",
        "flavor or workload",
        "boots from, or operation",
        "requests",
        "KVM",
        "ESXi",
    ):
        table.add_column(heading, overflow="fold")
    table.add_column("holds")
    for row in proof.rows:
        table.add_row(*_cells(row), "[green]yes[/]" if row.holds else "[red bold]NO[/]")
    console.print(table)
    for one, without in taken:
        if without.holds:
            console.print(Text(f"without {one.name}: holds (a second barrier)"))
        else:
            console.print(Text(f"without {one.name}: {sentence(without.counterexamples[0])}"))
    for found in proof.counterexamples:
        console.print(Text(sentence(found)))
    verdict = "the guarantee holds" if proof.holds else f"{len(proof.counterexamples)} ways around it"
    console.print(Text(f"{name}: {proof.requests} different requests: {verdict}."))


def _cells(row: Row) -> list[str]:
    return [
        row.claim.value,
        row.who,
        row.flavor,
        row.boot,
        str(row.requests),
        "yes" if row.kvm else "-",
        "yes" if row.esxi else "-",
    ]
