"""``estate show ENV``: the environment as the documents resolve: ranges expanded, defaults filled in."""

import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated

import typer

from cli.common import Env, described
from estate.documents import Loaded
from estate.model import Estate, Loc
from estate.model.secrets import TAG as SECRET
from estate.model.subjects import LABELS
from estate.model.words import AS_WRITTEN

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Form(StrEnum):
    """How the estate is shown."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"


@app.command()
def show(
    env: Env,
    output: Annotated[
        Form, typer.Option("--format", help="Tables, JSON with camelCase keys, or a document.")
    ] = Form.TEXT,
    *,
    origin: Annotated[
        bool, typer.Option("--origin", help="Each value with the file, line and column that say it.")
    ] = False,
) -> None:
    """Show the estate that the documents of ENV describe: ranges expanded, defaults filled in.

    Exit codes: 0 fine; 2 if the documents cannot be used (what is wrong is on stderr).
    """
    loaded, estate = described(env)
    if origin:
        _print_origins(loaded, estate, output)
        return
    match output:
        case Form.JSON:
            values = estate.model_dump(mode="json", by_alias=True)
            typer.echo(json.dumps(values, indent=2, ensure_ascii=False))
        case Form.YAML:
            from estate.documents.writing import written  # noqa: PLC0415 - only this form needs it

            typer.echo(written(estate), nl=False)
        case Form.TEXT:
            _print_tables(estate)


def _print_origins(loaded: Loaded, estate: Estate, output: Form) -> None:
    """Each value of the estate, with the place that says it; defaults have none."""
    values = list(_values(estate.model_dump(mode="json", context=AS_WRITTEN), ()))
    places = [loaded.origin(loc) for loc, _ in values]
    if output is Form.JSON:
        rows = [
            {
                "path": list(loc),
                "value": value,
                "file": place.file if place else None,
                "line": place.line if place else None,
                "column": place.column if place else None,
            }
            for (loc, value), place in zip(values, places, strict=True)
        ]
        typer.echo(json.dumps({"values": rows}, indent=2, ensure_ascii=False))
        return
    for (loc, value), place in zip(values, places, strict=True):
        path = ".".join(str(part) for part in loc)
        typer.echo(f"{place or 'default'}: {path}: {_cell(value)}")


def _values(value: object, loc: Loc) -> Iterator[tuple[Loc, object]]:
    """Values without parts of their own; a list of such is one value."""
    if isinstance(value, dict) and value and list(value) != [SECRET]:
        for key, inner in value.items():
            yield from _values(inner, (*loc, key))
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for index, inner in enumerate(value):
            yield from _values(inner, (*loc, index))
    elif len(loc) > 1:  # a kind without blocks is no value
        yield loc, value


def _print_tables(estate: Estate) -> None:
    """One table for each kind, one row for each block, one column for each key that any block has."""
    from rich import box  # noqa: PLC0415 - only this form needs it
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 10_000  # whoever reads lines wants them whole
    values = estate.model_dump(mode="json", context=AS_WRITTEN)
    settings = values.pop("estate")
    console.print(Text(", ".join(f"{key} {value}" for key, value in settings.items())))
    for kind, blocks in values.items():
        keys = [
            key for key in _keys(blocks) if any(block[key] not in (None, [], {}) for block in blocks.values())
        ]
        table = Table(title=Text(kind), title_justify="left", box=box.SIMPLE_HEAD)
        for heading in (LABELS[kind], *keys):
            table.add_column(heading, overflow="fold")
        for name, block in blocks.items():
            table.add_row(Text(name), *(Text(_cell(block[key])) for key in keys))
        if blocks:
            console.print(table)


def _keys(blocks: Mapping[str, Mapping[str, object]]) -> list[str]:
    return list(next(iter(blocks.values()), {}))


def _cell(value: object) -> str:
    """A value as text; parts that have parts themselves get a line each."""
    if value in (None, [], {}):
        return "-"
    if isinstance(value, dict):
        if list(value) == [SECRET]:
            return f"{SECRET} {value[SECRET]}"
        if any(isinstance(inner, dict) for inner in value.values()):
            return "\n".join(f"{key}: {_cell(inner)}" for key, inner in value.items())
        return ", ".join(f"{key} {_cell(inner)}" for key, inner in value.items() if inner not in (None, []))
    if isinstance(value, list):
        return ("\n" if isinstance(value[0], dict) else ", ").join(_cell(inner) for inner in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
