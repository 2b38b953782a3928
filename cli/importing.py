"""``estate import ENV``: what runs already becomes documents and resources of the stack."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.apply import OnSandbox
from cli.common import Env, Exit, Format, expected

if TYPE_CHECKING:
    from operations.adoption import Report

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def import_(
    env: Env,
    output: Annotated[Format, typer.Option("--format", help="For a person or for a program.")] = Format.TEXT,
    *,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Write the documents of earlier imports anew.")
    ] = False,
    sandbox: OnSandbox = None,
) -> None:
    """Describe what a running OpenStack and its vCenters have, in documents of ENV, and import it.

    ENV has at least an estate.yaml with the environment's name, its network back end and its vCenters.
    Nothing is changed in the cloud.

    Exit codes: 0 a preview shows no change now; 1 it does, or something is missing; 2 unusable input, or no
    answer.
    """
    from estate.documents import DocumentsError, load  # noqa: PLC0415
    from estate.openstack.errors import CloudError  # noqa: PLC0415
    from estate.vsphere.connections import ConnectionsError  # noqa: PLC0415
    from operations import adoption  # noqa: PLC0415
    from operations.errors import OperationError  # noqa: PLC0415
    from sandbox.errors import SandboxError  # noqa: PLC0415
    from toolchain.errors import ToolchainError  # noqa: PLC0415
    from toolchain.progress import Progress  # noqa: PLC0415

    with expected(DocumentsError, OperationError, SandboxError, ToolchainError, CloudError, ConnectionsError):
        report = adoption.adopt(load(env), Progress(), sandbox=sandbox, overwrite=overwrite)
    if output is Format.JSON:
        typer.echo(json.dumps(document(report), indent=2))
    else:
        show(report)
    if report.changes:
        raise typer.Exit(Exit.FINDINGS)


def show(report: "Report") -> None:
    """What was written, imported, kept and left out, for a person."""
    imported = report.imported
    for path in report.written:
        typer.echo(f"written: {path}")
    for kind, count in sorted(imported.counts.items()):
        typer.echo(f"imported: {count} {kind.rpartition(':')[2]}")
    typer.echo(
        f"{sum(imported.counts.values())} imported, {imported.there_already} were in the stack already."
    )
    by_field: dict[tuple[str, str, str, str], list[str]] = {}
    for one in imported.kept:
        by_field.setdefault((one.how, one.type.rpartition(":")[2], one.field, one.reason), []).append(
            one.name
        )
    for (how, kind, field, reason), names in sorted(by_field.items()):
        typer.echo(f"{how}: {kind}.{field} of {', '.join(sorted(names))}: {reason}")
    for line in report.exempted:
        typer.echo(f"exempted: {line}")
    for left in report.left_out:
        typer.echo(f"left out: {left.what}: {left.reason}")
    for line in report.changes:
        typer.echo(f"would change: {line}")
    verdict = f"{len(report.changes)} changes" if report.changes else "no change"
    typer.echo(f"A preview of {report.stack} on {report.cloud} shows {verdict}.")


def document(report: "Report") -> dict[str, Any]:
    """The report as JSON values; ``docs/commands.md`` describes the keys."""
    imported = report.imported
    return {
        "stack": report.stack,
        "cloud": report.cloud,
        "written": [str(path) for path in report.written],
        "imported": dict(imported.counts),
        "thereAlready": imported.there_already,
        "kept": [asdict(one) for one in imported.kept],
        "exempted": list(report.exempted),
        "leftOut": [asdict(one) for one in report.left_out],
        "changes": list(report.changes),
    }
