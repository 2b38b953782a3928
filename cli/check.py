"""``estate check ENV``: everything that is wrong with the documents of an environment, at once."""

import gc
import json
from typing import Annotated

import typer

from cli.common import Env, Exit, Format, line
from estate.documents import DocumentsError, Loaded, Problem, load
from estate.model import Estate, Hypervisor, Severity
from policies import over_documents

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def check(
    env: Env,
    output: Annotated[Format, typer.Option("--format", help="For a person or for a program.")] = Format.TEXT,
    *,
    no_python: Annotated[
        bool,
        typer.Option(
            "--no-python", help="Refuse documents in Python, which would be executed (ESTATE_NO_PYTHON=1)."
        ),
    ] = False,
) -> None:
    """Say what is wrong with the documents of ENV, with file, line and column. Changes nothing.

    Exit codes: 0 fine; 1 warnings only; 2 errors, so that the documents cannot be used.
    """
    gc.disable()  # nothing is given up before the end: looking for it would take a third of the time
    try:
        loaded = load(env, python=False if no_python else None)
        problems = over_documents.judged(loaded)
    except DocumentsError as fault:
        if output is Format.JSON:
            typer.echo(json.dumps({"findings": [_unlocated(str(fault))]}, indent=2))
        else:
            typer.echo(f"Error: {fault}", err=True)
        raise typer.Exit(Exit.UNUSABLE) from fault
    finally:
        gc.enable()
    if output is Format.JSON:
        findings = [_as_json(problem) for problem in problems]
        typer.echo(json.dumps({"findings": findings}, indent=2, ensure_ascii=False))
    else:
        for problem in problems:
            typer.echo(line(problem))
        typer.echo(_summary(loaded, problems))
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise typer.Exit(Exit.UNUSABLE)
    if problems:
        raise typer.Exit(Exit.FINDINGS)


def _as_json(problem: Problem) -> dict[str, str | int | None]:
    return {
        "rule": problem.rule,
        "severity": problem.severity.value,
        "message": problem.message,
        "file": problem.position.file,
        "line": problem.position.line,
        "column": problem.position.column,
        "subject": problem.subject,
    }


def _unlocated(message: str) -> dict[str, str | int | None]:
    return {
        "rule": "no-documents",
        "severity": Severity.ERROR.value,
        "message": message,
        "file": None,
        "line": None,
        "column": None,
        "subject": "environment",
    }


def _summary(loaded: Loaded, problems: tuple[Problem, ...]) -> str:
    if problems:
        errors = sum(problem.severity is Severity.ERROR for problem in problems)
        return f"{loaded.name}: {_count(errors, 'error')}, {_count(len(problems) - errors, 'warning')}."
    assert loaded.estate is not None
    return f"{loaded.name}: nothing wrong. {contents(loaded.estate)}"


def contents(estate: Estate) -> str:
    """What there is, in one sentence."""
    hosts = sum(len(aggregate.hosts) for aggregate in estate.aggregates_of(Hypervisor.KVM))
    restricted = sum(workload.restriction is not None for workload in estate.workloads.values())
    return (
        f"{_count(hosts, 'KVM host')}, {_count(len(estate.clusters), 'ESXi cluster')}, "
        f"{_count(len(estate.workloads), 'workload')} ({restricted} restricted to ESXi)."
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
