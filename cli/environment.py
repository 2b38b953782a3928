"""``estate env ENV``: the shell variables with which pulumi and openstack mean an environment's target."""

import os
import shlex
from typing import Annotated

import typer

from cli.apply import OnSandbox
from cli.common import Env, described, expected

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def env(
    env: Env,
    *,
    part: Annotated[
        str | None, typer.Option("--part", metavar="PART", help="The stack of this part of ENV.")
    ] = None,
    sandbox: OnSandbox = None,
) -> None:
    """Print shell variables, for: eval "$(estate env ENV)".

    Then pulumi (with --stack and --config-file, both shown as comments), openstack and this command's
    other verbs work on ENV's sandbox or its real cloud.
    """
    from operations import parts, target  # noqa: PLC0415
    from operations.errors import OperationError  # noqa: PLC0415
    from sandbox.errors import SandboxError  # noqa: PLC0415
    from toolchain.errors import ToolchainError  # noqa: PLC0415
    from toolchain.progress import Progress  # noqa: PLC0415

    loaded, estate = described(env)
    with expected(OperationError, SandboxError, ToolchainError):
        stack = target.stack(loaded, Progress(), sandbox=sandbox)
        if part is not None:
            (one,) = parts.Parts.of(stack, estate, parts.choose(loaded.name, estate, [part])).parts
            stack = one.stack
    typer.echo(f"# pulumi COMMAND --stack {stack.name} --config-file {shlex.quote(str(stack.config_file))}")
    for name, value in sorted(stack.environment.items()):
        if os.environ.get(name) != value:
            typer.echo(f"export {name}={shlex.quote(value)}")
