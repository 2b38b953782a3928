"""``estate landing ENV``: where every workload runs, and whether that is what was predicted."""

import json
import os
from collections import defaultdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from cli.apply import OnlyPart, OnSandbox
from cli.common import Env, Exit, Format, expected, usable
from estate.documents import Loaded
from estate.evidence.landing import Landing
from estate.model import Estate

app = typer.Typer(add_completion=False, rich_markup_mode=None)

WIDTH = 160
"""Columns of text that goes to no terminal."""


@app.command()
def landing(
    env: Env,
    output: Annotated[Format, typer.Option("--format", help="For a person or for a program.")] = Format.TEXT,
    *,
    part: OnlyPart = None,
    sandbox: OnSandbox = None,
) -> None:
    """Show where Nova and vCenter run every server of ENV, beside what was predicted. Changes nothing.

    Exit codes: 0 all as predicted; 1 a difference; 2 unusable input, or no answer.
    """
    from operations import parts  # noqa: PLC0415
    from operations.errors import OperationError  # noqa: PLC0415

    loaded, estate = usable(env)
    with expected(OperationError):
        shown = {name for one in parts.choose(loaded.name, estate, part or []) for name in one.workloads}
    cloud, found = observed(loaded, estate, sandbox=sandbox)
    rows = tuple(row for row in found if not part or row.workload in shown)
    if output is Format.JSON:
        typer.echo(json.dumps(document(rows, cloud), indent=2))
    else:
        show(estate, rows, cloud)
    if not all(row.equal for row in rows):
        raise typer.Exit(Exit.FINDINGS)


def observed(loaded: Loaded, estate: Estate, *, sandbox: bool | None) -> tuple[str, tuple[Landing, ...]]:
    """The cloud and where every server runs there; where there is no answer, that is said, exit code 2."""
    from estate.evidence.observation import observe  # noqa: PLC0415
    from estate.openstack.errors import CloudError  # noqa: PLC0415
    from estate.vsphere.connections import ConnectionsError  # noqa: PLC0415
    from operations import target  # noqa: PLC0415
    from operations.errors import OperationError  # noqa: PLC0415
    from sandbox.errors import SandboxError  # noqa: PLC0415

    with expected(OperationError, SandboxError, CloudError, ConnectionsError):
        chosen = target.target(loaded, sandbox=sandbox)
        os.environ.update(chosen.clients)
        return chosen.cloud, observe(estate)


def show(estate: Estate, rows: tuple[Landing, ...], cloud: str) -> None:
    """Table, picture, differences and the verdict, for a person."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH  # a pipe or a log has no width of its own
    console.print(table(estate, rows))
    console.print(picture(estate, rows))
    different = [row for row in rows if not row.equal]
    for row in different:
        for difference in row.differences:
            console.print(f"{row.server}: {difference}", markup=False)
    restricted = sum(row.restricted for row in rows if row.workload)
    verdict = f"{len(different)} differ from the prediction" if different else "all as predicted"
    console.print(f"{cloud}: {len(rows)} servers, {restricted} restricted to ESXi, {verdict}.", markup=False)


def document(rows: tuple[Landing, ...], cloud: str) -> dict[str, Any]:
    """The rows as JSON values; ``docs/commands.md`` describes the keys."""
    return {
        "cloud": cloud,
        "equal": all(row.equal for row in rows),
        "landings": [
            {
                "workload": row.workload,
                "server": row.server,
                "restricted": row.restricted,
                "predicted": row.predicted,
                "aggregate": row.aggregate,
                "novaHost": row.nova_host,
                "esxiHost": row.esxi_host,
                "networks": dict(row.networks),
                "volumes": [
                    {"name": one.name, "type": one.type, "backend": one.backend, "datastore": one.datastore}
                    for one in row.volumes
                ],
                "equal": row.equal,
                "differences": list(row.differences),
            }
            for row in rows
        ],
    }


def table(estate: Estate, rows: tuple[Landing, ...]) -> Table:
    """One line per row, with the differences below it."""
    drawn = Table(title="Where every server landed", title_justify="left", header_style="bold")
    domain = _common_domain(estate)
    for heading in (
        "server",
        "must stay on ESXi",
        "predicted",
        "Nova: aggregate",
        "Nova: host",
        "vCenter: host",
        "equal",
    ):
        drawn.add_column(heading, overflow="fold")
    for row in rows:
        drawn.add_row(
            *(
                escape(text)
                for text in (
                    row.server if row.workload else f"{row.server} (undeclared)",
                    "yes" if row.restricted else "",
                    row.predicted or "-",
                    row.aggregate or "-",
                    (row.nova_host or "-").removesuffix(domain),
                    (row.esxi_host or "-").removesuffix(domain),
                )
            ),
            "[green]yes[/]" if row.equal else "[red bold]NO[/]",
        )
    return drawn


def _common_domain(estate: Estate) -> str:
    """``.sandbox.example`` if all hosts end so: a table has no room for what says nothing."""
    hosts = [host for one in estate.aggregates.values() for host in one.hosts]
    hosts += [host for one in estate.clusters.values() for host in one.hosts]
    domains = {host.partition(".")[2] for host in hosts}
    return f".{domains.pop()}" if len(domains) == 1 and domains != {""} else ""


def picture(estate: Estate, rows: tuple[Landing, ...]) -> Tree:
    """Aggregates, their hosts (on ESXi: clusters and ESXi hosts) and the servers on each."""
    domain = _common_domain(estate)
    on_host: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        host = row.esxi_host or row.nova_host
        if host:
            on_host[host].append(row.server)
    drawn = Tree(escape(f"{estate.estate.name}: {len([row for row in rows if row.nova_host])} servers"))
    for aggregate in estate.aggregates.values():
        branch = drawn.add(
            escape(f"{aggregate.name}  {aggregate.hypervisor.label}, zone {aggregate.availability_zone}")
        )
        for host in aggregate.hosts:
            branch.add(escape(f"{host.removesuffix(domain)}: {', '.join(on_host[host]) or '-'}"))
        for name in aggregate.clusters:
            cluster = estate.clusters[name]
            twig = branch.add(
                escape(f"cluster {name}  nova-compute {cluster.compute_host}, vCenter {cluster.vcenter}")
            )
            for host in cluster.hosts:
                twig.add(escape(f"{host.removesuffix(domain)}: {', '.join(on_host[host]) or '-'}"))
    return drawn
