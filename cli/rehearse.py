"""``estate rehearse ENV``: any environment on real schedulers, on one's own machine."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.common import Env, Exit, Format, expected, usable
from estate.model import Estate

if TYPE_CHECKING:
    from estate.evidence.landing import Landing
    from operations.earlier import Change
    from operations.parts import Parts
    from toolchain.progress import Progress

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Phases:
    """How long each part of a rehearsal took, seconds by its name, in order."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time the body, also if it fails."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = time.monotonic() - began

    def document(self) -> dict[str, float]:
        """Rounded, with the total."""
        total = sum(self.seconds.values())
        return {name: round(value, 1) for name, value in [*self.seconds.items(), ("total", total)]}


@dataclass(frozen=True)
class Outcome:
    """What a rehearsal showed."""

    estate: Estate
    cloud: str
    rows: "tuple[Landing, ...]"
    changed: "Change | None"
    applied: bool
    settled: bool
    """Whether the second preview shows no change."""
    phases: Phases


@app.command()
def rehearse(
    env: Env,
    output: Annotated[Format, typer.Option("--format", help="For a person or for a program.")] = Format.TEXT,
    earlier: Annotated[
        str | None,
        typer.Option("--from", metavar="REV", help="First apply ENV as it was at this revision of git."),
    ] = None,
) -> None:
    """Sandbox, `pulumi up` with the policy pack, where every server landed, and a preview without changes.

    Needs no approval, whatever the documents say: a rehearsal comes before it.
    Each step is done only if need be, so that it can be interrupted and called again. At the end: how long
    each part took, and what was not rehearsed because something stood in for it. With --from: what the
    change replaced, added and removed, and which servers it moved.
    Exit codes: 0 all as predicted; 1 `up` was refused or failed, a server is elsewhere, or the second
    preview shows a change; 2 unusable input.
    """
    from estate.evidence.observation import observe  # noqa: PLC0415
    from estate.openstack.errors import CloudError  # noqa: PLC0415
    from estate.vsphere.connections import ConnectionsError  # noqa: PLC0415
    from operations import rehearsal  # noqa: PLC0415
    from operations.earlier import applying, change, documents_at  # noqa: PLC0415
    from operations.errors import OperationError  # noqa: PLC0415
    from operations.parts import Parts, choose  # noqa: PLC0415
    from review.digest import approval_of  # noqa: PLC0415
    from sandbox.errors import SandboxError  # noqa: PLC0415
    from sandbox.shape import ShapeError  # noqa: PLC0415
    from toolchain.errors import ToolchainError  # noqa: PLC0415
    from toolchain.progress import Progress  # noqa: PLC0415

    loaded, estate = usable(env)
    progress = Progress()
    phases = Phases()
    aside = output is Format.JSON
    with (
        expected(OperationError, SandboxError, ShapeError, ToolchainError, CloudError, ConnectionsError),
        ExitStack() as held,
    ):
        folder = held.enter_context(documents_at(loaded.folder, earlier)) if earlier else None
        then, before = usable(str(folder)) if folder else (None, None)
        with phases.phase("sandbox"):
            stack = rehearsal.prepare(loaded.folder, estate, progress, before)
            whole = Parts.of(stack, estate, choose(loaded.name, estate)).told(approval_of(loaded))
        held.enter_context(stack.entered())

        ids, hosts = dict[str, str](), dict[str, str]()
        if folder and then and before:
            former = Parts.of(stack, before, choose(loaded.name, before)).told(approval_of(then))
            if [one.share.name for one in former.parts] != [one.share.name for one in whole.parts]:
                raise OperationError(f"{loaded.name} had other parts at {earlier}; name a later revision")
            with phases.phase("up, earlier"), applying(former, folder) as earlier_parts:
                if not _up(earlier_parts, f"{loaded.name} as it was at {earlier}", progress, aside=aside):
                    raise typer.Exit(Exit.FINDINGS)
                ids = _ids(earlier_parts)
            hosts = _hosts(observe(before))
            rehearsal.change(loaded.folder, estate, before, progress)
        with phases.phase("up"):
            applied = _up(whole, loaded.name, progress, aside=aside)
        if not applied and not before:
            raise typer.Exit(Exit.FINDINGS)
        # A change that fails half-way has moved or replaced something, too: that is what it is tried for.
        with phases.phase("landing"), progress.step("landing"):
            rows = observe(estate)
        changed = change(ids, _ids(whole), hosts, _hosts(rows)) if before else None
        settled = False
        if applied:
            with phases.phase("second preview"), progress.step("second preview: is anything left to do?"):
                settled = whole.run(["preview", "--expect-no-changes"], progress, aside=aside)
    found = Outcome(
        estate=estate,
        cloud=stack.cloud,
        rows=rows,
        changed=changed,
        applied=applied,
        settled=settled,
        phases=phases,
    )
    _tell(found, str(earlier), output)
    if not settled or not all(row.equal for row in rows):
        raise typer.Exit(Exit.FINDINGS)


