"""``estate env ENV``: the shell variables with which pulumi and openstack mean an environment's target."""

import os
import shlex

import typer

from cli.apply import OnSandbox
from cli.common import Env, expected

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def env(env: Env, *, sandbox: OnSandbox = None) -> None:
    """Print shell variables, for: eval "$(estate env ENV)".

    Then pulumi (with --stack and --config-file, both shown as comments), openstack and this command's
    other verbs work on ENV's sandbox or its real cloud.
    """
    from estate.documents import DocumentsError, load  # noqa: PLC0415
    from operations import target  # noqa: PLC0415
    from operations.errors import OperationError  # noqa: PLC0415
    from sandbox.errors import SandboxError  # noqa: PLC0415
    from toolchain.errors import ToolchainError  # noqa: PLC0415
    from toolchain.progress import Progress  # noqa: PLC0415

    with expected(DocumentsError, OperationError, SandboxError, ToolchainError):
        stack = target.stack(load(env), Progress(), sandbox=sandbox)
    typer.echo(f"# pulumi COMMAND --stack {stack.name} --config-file {shlex.quote(str(stack.config_file))}")
    for name, value in sorted(stack.environment.items()):
        if os.environ.get(name) != value:
            typer.echo(f"export {name}={shlex.quote(value)}")
