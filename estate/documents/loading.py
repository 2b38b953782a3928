"""A folder of documents → an estate, or all that is wrong with it."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from estate.documents import folder as folders
from estate.documents import shapes
from estate.documents.layers import Layers
from estate.documents.names import Unread, uses
from estate.documents.nodes import Mapping, Node, Plain, Scalar, Sequence, plain
from estate.documents.problem import Position, Problem
from estate.documents.shapes import NAMED_KINDS
from estate.model import Estate, Finding, Loc
from estate.model import references as refer
from estate.model.words import expand

_GROUND = ("estate", "vcenters", "clusters", "aggregates", "storage")
"""Kinds of what servers run on: with one of their blocks unread, no server can be called misplaced."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What a folder of documents says."""

    folder: Path
    """Absolute."""
    name: str
    """The folder's name."""
    estate: Estate | None
    """``None`` if there are problems."""
    draft: Estate | None
    """The blocks that are sound in themselves, for further judgement; what they name may not exist.
    ``None`` if a block on which the judgement of others rests is missing."""
    problems: tuple[Problem, ...]
    """By file, line and column."""
    files: tuple[Path, ...]
    """All documents and tables that were read, those of the folders below included."""
    root: Mapping = field(repr=False)
    """The documents as they were written, all together."""

    def where(self, loc: Loc) -> Position:
        """The place of a value; of its key if it is a mapping; of the block around it if it is not there."""
        return _where(self.root, loc)

    def origin(self, loc: Loc) -> Position | None:
        """The place that says a value; ``None`` if no document does, so that it is a default."""
        node = _node(self.root, loc)
        return _where(self.root, loc) if node is not None else None

    def locate(self, findings: Iterable[Finding]) -> tuple[Problem, ...]:
        """The findings with their places, by file, line and column."""
        return _sorted(_located(self.root, findings))


def is_environment(folder: Path) -> bool:
    """Whether a folder is an environment and no layer of others: its documents name it, or cannot be read.

    Documents in Python are not executed.
    """
    layers = Layers(python=False)
    try:
        root = layers.read(folder)
    except folders.DocumentsError:
        return False
    settings = root.items.get("estate")
    unread = any(one.rule != "python-refused" for one in layers.problems)
    return unread or (isinstance(settings, Mapping) and "name" in settings.items)


def load(env: str | Path, *, python: bool | None = None) -> Loaded:
    """Read all documents of an environment: a name under ``stacks/``, or the path of a folder.

    Order and split of the documents mean nothing. Everything that is wrong with them is in
    ``problems``; only a folder that is not there, cannot be read or has no documents raises
    ``DocumentsError``.

    :param python: whether a document in Python may be executed; by itself unless the variable
        ``ESTATE_NO_PYTHON`` is set.
    """
    folder = folders.find(env)
    layers = Layers(python=not os.environ.get("ESTATE_NO_PYTHON") if python is None else python)
    root = layers.read(folder)
    draft, findings = _validated(root, whole=layers.whole, unread=layers.unread)
    # What the text has said already is not said again by the model that found a gap in that place.
    said = {problem.position for problem in layers.problems}
    problems = _sorted(
        [*layers.problems, *_located(root, (one for one in findings if not _is_said(root, one.loc, said)))]
    )
    return Loaded(
        folder=folder.resolve(),
        name=folder.resolve().name,
        estate=None if problems else draft,
        draft=draft,
        problems=problems,
        files=tuple(layers.files),
        root=root,
    )


def _validated(root: Mapping, *, whole: bool, unread: Unread) -> tuple[Estate | None, list[Finding]]:
    """The blocks that are sound in themselves, if the judgement of them needs no others; and what is wrong.

    Where some blocks are wrong in themselves, the others are still put together without those, and
    only what those cannot change is said about them. Names are looked up wherever they stand, but for those
    that may be defined in what could not be read.
    """
    data = {kind: plain(node) for kind, node in root.items.items()}
    findings: list[Finding] = []
    beyond: list[refer.Reference] = []
    try:
        sound = Estate.model_validate(data)
    except ValidationError as error:
        findings = [one for one in shapes.findings(error) if whole or one.loc[0] in data]
        unsound = {finding.loc[:2] for finding in findings}
        sound = Estate.model_validate({"estate": {"name": "unread"}, **_without(data, unsound)})
        for finding in findings:
            if finding.rule in ("unknown-key", "wrong-type"):
                unread.node(_node(root, finding.loc))
        wrong = {finding.loc for finding in findings}
        blocks = {loc[:1] if loc[0] == "estate" else loc for loc in unsound}
        beyond = [use for loc in blocks for use in uses(_plain(root, loc), loc, wrong.__contains__)]
        judgeable = whole and not any(loc[0] in _GROUND for loc in unsound)
    else:
        judgeable = whole
    findings += refer.conflicts(sound)
    findings += refer.unknown_names(sound, _declared(data), beyond=beyond, maybe=unread.may_name)
    if judgeable:
        findings += refer.lacks(sound)
    return sound if judgeable else None, findings


