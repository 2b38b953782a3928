"""``estate evidence ENV``: what an auditor is given, in one folder or archive."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from cli import landing as landings
from cli import policies, prove, register
from cli.apply import OnSandbox
from cli.common import Env, Exit, Format, expected, usable
from estate.placement.proof import prove as proven
from estate.placement.proof import situation_of

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def evidence(
    env: Env,
    where: Annotated[
        Path, typer.Option("--output", metavar="FOLDER|FILE.tar", help="A new folder, or a new archive.")
    ],
    output: Annotated[Format, typer.Option("--format", help="For a person or for a program.")] = Format.TEXT,
    *,
    landing: Annotated[
        bool, typer.Option("--landing/--no-landing", help="Look up where every server runs now.")
    ] = True,
    sandbox: OnSandbox = None,
) -> None:
    """Pack the record of every run on ENV with its register, proof, rules, digests and landing.

    Exit codes: 0 packed; 1 packed, and something in it needs an answer; 2 unusable input, or no answer.
    """
    from operations import evidence as packing  # noqa: PLC0415
    from operations.earlier import commit_of  # noqa: PLC0415
    from operations.errors import OperationError  # noqa: PLC0415
    from policies.clock import ClockError, today  # noqa: PLC0415
    from policies.register import check, entries  # noqa: PLC0415
    from review.digest import Contents, contents_of  # noqa: PLC0415
    from review.value import Digest  # noqa: PLC0415

    loaded, estate = usable(env, but="restriction-budget")
    with expected(OperationError, ClockError):
        day, made, records = today(), packing.made(), packing.records(loaded.name)
    restricted, proof, contents = entries(estate, day), proven(situation_of(estate)), contents_of(loaded)
    documents: dict[str, dict[str, Any]] = {
        "about.json": {
            "environment": loaded.name,
            "commit": commit_of(loaded.folder),
            "made": made,
            "digest": TypeAdapter(Digest).dump_python(contents.digest, by_alias=True),
            "contents": TypeAdapter(Contents).dump_python(contents, by_alias=True),
        },
        "register.json": register.document(estate, restricted, day),
        "proof.json": prove.document(proof, []),
        "policies.json": policies.document(),
    }
    remarks = [f"{one.subject}: {one.message}" for one in check(estate, day)]
    if not proof.holds:
        remarks.append("the guarantee does not hold, see proof.json")
    if landing:
        cloud, rows = landings.observed(loaded, estate, sandbox=sandbox)
        documents["landing.json"] = landings.document(rows, cloud)
        remarks += [f"{row.server}: {one}" for row in rows for one in row.differences]
    remarks += _about(records)
    files = {name: _json(one) for name, one in documents.items()}
    files |= {"register.csv": register.as_csv(restricted).encode()}
    files |= {f"audit/{name}": content for name, content in records.items()}
    with expected(OperationError):
        packing.pack(f"evidence-{loaded.name}", files, where)
    if output is Format.JSON:
        typer.echo(json.dumps({"pack": str(where), "files": sorted(files), "remarks": remarks}, indent=2))
    else:
        for one in remarks:
            typer.echo(one)
        typer.echo(f"{where}: {len(files)} files, {len(records)} of them from audit records.")
    if remarks:
        raise typer.Exit(Exit.FINDINGS)


def _json(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(_without_secrets(document), indent=2, ensure_ascii=False) + "\n").encode()


def _without_secrets(value: Any) -> Any:  # noqa: ANN401 - JSON
    """What people wrote into free text may hold some."""
    from review.hiding import hidden  # noqa: PLC0415

    match value:
        case str():
            return hidden(value)
        case dict():
            return {key: _without_secrets(one) for key, one in value.items()}
        case list() | tuple():
            return [_without_secrets(one) for one in value]
    return value


def _about(records: Mapping[str, bytes]) -> Iterator[str]:
    """Records that need an answer."""
    for name, content in records.items():
        if not name.endswith(".json") or name.endswith(".approved.json"):
            continue  # a signature, or what was approved
        try:
            outcome = json.loads(content)["outcome"]
        except (ValueError, KeyError, TypeError):
            yield f"audit/{name}: expected the record of a run, found something else"
        else:
            if outcome == "unfinished":
                yield f"audit/{name}: the run is under way, or was killed"
