"""``estate preview|up|destroy ENV``: the engine on an environment, with the policy pack, recovered first."""

from typing import Annotated

import typer

from cli.common import Env, Exit, described, expected

OnSandbox = Annotated[
    bool | None,
    typer.Option(
        "--sandbox/--cloud", help="Its sandbox or its real cloud; by itself the cloud if there is one."
    ),
]
OnlyPart = Annotated[
    list[str] | None,
    typer.Option(
        "--part", metavar="PART", help="Only this part of ENV, if its documents have parts; may be repeated."
    ),
]
_Only = typer.Option(
    "--only",
    metavar="KIND:NAME",
    help="Only what this block stands for, such as workload:ledger-db; may be repeated.",
)
_Rest = typer.Argument(help="Further arguments for pulumi, after `--`.")


def _command(name: str, help_: str, *fixed: str) -> typer.Typer:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)

    @app.command(help=help_, context_settings={"ignore_unknown_options": True})
    def run(
        env: Env,
        rest: Annotated[list[str] | None, _Rest] = None,
        *,
        part: OnlyPart = None,
        only: Annotated[list[str] | None, _Only] = None,
        sandbox: OnSandbox = None,
    ) -> None:
        _run(env, [name, *fixed, *(rest or [])], part or [], only or [], sandbox)

    return app


def _run(env: str, arguments: list[str], part: list[str], only: list[str], sandbox: bool | None) -> None:
    from components.targets import UnknownSubjectError  # noqa: PLC0415
    from estate.openstack.errors import CloudError  # noqa: PLC0415
    from estate.vsphere.connections import ConnectionsError  # noqa: PLC0415
    from operations import parts, target  # noqa: PLC0415
    from operations.errors import OperationError  # noqa: PLC0415
    from sandbox.errors import SandboxError  # noqa: PLC0415
    from toolchain.errors import ToolchainError  # noqa: PLC0415
    from toolchain.progress import Progress  # noqa: PLC0415

    progress = Progress()
    loaded, estate = described(env)
    with expected(
        UnknownSubjectError, OperationError, SandboxError, ToolchainError, CloudError, ConnectionsError
    ):
        shares = parts.choose(loaded.name, estate, part)
        vcenters = {name for one in shares for name in one.reaches}
        base = target.stack(loaded, progress, sandbox=sandbox, vcenters=vcenters)
        fine = parts.Parts.of(base, estate, shares).run(arguments, progress, only=only)
    if not fine:
        raise typer.Exit(Exit.FINDINGS)


_CODES = "1 refused or failed, 2 cloud or vCenter cannot be reached, 130 interrupted."
preview = _command("preview", f"Show what `up` would do to ENV. Exit codes: 0 fine, {_CODES}")
up = _command("up", f"Apply ENV. Exit codes: 0 applied, {_CODES}", "--yes", "--skip-preview")
destroy = _command("destroy", "Take ENV down, if its documents allow it.", "--yes", "--skip-preview")
