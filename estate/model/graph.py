"""What refers to what: the blocks of an estate and the names that they use, from the marks ``RefersTo``."""

from dataclasses import dataclass
from typing import NamedTuple

from estate.model.estate import Estate
from estate.model.finding import Loc
from estate.model.references import references
from estate.model.subjects import block_of


class Node(NamedTuple):
    """A block, or what a block gives a name to (an availability zone)."""

    kind: str
    name: str


@dataclass(frozen=True, order=True)
class Edge:
    """One block names another, under a key."""

    source: Node
    target: Node
    key: str


@dataclass(frozen=True)
class Graph:
    """Blocks and edges, in the order of the documents."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    targets: dict[Node, list[Node]]
    """What each node refers to."""
    sources: dict[Node, list[Node]]
    """What refers to each node."""

    @classmethod
    def of(cls, estate: Estate) -> "Graph":
        """The graph of an estate whose references hold."""
        nodes = [
            Node(kind, name)
            for kind in type(estate).model_fields
            if isinstance(blocks := getattr(estate, kind), dict)
            for name in blocks
        ]
        inside = [
            Edge(Node("storage", array), Node(inner, name), inner)
            for array, one in estate.storage.items()
            for inner in ("volume_types", "datastores")
            for name in getattr(one, inner)
        ]
        zones = [
            Edge(
                Node("aggregates", name),
                Node("availability_zones", one.availability_zone),
                "availability_zone",
            )
            for name, one in estate.aggregates.items()
        ]
        named = [Edge(_node(use.loc), Node(use.kind, use.name), _key(use.loc)) for use in references(estate)]
        # An inner block and a zone lead on to the block that has them: who needs one needs the other.
        owned = [Edge(edge.target, edge.source, "of") for edge in (*inside, *zones)]
        return cls._made([*nodes, *(edge.source for edge in owned)], [*named, *owned])

    @classmethod
    def _made(cls, nodes: list[Node], edges: list[Edge]) -> "Graph":
        every = tuple(dict.fromkeys([*nodes, *(end for edge in edges for end in (edge.source, edge.target))]))
        own = tuple(dict.fromkeys(edge for edge in edges if edge.source != edge.target))
        targets: dict[Node, dict[Node, None]] = {}
        sources: dict[Node, dict[Node, None]] = {}
        for edge in own:
            targets.setdefault(edge.source, {})[edge.target] = None
            sources.setdefault(edge.target, {})[edge.source] = None
        return cls(
            every,
            own,
            {node: list(ends) for node, ends in targets.items()},
            {node: list(ends) for node, ends in sources.items()},
        )

    def around(self, middle: Node) -> "Graph":
        """What a node refers to and what refers to it, at any distance."""
        kept = {*_reached(self.targets, middle), *_reached(self.sources, middle)}
        return Graph._made(
            [node for node in self.nodes if node in kept],
            [edge for edge in self.edges if edge.source in kept and edge.target in kept],
        )


def _reached(ways: dict[Node, list[Node]], start: Node) -> set[Node]:
    reached, pending = {start}, [start]
    while pending:
        for node in ways.get(pending.pop(), []):
            if node not in reached:
                reached.add(node)
                pending.append(node)
    return reached


def _node(loc: Loc) -> Node:
    block = block_of(loc)
    return Node(str(block[-2]), str(block[-1])) if len(block) > 1 else Node("estate", "estate")


def _key(loc: Loc) -> str:
    """The key of a block that names another one."""
    return str(loc[len(block_of(loc))])
