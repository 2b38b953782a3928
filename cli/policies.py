"""``estate policies``: the rules of the policy pack, and its configuration."""

import json
from enum import StrEnum
from typing import Annotated, Any

import typer

from cli.common import Env, Format, expected, usable
from policies.rules import RULES
from policies.table import markdown

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Form(StrEnum):
    """How the rules are listed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


@app.callback(invoke_without_command=True)
def rules(
    context: typer.Context,
    output: Annotated[
        Form, typer.Option("--format", help="A list, JSON, or the page docs/policies.md.")
    ] = Form.TEXT,
) -> None:
    """List the rules of the policy pack: what each demands, why, and what to do. All are mandatory."""
    if context.invoked_subcommand is not None:
        return
    if output is Form.JSON:
        typer.echo(json.dumps(document(), indent=2, ensure_ascii=False))
    elif output is Form.MARKDOWN:
        typer.echo(markdown(), nl=False)
    else:
        for rule in RULES:
            typer.echo(f"{typer.style(rule.name, bold=True)} ({rule.severity})\n  {rule.description}")


def document() -> dict[str, Any]:
    """The rules as JSON values."""
    return {
        "rules": [
            {
                "name": rule.name,
                "severity": rule.severity.value,
                "scope": rule.scope.value,
                "description": rule.description,
                "why": rule.why,
                "whatToDo": rule.what_to_do,
                "source": rule.source,
            }
            for rule in RULES
        ]
    }


@app.command()
def config(
    env: Env,
    *,
    ids: Annotated[
        bool, typer.Option("--ids", help="Ask the cloud (OS_CLOUD) for ids, and list them beside the names.")
    ] = False,
    output: Annotated[
        Format, typer.Option("--format", help="The configuration, or how much is in it.")
    ] = Format.JSON,
) -> None:
    """Write the pack's configuration, for: pulumi preview --policy-pack-config FILE.

    With it the pack knows the images, flavors, volume types, restricted servers and exemptions of ENV, and
    can judge programs that name them. Exit codes: 0 fine; 2 unusable input, or the cloud does not answer.
    """
    from estate.openstack.catalogue import ids_of  # noqa: PLC0415 - a cloud's client is heavy
    from estate.openstack.connection import connect  # noqa: PLC0415
    from estate.openstack.errors import CloudError  # noqa: PLC0415
    from policies.catalogue import Ids, config_of  # noqa: PLC0415
    from policies.rules.image_and_flavor_known import NAME  # noqa: PLC0415

    _, estate = usable(env)
    known = None
    if ids:
        with expected(CloudError):
            known = Ids(**ids_of(connect()))
    told = config_of(estate, known)
    if output is Format.JSON:
        typer.echo(json.dumps({NAME: told}, indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(f"{name}: {len(listed)}" for name, listed in told.items()))
