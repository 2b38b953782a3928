"""A folder of documents → an estate, or all that is wrong with it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_origin

from pydantic import ValidationError

from estate.documents import folder as folders
from estate.documents import shapes
from estate.documents.nodes import MAX_BYTES, Mapping, Node, Plain, Scalar, Sequence, parse, plain
from estate.documents.problem import Position, Problem
from estate.model import Estate, Finding, Loc
from estate.model import references as refer
from estate.model.nearest import nearest
from estate.model.subjects import subject
from estate.model.words import expand

_KINDS = tuple(Estate.model_fields)
_NAMED_KINDS = tuple(
    kind for kind, info in Estate.model_fields.items() if get_origin(info.annotation) is dict
)
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
    root: Mapping = field(repr=False)
    """The documents as they were written, all together."""

    def where(self, loc: Loc) -> Position:
        """The place of a value; of its key if it is a mapping; of the block around it if it is not there."""
        return _where(self.root, loc)

    def locate(self, findings: Iterable[Finding]) -> tuple[Problem, ...]:
        """The findings with their places, by file, line and column."""
        return _sorted(_located(self.root, findings))


def load(env: str | Path) -> Loaded:
    """Read all documents of an environment: a name under ``stacks/``, or the path of a folder.

    Order and split of the documents mean nothing. Everything that is wrong with them is in
    ``problems``; only a folder that is not there, cannot be read or has no documents raises
    ``DocumentsError``.
    """
    folder = folders.find(env)
    paths = folders.documents(folder)
    documents = _Documents(Position(str(paths[0]), 1, 1))
    for path in paths:
        documents.add(path)
    draft, findings = _validated(documents.root, whole=documents.whole)
    # What the text has said already is not said again by the model that found a gap in that place.
    said = {problem.position for problem in documents.problems}
    located = [problem for problem in _located(documents.root, findings) if problem.position not in said]
    problems = _sorted([*documents.problems, *located])
    return Loaded(
        folder=folder.resolve(),
        name=folder.resolve().name,
        estate=None if problems else draft,
        draft=draft,
        problems=problems,
        root=documents.root,
    )


class _Documents:
    """The documents of a folder, put together one by one."""

    def __init__(self, start: Position) -> None:
        self.root = Mapping(start)
        self.problems: list[Problem] = []
        self.whole = True
        """Whether every block could be read, so that what is not here is nowhere."""

    def add(self, path: Path) -> None:
        start = Position(str(path), 1, 1)
        try:
            content = self._content(path)
        except OSError as error:
            self._lost("unreadable", f"cannot be read: {error.strerror or error}.", start)
            return
        if content is None:
            return
        root, problems = parse(content, str(path))
        self.problems += problems
        match root:
            case Mapping():
                for kind, node in root.items.items():
                    self._add_kind(kind, node, root.keys[kind])
            case None:
                self.whole = self.whole and not problems
            case _:
                self._lost("wrong-type", "expected kinds of blocks (workloads: …) as keys.", root.position)

    def _content(self, path: Path) -> bytes | None:
        start = Position(str(path), 1, 1)
        if path.suffix != ".yaml":
            self._lost("unreadable", f"documents end in .yaml; rename it to {path.stem}.yaml.", start)
        elif not path.is_file():
            self._lost("unreadable", "expected a file, found something else.", start)
        else:
            with path.open("rb") as file:
                return file.read(MAX_BYTES + 1)
        return None

    def _lost(self, rule: str, message: str, position: Position, about: str = "document") -> None:
        self.whole = False
        self.problems.append(Problem(rule=rule, message=message, position=position, subject=about))

    def _add_kind(self, kind: str, node: Node, key: Position) -> None:
        if kind not in _KINDS:
            self._lost("unknown-key", f'there is no kind "{kind}".{nearest(kind, _KINDS)}', key)
        elif kind not in _NAMED_KINDS:
            self._add(self.root, kind, node, key, subject((kind,)))
        elif not isinstance(node, Mapping):
            message = f"expected blocks (name: …) under {kind}; without any, remove the key."
            self._lost("wrong-type", message, node.position)
        else:
            blocks = self.root.items.setdefault(kind, Mapping(node.position))
            self.root.keys.setdefault(kind, key)
            assert isinstance(blocks, Mapping)
            for name, block in node.items.items():
                self._add(blocks, name, block, node.keys[name], subject((kind, name)))

    def _add(self, into: Mapping, name: str, node: Node, key: Position, about: str) -> None:
        if name in into.items:
            message = f"is defined twice; it stands at {into.keys[name]} already."
            self.problems.append(
                Problem(rule="duplicate-block", message=message, position=key, subject=about)
            )
        else:
            into.items[name], into.keys[name] = node, key


def _validated(root: Mapping, *, whole: bool) -> tuple[Estate | None, list[Finding]]:
    """The blocks that are sound in themselves, if the judgement of them needs no others; and what is wrong.

    Where some blocks are wrong in themselves, the others are still put together without those, and
    only what those cannot change is said about them.
    """
    data = {kind: plain(node) for kind, node in root.items.items()}
    findings: list[Finding] = []
    try:
        sound = Estate.model_validate(data)
    except ValidationError as error:
        findings = [one for one in shapes.findings(error) if whole or one.loc[0] in data]
        unsound = {finding.loc[:2] for finding in findings}
        sound = Estate.model_validate({"estate": {"name": "unread"}, **_without(data, unsound)})
        judgeable = whole and not any(loc[0] in _GROUND for loc in unsound)
    else:
        judgeable = whole
    findings += refer.conflicts(sound)
    if whole:
        findings += refer.unknown_names(sound, _declared(data))
    if judgeable:
        findings += refer.lacks(sound)
    return sound if judgeable else None, findings


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
    names = {kind: {name for name, _ in _inside(data, kind)} for kind in _NAMED_KINDS}
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
            message=finding.message,
            position=_where(root, finding.loc, key=finding.rule == "unknown-key"),
            subject=finding.subject,
            severity=finding.severity,
        )
        for finding in findings
    ]


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
