"""``estate graph ENV``: what refers to what."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from cli.common import Env, Exit, described
from estate.model.graph import Graph, Node
from estate.model.nearest import nearest
from estate.model.subjects import LABELS

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Form(StrEnum):
    """How the graph is shown."""

    TEXT = "text"
    MERMAID = "mermaid"
    DOT = "dot"
    JSON = "json"


@app.command()
def graph(
    env: Env,
    output: Annotated[
        Form, typer.Option("--format", help="A tree, a picture for Mermaid or Graphviz, or JSON.")
    ] = Form.TEXT,
    around: Annotated[
        str | None,
        typer.Option(metavar="KIND/NAME", help="Only what this block refers to, and what refers to it."),
    ] = None,
) -> None:
    """Show what refers to what in the documents of ENV, e.g. for --around workloads/ledger-db.

    Exit codes: 0 fine; 2 if the documents cannot be used (what is wrong is on stderr), or if there is no
    such block.
    """
    _, estate = described(env)
    whole = Graph.of(estate)
    shown = whole
    middle = None
    if around is not None:
        middle = Node(*around.partition("/")[::2])
        if middle not in whole.nodes:
            known = nearest(around, [f"{one.kind}/{one.name}" for one in whole.nodes])
            typer.echo(f'Error: there is no block "{around}".{known}', err=True)
            raise typer.Exit(Exit.UNUSABLE)
        shown = whole.around(middle)
    match output:
        case Form.TEXT:
            _print_trees(whole, middle)
        case Form.MERMAID:
            typer.echo("\n".join(_mermaid(shown)))
        case Form.DOT:
            typer.echo("\n".join(_dot(shown)))
        case Form.JSON:
            document = {
                "nodes": [{"kind": one.kind, "name": one.name} for one in shown.nodes],
                "edges": [
                    {"from": _path(one.source), "to": _path(one.target), "key": one.key}
                    for one in shown.edges
                ],
            }
            typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _path(node: Node) -> str:
    return f"{node.kind}/{node.name}"


def _label(node: Node) -> str:
    return f"{LABELS.get(node.kind, node.kind)} {node.name}"


def _print_trees(graph: Graph, middle: Node | None) -> None:
    if middle is not None:
        typer.echo(f"{_label(middle)} refers to")
        _print_tree(graph.targets, middle)
        typer.echo(f"{_label(middle)} is referred to by")
        _print_tree(graph.sources, middle)
        return
    shown: set[Node] = set()
    roots = [node for node in graph.nodes if not graph.sources.get(node)]
    for node in (*roots, *graph.nodes):  # the second time what only a circle leads to
        if node not in shown:
            shown.add(node)
            typer.echo(_label(node))
            _print_tree(graph.targets, node, shown)


def _print_tree(below: dict[Node, list[Node]], node: Node, shown: set[Node] | None = None) -> None:
    """What is below a node; a node that was shown with what is below it is only named again."""
    shown = set() if shown is None else shown
    pending = [(one, 1) for one in reversed(below.get(node, []))]
    while pending:
        one, depth = pending.pop()
        again = one in shown and bool(below.get(one))
        typer.echo(f"{'  ' * depth}{_label(one)}{' (see above)' if again else ''}")
        if not again:
            shown.add(one)
            pending += [(inner, depth + 1) for inner in reversed(below.get(one, []))]


def _mermaid(graph: Graph) -> list[str]:
    number = {node: f"n{index}" for index, node in enumerate(graph.nodes)}
    return [
        "flowchart LR",
        *(f'  {number[node]}["{_label(node)}"]' for node in graph.nodes),
        *(f"  {number[one.source]} -->|{one.key}| {number[one.target]}" for one in graph.edges),
    ]


def _dot(graph: Graph) -> list[str]:
    return [
        "digraph estate {",
        "  rankdir=LR;",
        "  node [shape=box];",
        *(f'  "{_path(node)}" [label="{_label(node)}"];' for node in graph.nodes),
        *(f'  "{_path(one.source)}" -> "{_path(one.target)}" [label="{one.key}"];' for one in graph.edges),
        "}",
    ]
