"""``estate prove ENV``: that restricted workloads stay on ESXi and nothing else gets there, or how it
does.
"""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.common import Env, Exit, Format, expected, usable, write
from estate.documents import Loaded
from estate.model import Estate
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
    svg,
)
from estate.placement.proof.words import sentence

if TYPE_CHECKING:
    from operations.reproduction import Reproduction

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("prove")
def command(
    env: Env,
    output: Annotated[Format, typer.Option("--format", help="For a person or for a program.")] = Format.TEXT,
    matrix: Annotated[
        Path | None, typer.Option("--matrix", metavar="FILE", help="Write the matrix as an SVG picture.")
    ] = None,
    *,
    each: Annotated[
        bool, typer.Option("--each-setting", help="Also take away every setting, one at a time.")
    ] = False,
    real: Annotated[
        bool,
        typer.Option(
            "--reproduce",
            help="Really take away every setting that is needed in ENV's running sandbox, and take the "
            "steps of its counterexample there.",
        ),
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--setting", metavar="TEXT", help="Only settings whose name has this in it."),
    ] = None,
) -> None:
    """Prove over every request and operation there is that the guarantee of ENV holds. Needs no cloud.

    Exit codes: 0 it holds; 1 it does not, and how, or Nova did not do what a counterexample says; 2 unusable
    input.
    """
    loaded, estate = usable(env)
    situation = situation_of(estate)
    proof = prove(situation)
    known = settings(situation)
    for text in only or ():
        if not any(text in one.name for one in known):
            typer.echo(f'Error: no setting has "{text}" in its name; --each-setting lists all.', err=True)
            raise typer.Exit(Exit.UNUSABLE)
    taken = [
        Taken(setting=one, proof=prove(one.without))
        for one in (known if each or real or only else ())
        if not only or any(text in one.name for text in only)
    ]
    if real:
        taken = _reproduced(loaded, estate, taken)
    if matrix is not None:
        write(matrix, svg(proof, f"{estate.estate.name}: who can land where"))
    if output is Format.JSON:
        typer.echo(json.dumps(document(proof, taken), indent=2, ensure_ascii=False))
    else:
        _show(estate.estate.name, proof, taken)
    if not proof.holds or any(one.real is not None and not one.real.as_proven for one in taken):
        raise typer.Exit(Exit.FINDINGS)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A setting, what the proof says without it, and what a sandbox did without it."""

    setting: Setting
    proof: Proof
    real: "Reproduction | None" = None


def _reproduced(loaded: Loaded, estate: Estate, taken: list[Taken]) -> list[Taken]:
    """On the environment's own sandbox only."""
    from estate.openstack.calls import Calls  # noqa: PLC0415
    from estate.openstack.connection import connect  # noqa: PLC0415
    from estate.openstack.errors import CloudError  # noqa: PLC0415
    from operations import target  # noqa: PLC0415
    from operations.errors import OperationError  # noqa: PLC0415
    from operations.rehearsal import key  # noqa: PLC0415
    from operations.reproduction import Reproducer, Reproduction  # noqa: PLC0415
    from operations.withdrawal import Withdrawal  # noqa: PLC0415
    from sandbox import lifecycle  # noqa: PLC0415
    from sandbox.errors import SandboxError  # noqa: PLC0415
    from toolchain.progress import Progress  # noqa: PLC0415

    progress = Progress()
    done = []
    with expected(OperationError, SandboxError, CloudError):
        os.environ.update(target.target(loaded, sandbox=True).clients)
        running = lifecycle.running(key(loaded.folder))
        calls = Calls(connect())
        withdrawal = Withdrawal(calls, running, estate, progress)
        with Reproducer(calls, estate, progress) as reproducer:
            for one in taken:
                if one.proof.holds:
                    done.append(one)
                    continue
                progress.say(f"without {one.setting.name}")
                try:
                    with withdrawal.without(one.setting):
                        real = reproducer.run(one.proof.counterexamples[0], one.setting.without)
                except CloudError as error:
                    real = Reproduction(calls=(str(error),), host=None, as_proven=False)
                done.append(replace(one, real=real))
    return done


def document(proof: Proof, taken: list[Taken]) -> dict[str, Any]:
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
        "notProven": proof.not_proven,
        **(
            {
                "settings": [
                    {
                        "name": one.setting.name,
                        "needed": not one.proof.holds,
                        "counterexample": counterexample(one.proof.counterexamples[0])
                        if one.proof.counterexamples
                        else None,
                        **({"reproduced": _real(one.real)} if one.real is not None else {}),
                    }
                    for one in taken
                ]
            }
            if taken
            else {}
        ),
    }


def _real(one: "Reproduction") -> dict[str, Any]:
    return {"asProven": one.as_proven, "host": one.host, "calls": list(one.calls)}


def counterexample(one: Counterexample) -> dict[str, Any]:
    """A counterexample in a form that can be run."""
    return {
        "claim": one.claim.value,
        "project": one.who.project,
        "admin": one.who.admin,
        "workload": one.workload,
        "steps": [_step(step) for step in one.steps],
        "lands": list(one.lands),
        "refused": list(one.refused),
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


def _show(name: str, proof: Proof, taken: list[Taken]) -> None:
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
    for one in taken:
        if one.proof.holds:
            console.print(Text(f"without {one.setting.name}: holds (a second barrier)"))
        else:
            console.print(Text(f"without {one.setting.name}: {sentence(one.proof.counterexamples[0])}"))
        if one.real is not None:
            verdict = "as proven" if one.real.as_proven else "NOT AS PROVEN"
            console.print(Text(f"  in the sandbox, {verdict}: {'; then '.join(one.real.calls)}"))
    for found in proof.counterexamples:
        console.print(Text(sentence(found)))
    verdict = "the guarantee holds" if proof.holds else f"{len(proof.counterexamples)} ways around it"
    if proof.holds and proof.not_proven is not None:
        verdict = "the guarantee holds for versions of Nova that are new enough"
    console.print(Text(f"{name}: {proof.requests} different requests: {verdict}."))
    if proof.not_proven is not None:
        console.print(Text(f"Not proven: {proof.not_proven}."))
    console.print(Text(f"{len(ASSUMPTIONS)} things are taken for granted: see docs/placement.md."))


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
