"""``estate render ENV``: the configuration that operators of Nova, Cinder and Glance need."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.common import Env, Format, usable, write
from estate.rendering import Fragment, render

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command("render")
def command(
    env: Env,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Write the files below DIR, one folder per host or service."
        ),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="For a person or for a program.")] = Format.TEXT,
) -> None:
    """Show, or write below DIR, what Nova, Cinder and Glance must be configured with for ENV.

    No file has credentials: they say where those belong. Exit codes: 0 fine; 2 unusable input.
    """
    _, estate = usable(env)
    fragments = render(estate)
    if out is not None:
        for fragment in fragments:
            write(out / fragment.name, fragment.text)
    if output is Format.JSON:
        typer.echo(
            json.dumps({"fragments": [_as_json(one) for one in fragments]}, indent=2, ensure_ascii=False)
        )
    elif out is not None:
        typer.echo(f"{len(fragments)} files written below {out}.")
    else:
        for fragment in fragments:
            typer.echo(typer.style(f"==> {fragment.name}", bold=True))
            typer.echo(fragment.text)


def _as_json(fragment: Fragment) -> dict[str, object]:
    return {
        "path": fragment.path,
        "service": fragment.service,
        "host": fragment.host,
        "text": fragment.text,
        "settings": [
            {"section": section, "key": key, "value": value}
            for (section, key), value in fragment.settings.items()
        ],
    }
