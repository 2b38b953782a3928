"""YAML text → nodes: plain values that know where they stand.

Documents are YAML 1.2 with the core schema (``no`` is text), less what makes configuration hard to
read or dangerous to load: anchors and aliases, foreign tags, several documents in a file, keys that are
no text, numbers with leading zeros. Each of these is refused with a position and a way out. The tags of
the language are ``!remove``, ``!secret NAME`` and ``!table FILE``.

The parser is libyaml by PyYAML's events: about twenty times as fast as a parser in Python, which is
what lets an estate of thousands of workloads be checked while its author waits. PyYAML's own
resolution of values (YAML 1.1) is not used.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from estate.documents.problem import Position, Problem
from estate.model.nearest import nearest
from estate.model.secrets import TAG as SECRET
from estate.model.secrets import Secret

MAX_DEPTH = 32
"""Nesting of a document; the language needs 8."""
MAX_BYTES = 16 * 2**20
"""Size of a document; 30,000 workloads take 10 MiB."""

Plain = str | int | float | bool | None | Secret | list["Plain"] | dict[str, "Plain"]


@dataclass(slots=True)
class Scalar:
    """One value, and how it was written."""

    position: Position
    value: str | int | float | bool | Secret | None
    source: str


@dataclass(slots=True)
class Sequence:
    """A list."""

    position: Position
    items: list["Node"] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """Keys and values in their order, and where each key stands."""

    position: Position
    items: dict[str, "Node"] = field(default_factory=dict)
    keys: dict[str, Position] = field(default_factory=dict)


@dataclass(slots=True)
class Remove:
    """``!remove``: what a layer below says for this key is taken away."""

    position: Position


@dataclass(slots=True)
class Table:
    """``!table FILE``: a mapping that is written as a CSV file."""

    position: Position
    file: str


Node = Scalar | Sequence | Mapping | Remove | Table


@dataclass(slots=True)
class Document:
    """What a file says."""

    root: Node | None
    """``None`` if it is empty or cannot be read at all."""
    problems: list[Problem]
    marks: bool
    """Whether there is a ``Remove`` or a ``Table`` anywhere in it."""
    dropped: list[Node] = field(default_factory=list)
    """What stands under a key that is there already."""


def plain(node: Node) -> Plain:
    """The value without its positions, once nothing is left to remove or to read from a table."""
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key: plain(item) for key, item in node.items.items()}
    raise AssertionError(f"{node} is no value yet")


def parse(content: bytes, file: str) -> Document:
    """The nodes of a document.

    A problem inside leaves the rest readable where the text allows it, so that all are found at once.
    """
    try:
        text = decoded(content, file)
        builder = _Builder(file, yaml.parse(text, Loader=yaml.CSafeLoader))
        return Document(builder.build(), builder.problems, builder.marks, builder.dropped)
    except UnreadableError as error:
        return Document(None, [error.problem], marks=False)
    except yaml.MarkedYAMLError as error:
        return Document(None, [_syntax(error, text, file)], marks=False)


class UnreadableError(Exception):
    """A file that is no text, or no document: its problem."""

    def __init__(self, rule: str, message: str, position: Position) -> None:
        super().__init__(message)
        self.problem = Problem(rule=rule, message=message, position=position)


_CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def decoded(content: bytes, file: str) -> str:
    """The text of a file: UTF-8, with or without a byte order mark. Raises ``UnreadableError``."""
    if len(content) > MAX_BYTES:
        raise UnreadableError(
            "document-too-large",
            f"expected at most {MAX_BYTES // 2**20} MiB, got more; split it into several files.",
            Position(file, 1, 1),
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", errors="replace")
        raise UnreadableError(
            "not-text",
            f"expected text in UTF-8, got the byte 0x{content[error.start]:02x}; is this a text file?",
            _position_after(before, file),
        ) from None
    odd = _CONTROL.search(text)
    if odd:
        raise UnreadableError(
            "not-text",
            f"expected text, got the control character U+{ord(odd[0]):04X}; is this a text file?",
            _position_after(text[: odd.start()], file),
        )
    return text


def _position_after(text: str, file: str) -> Position:
    return Position(file, text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1)


_HINTS = {
    "mapping values are not allowed in this context": 'a second ": " in the line; put the value in quotes, '
    "or the key on a line of its own",
    "did not find expected key": "expected a key here, in line with the keys above; check the indentation",
    "did not find expected '-' indicator": "expected a list item (- …), in line with the items above",
    "did not find expected ',' or ']'": "expected , or ] in the list that began at {began}; "
    "a range such as kvm[01-12] needs quotes in here",
    "did not find expected ',' or '}'": "expected , or }} in the mapping that began at {began}; "
    "a range such as kvm[01-12] needs quotes in here",
    "found unexpected end of stream": "expected a closing quote for the text that begins here, got none",
    "did not find expected whitespace or line break": "a tag such as !remove ends with a space; "
    "write one before {character}",
    "found character that cannot start any token": "a value cannot begin with {character}; put it in quotes",
}
"""libyaml's words, and a person's."""


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.split("\n")
    rest = lines[line][column:] if line < len(lines) else ""
    began = error.context_mark or mark
    if error.problem == "found unexpected end of stream" and began:
        line, column = began.line, began.column
    if rest.startswith("\t") or "tab" in (error.problem or ""):
        message = "a tab in the indentation; YAML takes spaces only"
    else:
        hint = _HINTS.get(error.problem or "", error.problem or "no YAML")
        place = f"{began.line + 1}:{began.column + 1}" if began else "the start"
        message = hint.format(began=place, character=rest[:1] or "this")
    return Problem(rule="yaml-syntax", message=f"{message}.", position=Position(file, line + 1, column + 1))


_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
"""A number that is refused."""
AMBIGUOUS = "a number that begins with 0 could be octal or decimal"
"""Why; it is not repeated, because it may be a secret that someone wrote here."""
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_MAX_DIGITS = 40
"""A longer number stays text: nothing in an estate is that large."""

REMOVE, TABLE = "!remove", "!table"
_TAGS = {
    REMOVE: "!remove alone, as the value of a key",
    SECRET: "!secret and the name of a secret",
    TABLE: "!table and the name of a CSV file",
}
"""The tags of the language, and what is written with each."""


class _Builder:
    """Events of one document → its nodes and problems."""

    def __init__(self, file: str, events: Iterator[yaml.Event]) -> None:
        self.file = file
        self.events = events
        self.problems: list[Problem] = []
        self.faulty: set[Position] = set()
        self.dropped: list[Node] = []
        self.marks = False

    def build(self) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in self.events:
            match event:
                case yaml.DocumentStartEvent():
                    documents += 1
                    if documents > 1:
                        raise UnreadableError(
                            "several-documents",
                            "expected one document in a file, got a second one (---); "
                            "remove the line, or put what follows into a file of its own.",
                            self._position(event),
                        )
                case yaml.NodeEvent():
                    root = self._node(event, 1)
        return None if isinstance(root, Scalar) and root.value is None else root

    def _position(self, event: yaml.Event) -> Position:
        mark = event.start_mark
        assert mark is not None  # libyaml marks every event
        return Position(self.file, mark.line + 1, mark.column + 1)

    def _fault(self, rule: str, message: str, position: Position) -> None:
        self.problems.append(Problem(rule=rule, message=message, position=position))
        self.faulty.add(position)

    def _node(self, event: yaml.Event, depth: int) -> Node:
        mark = event.start_mark
        assert mark is not None  # libyaml marks every event
        position = Position(self.file, mark.line + 1, mark.column + 1)
        if type(event) is yaml.ScalarEvent and event.tag is None and event.anchor is None:
            return self._scalar(event, position)  # nearly everything is one
        if depth > MAX_DEPTH:
            raise UnreadableError(
                "nested-too-deeply", f"expected at most {MAX_DEPTH} levels of nesting, got more.", position
            )
        if isinstance(event, yaml.AliasEvent):
            self._fault(
                "no-anchors",
                f"aliases (*{event.anchor}) are not part of the language; write the value here.",
                position,
            )
            return Scalar(position, None, f"*{event.anchor}")
        match event:
            case yaml.MappingStartEvent():
                self._refuse_extras(event.anchor, event.tag, position)
                return self._mapping(position, depth)
            case yaml.SequenceStartEvent():
                self._refuse_extras(event.anchor, event.tag, position)
                items = []
                while not isinstance(item := next(self.events), yaml.SequenceEndEvent):
                    items.append(self._item(self._node(item, depth + 1)))
                return Sequence(position, items)
            case yaml.ScalarEvent():
                if event.tag in _TAGS:
                    self._refuse_extras(event.anchor, None, position)
                    return self._tagged(event.tag, event.value, position)
                self._refuse_extras(event.anchor, event.tag, position)
                return self._scalar(event, position)
        raise AssertionError(f"libyaml gave {event} where a value begins")

    def _refuse_extras(self, anchor: str | None, tag: str | None, position: Position) -> None:
        if anchor is not None:
            self._fault(
                "no-anchors",
                f"anchors (&{anchor}) are not part of the language; remove it, and write the value "
                "wherever it is needed.",
                position,
            )
        if tag in _TAGS:
            self._fault("wrong-tag", f"expected {_TAGS[tag]}, got {tag} with parts.", position)
        elif tag is not None:
            self._fault(
                "unknown-tag",
                f"the tag {tag} is not part of the language; remove it "
                "(text that looks like a number is put in quotes)."
                + (nearest(tag, _TAGS) if tag.startswith("!") and not tag.startswith("!!") else ""),
                position,
            )

    def _tagged(self, tag: str, text: str, position: Position) -> Node:
        """A scalar with a tag of the language."""
        if tag == REMOVE and not text:
            self.marks = True
            return Remove(position)
        if tag == TABLE and text:
            self.marks = True
            return Table(position, text)
        if tag == SECRET and text:
            try:
                return Scalar(position, Secret(text), f"{tag} {text}")
            except ValueError as error:
                self._fault("wrong-tag", f"{error}.", position)
        else:
            found = "more" if tag == REMOVE else "nothing after it"
            self._fault("wrong-tag", f"expected {_TAGS[tag]}, got {found}.", position)
        return Scalar(position, None, tag)

    def _item(self, item: Node) -> Node:
        """An item of a list, which has no key that could be removed or be a table."""
        if isinstance(item, Remove | Table):
            tag = REMOVE if isinstance(item, Remove) else TABLE
            self._fault(
                "wrong-tag",
                f"{tag} stands where the value of a key stands; a list is replaced as a whole.",
                item.position,
            )
            return Scalar(item.position, None, tag)
        return item

    def _mapping(self, position: Position, depth: int) -> Mapping:
        mapping = Mapping(position)
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                self._fault("key-not-text", "expected a key that is text, got one with parts.", key.position)
            elif key.source in mapping.items:
                self._fault(
                    "duplicate-key",
                    f"{key.source} is given twice; it stands at {mapping.keys[key.source]} already.",
                    key.position,
                )
                self.dropped.append(value)
            elif key.source == "<<":
                if value.position not in self.faulty:  # an alias is refused already
                    message = (
                        "merge keys (<<) are not part of the language; write here what they would bring."
                    )
                    self._fault("no-anchors", message, key.position)
                self.dropped.append(value)
            else:
                if not isinstance(key.value, str) and key.position not in self.faulty:
                    self._fault(
                        "key-not-text",
                        f"expected a key that is text, got {key.source or 'nothing'}; put it in quotes.",
                        key.position,
                    )
                mapping.items[key.source] = value
                mapping.keys[key.source] = key.position
        return mapping

    def _scalar(self, event: yaml.ScalarEvent, position: Position) -> Scalar:
        source: str = event.value
        if event.style or event.tag is not None:
            if event.style == '"' and (odd := _CONTROL.search(source)):
                self._fault(
                    "not-text",
                    f"expected text, got the control character U+{ord(odd[0]):04X}, written as an escape; "
                    "remove it.",
                    position,
                )
            return Scalar(position, source, source)
        if LEADING_ZERO.fullmatch(source):
            self._fault(
                "ambiguous-number",
                f"{AMBIGUOUS}; write it without, or in quotes.",
                position,
            )
        return Scalar(position, resolved(source), source)


def resolved(source: str) -> str | int | float | bool | None:
    """A plain scalar's value in the core schema of YAML 1.2."""
    if source in _WORDS:
        return _WORDS[source]
    if len(source) <= _MAX_DIGITS and source[0] in "+-.0123456789":
        if _INTEGER.fullmatch(source):
            return int(source, {"0o": 8, "0x": 16}.get(source[:2], 10))
        if _FLOAT.fullmatch(source):
            return float(re.sub(r"\.(?=[iInN])", "", source))
    return source
