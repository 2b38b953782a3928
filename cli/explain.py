"""``estate explain ENV WORKLOAD``: host by host, which of Nova's rules accepts or rejects a workload."""

import json
from typing import Annotated, Any

import typer

from cli.common import Env, Exit, Format, expected, usable
from estate.model import Estate, Workload
from estate.model.members import flat
from estate.model.nearest import nearest
from estate.placement.landing import Lander, Landing
from estate.placement.nova import Decision, Rejection

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class UnknownWorkloadError(ValueError):
    """A name that no workload or server has."""


@app.command()
def explain(
    env: Env,
    workload: Annotated[str, typer.Argument(metavar="WORKLOAD", help="A workload, or one of its servers.")],
    zone: Annotated[
        str | None,
        typer.Option(
            "--zone", help="Ask with this zone instead: ZONE, ZONE:HOST, ZONE::NODE, or '' for none."
        ),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="For a person or for a program.")] = Format.TEXT,
) -> None:
    """Show why a workload of ENV lands where it lands: every host and the rule of Nova that decides there.

    Exit codes: 0 a host takes it; 1 none does; 2 unusable input.
    """
    _, estate = usable(env)
    estate = flat(estate)
    lander = Lander(estate)
    with expected(UnknownWorkloadError):
        found = find(estate, workload)
    landing = lander.landing(found)
    asked = (zone or None) if zone is not None else landing.zone
    decision = lander.decision(found, asked)
    if output is Format.JSON:
        typer.echo(json.dumps(document(lander, landing, asked, decision), indent=2, ensure_ascii=False))
    else:
        _show(lander, landing, asked, decision)
    if not decision.accepted:
        raise typer.Exit(Exit.FINDINGS)


def find(estate: Estate, name: str) -> Workload:
    """The workload of that name, or the one that has a server of that name."""
    servers = estate.servers()
    if name in estate.workloads:
        return estate.workloads[name]
    if name in servers:
        return servers[name]
    raise UnknownWorkloadError(f'there is no workload "{name}".{nearest(name, estate.workloads)}')


def document(lander: Lander, landing: Landing, zone: str | None, decision: Decision) -> dict[str, Any]:
    """As JSON values; ``docs/commands.md`` describes the keys."""
    return {
        "workload": landing.workload,
        "restricted": landing.restricted,
        "zone": zone,
        "refusal": {"rule": decision.refusal.rule, "message": decision.refusal.words}
        if decision.refusal is not None
        else None,
        "hosts": [
            {
                "host": host.name,
                "aggregates": [one.name for one in lander.cloud.aggregates_of[host.name]],
                "accepted": host.name in decision.accepted,
                "rejectedBy": [
                    {"rule": one.rule, "message": one.words} for one in decision.verdicts[host.name]
                ],
            }
            for host in lander.cloud.hosts
        ],
        "log": list(decision.log),
    }


def _show(lander: Lander, landing: Landing, zone: str | None, decision: Decision) -> None:
    must = ", must stay on ESXi" if landing.restricted else ""
    typer.echo(f'workload "{landing.workload}"{must}; asked with zone {zone or "(none)"}')
    if decision.refusal is not None:
        typer.echo(f"refused by {decision.refusal.rule}: {decision.refusal.words}")
        return
    for said in decision.log:
        typer.echo(f"  {said}")
    alike: dict[tuple[str, tuple[Rejection, ...]], list[str]] = {}
    for host in lander.cloud.hosts:
        where = ", ".join(one.name for one in lander.cloud.aggregates_of[host.name]) or "no aggregate"
        alike.setdefault((where, decision.verdicts[host.name]), []).append(host.name)
    for (where, rejections), names in alike.items():
        hosts = names[0] + (f" and {len(names) - 1} alike" if len(names) > 1 else "")
        typer.echo(f"{hosts} ({where}): {'accepted' if not rejections else 'rejected'}")
        for rejection in rejections:
            typer.echo(f"  {rejection.rule}: {rejection.words}")
    if landing.zone == zone:
        typer.echo(f"Decided by {landing.decided_by}: {landing.why}.")