def _plain(root: Mapping, loc: Loc) -> Plain:
    node = _node(root, loc)
    return None if node is None else plain(node)


def _without(data: dict[str, Plain], unsound: set[Loc]) -> dict[str, Plain]:
    kinds = {loc[0] for loc in unsound if loc[0] == "estate"}
    return {
        kind: {name: block for name, block in blocks.items() if (kind, name) not in unsound}
        if isinstance(blocks, dict)
        else blocks
        for kind, blocks in data.items()
        if kind not in kinds
    }


def _declared(data: dict[str, Plain]) -> dict[str, set[str]]:
    """All names that the documents give to something, by kind, whether or not the block is sound."""
    names = {kind: {name for name, _ in _inside(data, kind)} for kind in NAMED_KINDS}
    names["volume_types"] = {
        name for _, array in _inside(data, "storage") for name, _ in _inside(array, "volume_types")
    }
    names["availability_zones"] = {
        zone
        for _, aggregate in _inside(data, "aggregates")
        if isinstance(aggregate, dict) and isinstance(zone := aggregate.get("availability_zone"), str)
    }
    return names


def _inside(data: Plain, key: str) -> list[tuple[str, Plain]]:
    inner = data.get(key) if isinstance(data, dict) else None
    return list(inner.items()) if isinstance(inner, dict) else []


def _located(root: Mapping, findings: Iterable[Finding]) -> list[Problem]:
    return [
        Problem(
            rule=finding.rule,
            message=finding.message if finding.other is None else _with_other(root, finding, finding.other),
            position=_where(root, finding.loc, key=finding.rule == "unknown-key"),
            subject=finding.subject,
            severity=finding.severity,
        )
        for finding in findings
    ]


def _with_other(root: Mapping, finding: Finding, other: Loc) -> str:
    return f"{finding.message} The other one stands at {_where(root, other)}."


def _is_said(root: Mapping, loc: Loc, said: set[Position]) -> bool:
    """Whether something is wrong with the text at a place, or inside the value that stands there."""
    if not said:
        return False
    node = _node(root, loc)
    return _where(root, loc) in said or (node is not None and any(one in said for one in _positions(node)))


def _node(root: Mapping, loc: Loc) -> Node | None:
    """What stands exactly at a place."""
    node: Node | None = root
    for part in loc:
        match node:
            case Mapping():
                node = node.items.get(str(part))
            case Sequence():
                node = _item(node, part)
            case _:
                return None
    return node


def _positions(node: Node) -> Iterator[Position]:
    """Where it and everything in it stands."""
    yield node.position
    match node:
        case Mapping():
            yield from node.keys.values()
            for inner in node.items.values():
                yield from _positions(inner)
        case Sequence():
            for inner in node.items:
                yield from _positions(inner)


def _sorted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.position))


def _where(root: Mapping, loc: Loc, *, key: bool = False) -> Position:
    """The place of ``loc``, or of the nearest thing around it; ``key``: where its key stands."""
    node: Node = root
    place = root.position
    for depth, part in enumerate(loc, start=1):
        match node:
            case Mapping() if part in node.items:
                at_key = isinstance(node.items[part], Mapping) or (key and depth == len(loc))
                place = node.keys[part] if at_key else node.items[part].position
                node = node.items[part]
            case Sequence() if (item := _item(node, part)) is not None:
                node, place = item, item.position
            case _:
                break
    return place


def _item(node: Sequence, part: str | int) -> Node | None:
    """An item by its index, or the one that stands for a name: the name itself or a range around it."""
    if isinstance(part, int):
        return node.items[part] if part < len(node.items) else None
    return next((item for item in node.items if isinstance(item, Scalar) and _names(item, part)), None)


def _names(item: Scalar, name: str) -> bool:
    try:
        return item.value == name or name in expand(item.value)
    except ValueError:
        return False
