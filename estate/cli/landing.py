"""``estate landing ENV``: where every workload runs, and whether that is what was predicted."""

import json
from collections import defaultdict
from typing import Any

from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from estate.evidence.landing import Landing
from estate.model import Estate


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


def table(rows: tuple[Landing, ...]) -> Table:
    """One line per row, with the differences below it."""
    drawn = Table(title="Where every server landed", title_justify="left", header_style="bold")
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
                    row.nova_host or "-",
                    row.esxi_host or "-",
                )
            ),
            "[green]yes[/]" if row.equal else "[red bold]NO[/]",
        )
    return drawn


def picture(estate: Estate, rows: tuple[Landing, ...]) -> Tree:
    """Aggregates, their hosts (on ESXi: clusters and ESXi hosts) and the servers on each."""
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
            branch.add(escape(f"{host}: {', '.join(on_host[host]) or '-'}"))
        for name in aggregate.clusters:
            cluster = estate.clusters[name]
            twig = branch.add(
                escape(f"cluster {name}  nova-compute {cluster.compute_host}, vCenter {cluster.vcenter}")
            )
            for host in cluster.hosts:
                twig.add(escape(f"{host}: {', '.join(on_host[host]) or '-'}"))
    return drawn


def dump(rows: tuple[Landing, ...], cloud: str) -> str:
    """The JSON text."""
    return json.dumps(document(rows, cloud), indent=2)
