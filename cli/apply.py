"""``estate preview|up|destroy ENV``: the engine on an environment, with the policy pack, recovered first."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.common import Env, Exit, described, expected

if TYPE_CHECKING:
    from estate.documents import Loaded
    from estate.model import Estate
    from operations.parts import Parts
    from toolchain.progress import Progress

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
_Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="KIND:NAME",
        help="Only what this block stands for, such as workload:ledger-db; may be repeated.",
    ),
]
_Rest = Annotated[list[str] | None, typer.Argument(help="Further arguments for pulumi, after `--`.")]
_AT_ONCE = ("--yes", "--skip-preview")
_CODES = "1 refused or failed, 2 cloud or vCenter cannot be reached, 130 interrupted."


def _app() -> typer.Typer:
    return typer.Typer(add_completion=False, rich_markup_mode=None)


preview, up, destroy = _app(), _app(), _app()


@preview.command(
    "preview",
    help=f"Show what `up` would do to ENV. Exit codes: 0 fine, {_CODES}",
    context_settings={"ignore_unknown_options": True},
)
def _preview(
    env: Env,
    rest: _Rest = None,
    *,
    proposal: Annotated[
        Path | None,
        typer.Option("--proposal", metavar="FILE", help="Write down what is to be approved, instead."),
    ] = None,
    part: OnlyPart = None,
    only: _Only = None,
    sandbox: OnSandbox = None,
) -> None:
    with _on(env, part, sandbox) as (loaded, _, parts, progress):
        if proposal is None:
            _ended(fine=parts.run(["preview", *(rest or [])], progress, only=only or []))
            return
        _nothing_else(rest, "--proposal")
        from operations import applying, approval  # noqa: PLC0415

        proposed = applying.propose(loaded, parts, progress, only=only or [])
        proposal.write_text(approval.text(proposed), encoding="utf-8")
        count = sum(len(one.steps) for one in proposed.stacks)
        typer.echo(f"{count} changes of {len(proposed.stacks)} stacks are to be approved: {proposal}")
        typer.echo(f"digests: {proposed.digests}")


@up.command(
    "up",
    help=f"Apply ENV. Exit codes: 0 applied, {_CODES}",
    context_settings={"ignore_unknown_options": True},
)
def _up(
    env: Env,
    rest: _Rest = None,
    *,
    approved: Annotated[
        str | None,
        typer.Option(
            "--approved",
            metavar="FILE|DOCUMENTS:PREVIEW",
            help="Apply what was approved, or nothing: the file of `preview --proposal`, or its digests.",
        ),
    ] = None,
    part: OnlyPart = None,
    only: _Only = None,
    sandbox: OnSandbox = None,
) -> None:
    if approved is not None:
        _nothing_else(rest, "--approved")
    _apply(env, ["up", *_AT_ONCE, *(rest or [])], part, only, sandbox=sandbox, approved=approved)


@destroy.command(
    "destroy",
    help="Take ENV down, if its documents allow it.",
    context_settings={"ignore_unknown_options": True},
)
def _destroy(
    env: Env,
    rest: _Rest = None,
    *,
    part: OnlyPart = None,
    only: _Only = None,
    sandbox: OnSandbox = None,
) -> None:
    _apply(env, ["destroy", *_AT_ONCE, *(rest or [])], part, only, sandbox=sandbox)


def _apply(
    env: str,
    arguments: Sequence[str],
    part: list[str] | None,
    only: list[str] | None,
    *,
    sandbox: bool | None,
    approved: str | None = None,
) -> None:
    from operations.applying import Approved, Run  # noqa: PLC0415
    from operations.errors import OperationError  # noqa: PLC0415

    with expected(OperationError):
        given = Approved.of(approved) if approved is not None else None
    with _on(env, part, sandbox) as (loaded, estate, parts, progress):
        run = Run(
            loaded=loaded,
            estate=estate,
            parts=parts,
            arguments=arguments,
            only=only or [],
            approved=given,
        )
        _ended(fine=run(progress))


@contextmanager
def _on(
    env: str, part: list[str] | None, sandbox: bool | None
) -> "Iterator[tuple[Loaded, Estate, Parts, Progress]]":
    """The parts of an environment that are meant, on their target; what is expected to go wrong is said."""
    from components.targets import UnknownSubjectError  # noqa: PLC0415
    from estate.openstack.errors import CloudError  # noqa: PLC0415
    from estate.vsphere.connections import ConnectionsError  # noqa: PLC0415
    from operations import parts, target  # noqa: PLC0415
    from operations.applying import RefusedError  # noqa: PLC0415
    from operations.errors import OperationError  # noqa: PLC0415
    from sandbox.errors import SandboxError  # noqa: PLC0415
    from toolchain.errors import ToolchainError  # noqa: PLC0415
    from toolchain.progress import Progress  # noqa: PLC0415

    progress = Progress()
    loaded, estate = described(env)
    with expected(
        UnknownSubjectError, OperationError, SandboxError, ToolchainError, CloudError, ConnectionsError
    ):
        shares = parts.choose(loaded.name, estate, part or [])
        vcenters = {name for one in shares for name in one.reaches}
        base = target.stack(loaded, progress, sandbox=sandbox, vcenters=vcenters)
        try:
            yield loaded, estate, parts.Parts.of(base, estate, shares), progress
        except RefusedError as refused:
            for reason in refused.reasons:
                typer.echo(reason, err=True)
            raise typer.Exit(Exit.FINDINGS) from refused


def _ended(*, fine: bool) -> None:
    if not fine:
        raise typer.Exit(Exit.FINDINGS)


def _nothing_else(rest: list[str] | None, option: str) -> None:
    """What is approved says all of it."""
    if rest:
        typer.echo(
            f"Error: with {option} nothing is given to pulumi itself; found {' '.join(rest)}", err=True
        )
        raise typer.Exit(Exit.UNUSABLE)
