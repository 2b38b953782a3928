"""One layer over another: mappings merge, lists and scalars replace, ``!remove`` removes."""

from collections.abc import Iterator

from estate.documents.nodes import Mapping, Node, Remove
from estate.documents.problem import Problem
from estate.model import Loc
from estate.model.nearest import nearest
from estate.model.subjects import subject


def merge(below: Mapping, above: Mapping, loc: Loc = ()) -> Iterator[Problem]:
    """Put ``above`` into ``below``, which is changed; what it removes that is not there is a problem.

    Every value keeps its place; a key that both layers have stands where the upper one says it.
    """
    for key, node in above.items.items():
        under = below.items.get(key)
        if isinstance(node, Remove):
            if under is None:
                yield _nothing(key, node, (*loc, key), below)
            else:
                del below.items[key], below.keys[key]
        elif isinstance(under, Mapping) and isinstance(node, Mapping):
            below.keys[key] = above.keys[key]
            yield from merge(under, node, (*loc, key))
        else:
            below.items[key], below.keys[key] = node, above.keys[key]


def leftovers(tree: Mapping, loc: Loc = ()) -> Iterator[Problem]:
    """Take every ``!remove`` out that no layer below had anything for; each is a problem."""
    for key, node in list(tree.items.items()):
        if isinstance(node, Remove):
            del tree.items[key], tree.keys[key]
            yield _nothing(key, node, (*loc, key), tree)
        else:
            yield from _inside(node, (*loc, key))


def _inside(node: Node, loc: Loc) -> Iterator[Problem]:
    match node:
        case Mapping():
            yield from leftovers(node, loc)
        case _ if items := getattr(node, "items", None):  # a list; its items may be mappings
            for index, item in enumerate(items):
                yield from _inside(item, (*loc, index))


def _nothing(key: str, node: Remove, loc: Loc, below: Mapping) -> Problem:
    known = [name for name, inner in below.items.items() if not isinstance(inner, Remove)]
    return Problem(
        rule="nothing-to-remove",
        message=f'there is no "{key}" to remove: no folder below this one (extends) says it here.'
        + (nearest(key, known) if known else ""),
        position=node.position,
        subject=subject(loc),
    )
