"""``estate explain ENV WORKLOAD``: host by host, which of Nova's rules accepts or rejects a workload."""

import json
from dataclasses import dataclass
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
    answers = [_answer(lander, one, zone) for one in found]
    if output is Format.JSON:
        first, *others = [document(lander, one) for one in answers]
        typer.echo(json.dumps({**first, "groups": others}, indent=2, ensure_ascii=False))
    else:
        for one in answers:
            _show(lander, one)
    if not all(one.decision.accepted for one in answers):
        raise typer.Exit(Exit.FINDINGS)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What becomes of servers that ask alike."""

    workload: Workload
    landing: Landing
    zone: str | None
    """That is asked with."""
    decision: Decision


def _answer(lander: Lander, workload: Workload, zone: str | None) -> Answer:
    landing = lander.landing(workload)
    asked = (zone or None) if zone is not None else landing.zone
    return Answer(workload=workload, landing=landing, zone=asked, decision=lander.decision(workload, asked))


def find(estate: Estate, name: str) -> list[Workload]:
    """The groups of a workload's members, or the workload that has a server of that name."""
    groups = [one for key, one in estate.workloads.items() if name in (key, key.partition("/")[0])]
    if groups:
        return groups
    servers = estate.servers()
    if name in servers:
        return [servers[name]]
    raise UnknownWorkloadError(
        f'there is no workload "{name}".{nearest(name, {*estate.workloads, *servers})}'
    )


def document(lander: Lander, answer: Answer) -> dict[str, Any]:
    """As JSON values; ``docs/commands.md`` describes the keys."""
    restriction, decision = answer.workload.restriction, answer.decision
    return {
        "workload": answer.workload.name,
        "restricted": answer.landing.restricted,
        "restriction": restriction.model_dump(mode="json") if restriction is not None else None,
        "zone": answer.zone,
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


def _show(lander: Lander, answer: Answer) -> None:
    restriction, decision = answer.workload.restriction, answer.decision
    must = ", must stay on ESXi" if restriction is not None else ""
    typer.echo(f'workload "{answer.workload.name}"{must}; asked with zone {answer.zone or "(none)"}')
    if restriction is not None:
        typer.echo(
            f"  {restriction.reason}: {restriction.evidence} ({restriction.owner}, next review "
            f"{restriction.review})"
        )
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
    if answer.landing.zone == answer.zone:
        typer.echo(f"Decided by {answer.landing.decided_by}: {answer.landing.why}.")