def _document(found: Outcome) -> dict[str, Any]:
    """All of it as JSON values; ``docs/commands.md`` describes the keys."""
    from cli import landing  # noqa: PLC0415
    from operations.stand_ins import stand_ins  # noqa: PLC0415

    document = landing.document(found.rows, found.cloud) | {
        "applied": found.applied,
        "settled": found.settled,
        "seconds": found.phases.document(),
        "notRehearsed": [
            {"what": one.what, "instead": one.instead, "names": list(one.names)}
            for one in stand_ins(found.estate)
        ],
    }
    return document | ({"change": _change_document(found.changed)} if found.changed else {})


def _up(parts: "Parts", what: str, progress: "Progress", *, aside: bool) -> bool:
    """Apply all parts; whether that went through."""
    with progress.step(f"pulumi up of {what}, with the policy pack"):
        fine = parts.run(["up", "--yes", "--skip-preview"], progress, aside=aside)
    if not fine:
        typer.echo(f"Error: `up` of {what} was refused or failed; the reason is above.", err=True)
    return fine


def _ids(parts: "Parts") -> dict[str, str]:
    """Ids of what all parts have made."""
    from operations.earlier import resources  # noqa: PLC0415

    return {name: id_ for one in parts.parts for name, id_ in resources(one.stack).items()}


def _hosts(rows: "tuple[Landing, ...]") -> dict[str, str]:
    return {row.server: row.esxi_host or row.nova_host or "" for row in rows if row.workload}


def _change_document(changed: "Change") -> dict[str, Any]:
    return {
        "replaced": list(changed.replaced),
        "added": list(changed.added),
        "removed": list(changed.removed),
        "renamed": [{"before": was, "after": now} for was, now in changed.renamed.items()],
        "moved": [
            {"server": server, "before": was, "after": now} for server, (was, now) in changed.moved.items()
        ],
    }


def _tell_change(changed: "Change", earlier: str) -> None:
    typer.echo(f"\nSince {earlier}:")
    for what, names in (
        ("replaced", changed.replaced),
        ("added", changed.added),
        ("removed", changed.removed),
        ("renamed", tuple(f"{was} → {now}" for was, now in changed.renamed.items())),
        ("moved", tuple(f"{server}: {was} → {now}" for server, (was, now) in changed.moved.items())),
    ):
        typer.echo(f"  {what}: {', '.join(names) or 'nothing'}")


def _tell(found: Outcome, earlier: str, output: Format) -> None:
    """Where all landed, what changed, what stood in for the real thing and the times."""
    from cli import landing  # noqa: PLC0415
    from operations.stand_ins import stand_ins  # noqa: PLC0415
    from review.things import some  # noqa: PLC0415

    if output is Format.JSON:
        typer.echo(json.dumps(_document(found), indent=2))
        return
    landing.show(found.estate, found.rows, found.cloud)
    if found.changed:
        _tell_change(found.changed, earlier)
    typer.echo("\nNot rehearsed:")
    for one in stand_ins(found.estate):
        typer.echo(f"  {one.what}: {one.instead} ({some(one.names)})")
    again = "no change" if found.settled else "CHANGES, although nothing was changed"
    typer.echo(f"\nSecond preview: {again if found.applied else 'none, because `up` was refused or failed'}.")
    times = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in found.phases.document().items())
    typer.echo(f"Times: {times}.")
