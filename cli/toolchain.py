"""``estate toolchain``: install the Pulumi engine and its plugins, or say which there are."""

from typing import Annotated

import typer

from cli.common import expected

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def toolchain(
    way: Annotated[str, typer.Option(help="path, download or build; by itself whichever works here.")] = "",
) -> None:
    """Have the Pulumi engine, its language host and its plugins; at once if they are there."""
    import os  # noqa: PLC0415

    from toolchain import engine  # noqa: PLC0415
    from toolchain.errors import ToolchainError  # noqa: PLC0415
    from toolchain.progress import Progress  # noqa: PLC0415

    if way:
        os.environ["ESTATE_TOOLCHAIN"] = way
    with expected(ToolchainError):
        installed = engine.install(Progress())
    typer.echo(f"{installed.pulumi} (way: {installed.way})")
