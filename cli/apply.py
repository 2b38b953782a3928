"""``estate preview|up|destroy ENV``: the engine on an environment, with the policy pack, recovered first."""

from typing import Annotated

import typer

from cli.common import Env, Exit, expected

OnSandbox = Annotated[
    bool | None,
    typer.Option(
        "--sandbox/--cloud", help="Its sandbox or its real cloud; by itself the cloud if there is one."
    ),
]
_Rest = typer.Argument(help="Further arguments for pulumi, after `--`.")


def _command(name: str, help_: str, *fixed: str) -> typer.Typer:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)

    @app.command(help=help_, context_settings={"ignore_unknown_options": True})
    def run(env: Env, rest: Annotated[list[str] | None, _Rest] = None, *, sandbox: OnSandbox = None) -> None:
        _run(env, [name, *fixed, *(rest or [])], sandbox)

    return app


def _run(env: str, arguments: list[str], sandbox: bool | None) -> None:
    from estate.documents import DocumentsError, load  # noqa: PLC0415
    from estate.openstack.errors import CloudError  # noqa: PLC0415
    from estate.vsphere.connections import ConnectionsError  # noqa: PLC0415
    from operations import recovery, target  # noqa: PLC0415
    from operations.errors import OperationError  # noqa: PLC0415
    from operations.reach import reach  # noqa: PLC0415
    from sandbox.errors import SandboxError  # noqa: PLC0415
    from toolchain.errors import ToolchainError  # noqa: PLC0415
    from toolchain.progress import Progress  # noqa: PLC0415

    progress = Progress()
    with expected(DocumentsError, OperationError, SandboxError, ToolchainError, CloudError, ConnectionsError):
        loaded = load(env)
        stack = target.stack(loaded, progress, sandbox=sandbox)
        progress.say(f"{stack.name} on {stack.cloud}")
        if loaded.estate:  # else the program says what is wrong with the documents
            reach(stack, loaded.estate.vcenters)
        recovery.recover(stack, progress)
        done = stack.pulumi(*arguments)
    if done.returncode:
        raise typer.Exit(Exit.FINDINGS)


_CODES = "1 refused or failed, 2 cloud or vCenter cannot be reached, 130 interrupted."
preview = _command("preview", f"Show what `up` would do to ENV. Exit codes: 0 fine, {_CODES}")
up = _command("up", f"Apply ENV. Exit codes: 0 applied, {_CODES}", "--yes", "--skip-preview")
destroy = _command("destroy", "Take ENV down, if its documents allow it.", "--yes", "--skip-preview")
