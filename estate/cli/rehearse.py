"""``estate rehearse ENV``: any environment on real schedulers, on one's own machine."""

import os

import typer

from estate.cli.common import Env, Exit, expected, usable

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def rehearse(env: Env) -> None:
    """Toolchain, sandbox, `pulumi up` with the policy pack, then where every server landed.

    Each step is done only if need be, so that it can be interrupted and called again.
    Exit codes: 0 all as predicted; 1 `up` was refused or failed, or a server is elsewhere; 2 unusable input.
    """
    from estate.cli.landing import show  # noqa: PLC0415
    from estate.evidence.observation import observe  # noqa: PLC0415
    from estate.openstack.errors import CloudError  # noqa: PLC0415
    from estate.vsphere.connections import ConnectionsError  # noqa: PLC0415
    from operations import recovery, rehearsal  # noqa: PLC0415
    from operations.errors import OperationError  # noqa: PLC0415
    from sandbox.errors import SandboxError  # noqa: PLC0415
    from sandbox.shape import ShapeError  # noqa: PLC0415
    from toolchain.errors import ToolchainError  # noqa: PLC0415
    from toolchain.progress import Progress  # noqa: PLC0415

    loaded, estate = usable(env)
    progress = Progress()
    with expected(OperationError, SandboxError, ShapeError, ToolchainError, CloudError, ConnectionsError):
        stack = rehearsal.prepare(loaded.folder, estate, progress)
        recovery.recover(stack, progress)
        with progress.step(f"pulumi up of {loaded.name}, with the policy pack"):
            done = stack.pulumi("up", "--yes", "--skip-preview")
        if done.returncode:
            raise typer.Exit(Exit.FINDINGS)
        os.environ.update(stack.environment)
        rows = observe(estate)
    show(estate, rows, stack.cloud)
    if not all(row.equal for row in rows):
        raise typer.Exit(Exit.FINDINGS)
