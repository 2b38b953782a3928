"""``estate sandbox prepare`` and ``start|stop|status|logs ENV``: a real OpenStack, a simulated vCenter."""

import json
import time
from typing import Annotated

import typer

from cli.common import Env, Exit, Format, expected, usable
from estate.documents import DocumentsError
from estate.documents.folder import find

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

_Output = Annotated[Format, typer.Option("--format", help="For a person or for a program.")]


@app.callback()
def sandbox() -> None:
    """A real OpenStack and a vCenter simulator as local processes, shaped by the documents of ENV."""


@app.command()
def prepare() -> None:
    """Download and build what sandboxes and their runs need, and start nothing; at once if all is there."""
    from sandbox import lifecycle  # noqa: PLC0415
    from sandbox.errors import SandboxError  # noqa: PLC0415
    from toolchain import engine  # noqa: PLC0415
    from toolchain.errors import ToolchainError  # noqa: PLC0415
    from toolchain.progress import Progress  # noqa: PLC0415

    with expected(SandboxError, ToolchainError):
        engine.install(Progress())
        lifecycle.prepare(Progress())


@app.command()
def start(env: Env) -> None:
    """Start the sandbox of ENV, or say that it runs already. Changed documents start it afresh, and empty."""
    from operations import rehearsal  # noqa: PLC0415
    from sandbox.errors import SandboxError  # noqa: PLC0415
    from sandbox.shape import ShapeError  # noqa: PLC0415
    from toolchain.errors import ToolchainError  # noqa: PLC0415
    from toolchain.progress import Progress  # noqa: PLC0415

    loaded, estate = usable(env)
    with expected(SandboxError, ShapeError, ToolchainError):
        running = rehearsal.start(loaded.folder, estate, Progress())
    typer.echo(f"clouds.yaml: {running.clouds} (cloud {running.cloud})")
    typer.echo(f"vcenters.yaml: {running.vcenters}")


@app.command()
def stop(env: Env) -> None:
    """End every process of the sandbox of ENV and remove what it holds, the stack's state included."""
    from operations import rehearsal  # noqa: PLC0415
    from sandbox import lifecycle  # noqa: PLC0415
    from sandbox.errors import SandboxError  # noqa: PLC0415

    with expected(DocumentsError, SandboxError):
        folder = find(env)
        existed = lifecycle.stop(rehearsal.key(folder))
    typer.echo("stopped" if existed else "there was no sandbox")


@app.command()
def status(env: Env, output: _Output = Format.TEXT) -> None:
    """Show the parts of the sandbox of ENV. Exit codes: 0 it runs; 1 it does not, or a part of it."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    from operations import rehearsal  # noqa: PLC0415
    from sandbox import lifecycle  # noqa: PLC0415

    with expected(DocumentsError):
        found = lifecycle.status(rehearsal.key(find(env)))
    if output is Format.JSON:
        document = {
            "state": found.state,
            "memoryBytes": found.memory,
            "parts": [
                {
                    "name": part.name,
                    "running": part.running,
                    "pid": part.pid,
                    "ports": list(part.ports),
                    "memoryBytes": part.memory,
                    "uptimeSeconds": part.uptime,
                    "log": str(part.log),
                }
                for part in found.parts
            ],
            "computes": [
                {"computeHost": one.compute_host, "running": one.running, "detail": one.detail}
                for one in found.computes
            ],
        }
        typer.echo(json.dumps(document, indent=2))
    else:
        table = Table("part", "state", "pid", "ports", "memory", "up for")
        for part in found.parts:
            table.add_row(
                part.name,
                "running" if part.running else "ended",
                str(part.pid),
                ", ".join(str(port) for port in part.ports),
                f"{part.memory / 2**20:.0f} MiB",
                f"{part.uptime:.0f} s" if part.uptime else "",
            )
        Console().print(table)
        for one in found.computes:
            typer.echo(f"nova-compute {one.compute_host}: {one.detail}")
        typer.echo(f"{found.state}, {found.memory / 2**30:.2f} GiB")
    if found.state != "running":
        raise typer.Exit(Exit.FINDINGS)


@app.command()
def logs(
    env: Env,
    part: Annotated[str | None, typer.Argument(help="A part as `status` names it; all if absent.")] = None,
    lines: Annotated[int, typer.Option(help="Lines from the end of each log.")] = 20,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on showing what is written.")] = False,
) -> None:
    """Show the end of the sandbox's logs."""
    from operations import rehearsal  # noqa: PLC0415
    from sandbox import lifecycle  # noqa: PLC0415
    from sandbox.errors import SandboxError  # noqa: PLC0415

    with expected(DocumentsError, SandboxError):
        paths = lifecycle.logs(rehearsal.key(find(env)), part)
        if not paths:
            raise SandboxError(f"there is no sandbox of {env}")
    offsets = {}
    for path in paths:
        text = path.read_text(errors="replace")
        offsets[path] = len(text.encode())
        for line in text.splitlines()[-lines:]:
            typer.echo(f"{path.stem}: {line}")
    while follow:
        time.sleep(1)
        for path in paths:
            with path.open("rb") as file:
                file.seek(offsets[path])
                added = file.read()
            offsets[path] += len(added)
            for line in added.decode(errors="replace").splitlines():
                typer.echo(f"{path.stem}: {line}")
