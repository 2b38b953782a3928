"""Names where documents are wrong: what may be defined in a part that could not be read, and what an unsound
block refers to. So that a misspelled name is said at once, and none that another part may define.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from estate.documents import shapes
from estate.documents.nodes import MAX_BYTES, TABLE, Mapping, Node, Plain, Scalar, Sequence
from estate.model import Loc
from estate.model.references import Reference
from estate.model.words import RefersTo, expand

_INNER = {"storage": "volume_types", "aggregates": "availability_zones"}
"""What blocks of a kind give names to, besides themselves."""
_EXTENDS = re.compile(r"\bextends\b")
_TABLES = re.compile(rf"{TABLE}\s+[\"']?([^\s\"',}}]+)")
_NAME_PART = r"[A-Za-z0-9._-]"


class Unread:
    """What may have been defined where documents could not be read. A part of which the text is there can
    define only names that stand in it."""

    def __init__(self) -> None:
        self._anything = False
        self._kinds: set[str] = set()
        self._words: set[str] = set()
        self._texts: list[str] = []

    def anything(self) -> None:
        """A part of which nothing is known: a folder below, a program that failed."""
        self._anything = True

    def kind(self, kind: str) -> None:
        """Blocks of a kind."""
        self._kinds |= {kind, _INNER.get(kind, kind)}

    def node(self, node: Node | None) -> None:
        """A part that was read, and was left out."""
        match node:
            case Scalar() if isinstance(node.value, str):
                self._words.add(node.value)
            case Sequence():
                for item in node.items:
                    self.node(item)
            case Mapping():
                self._words |= node.items.keys()
                for inner in node.items.values():
                    self.node(inner)

    def file(self, path: Path) -> None:
        """A document that is not understood; it may name a folder below, and tables. A program may make
        names."""
        if path.suffix == ".py":
            self.anything()
            return
        try:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
            text = content.decode("utf-8-sig")
            tables = [(path.parent / name).read_text("utf-8-sig") for name in _TABLES.findall(text)]
        except (OSError, ValueError):  # ValueError: no UTF-8, or a path with a null byte
            self.anything()
            return
        if len(content) > MAX_BYTES or _EXTENDS.search(text):
            self.anything()
        self._texts += [text, *tables]

    def may_name(self, kind: str, name: str) -> bool:
        """Whether a block of a kind with that name may be there."""
        if self._anything or kind in self._kinds or name in self._words:
            return True
        word = re.compile(rf"(?<!{_NAME_PART}){re.escape(name)}(?!{_NAME_PART})")
        return any(word.search(text) for text in self._texts)


def uses(data: Plain, loc: Loc, wrong: Callable[[Loc], bool]) -> Iterator[Reference]:
    """Names that a block uses which is unsound in itself; ``wrong``: whether it is so in that place."""
    block = shapes.block_type(loc)
    match data:
        case dict():
            for key, inner in data.items():
                field = block.model_fields.get(key) if block is not None else None
                kind = (
                    next((one.kind for one in field.metadata if isinstance(one, RefersTo)), None)
                    if field
                    else None
                )
                if kind is None:
                    yield from uses(inner, (*loc, key), wrong)
                elif not wrong((*loc, key)):
                    yield from _named(inner, (*loc, key), kind, wrong)
        case list():
            for index, item in enumerate(data):
                yield from uses(item, (*loc, index), wrong)


def _named(value: Plain, loc: Loc, kind: str, wrong: Callable[[Loc], bool]) -> Iterator[Reference]:
    """The names that stand in a field: one, a range, a list of both, or the keys of a mapping."""
    for written in value if isinstance(value, list | dict) else [value]:
        try:
            names = expand(written) if isinstance(written, str) else ()
        except ValueError:
            continue  # no range: said already
        yield from (Reference((*loc, name), kind, name) for name in names if not wrong((*loc, name)))
