"""Python documents: ``estate.py`` in the folder, for whoever needs loops.

It has a function ``estate()`` that returns blocks of the model, or plain values as YAML has them; what it
returns is a document of the folder like any other. **It is executed**: whoever checks documents of people
whom they do not trust refuses it (``estate check --no-python``).
"""

import ast
import contextlib
import sys
import traceback
from collections.abc import Iterable, Mapping
from datetime import date
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from types import CodeType

from pydantic import ValidationError

from estate.documents.nodes import MAX_DEPTH, Document, Node, Scalar, Sequence
from estate.documents.nodes import Mapping as MappingNode
from estate.documents.problem import Position, Problem
from estate.documents.shapes import KINDS, NAMED_KINDS, block_type, findings, findings_of
from estate.model import Estate, Loc
from estate.model.block import Block, NamedBlock
from estate.model.secrets import TAG, Secret
from estate.model.subjects import LABELS, subject
from estate.model.words import AS_WRITTEN

FUNCTION = "estate"


class _WrongError(Exception):
    """What the program gives is no document: the message."""


def run(path: Path) -> Document:
    """Execute a Python document; its values stand where its function begins.

    Whatever it raises is a problem with the line in which it did. What it prints goes to stderr. Raises
    ``OSError`` if it cannot be read.
    """
    file = str(path)
    try:
        source = path.read_bytes()
        code = compile(source, file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:  # ValueError: null bytes
        line, column = getattr(error, "lineno", None) or 1, getattr(error, "offset", None) or 1
        return _problem(
            "python-syntax", f"no Python: {getattr(error, 'msg', error)}.", Position(file, line, column)
        )
    start = Position(file, _line_of_function(source), 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return Document(_mapping(_kinds(_result(code, file)), start), [], marks=False)
    except _WrongError as error:
        return _problem("python-result", str(error), start)
    except ValidationError as error:
        return Document(None, _misshapen(error, _raised_at(error, start)), marks=False)
    except (Exception, SystemExit) as error:
        return _problem("python-failed", _said(error), _raised_at(error, start))


def _misshapen(error: ValidationError, position: Position) -> list[Problem]:
    """What is wrong with a block that the program made, as it is said of a document in YAML."""
    block, name = _made(error)
    if block is None:
        return [Problem(rule="python-failed", message=_said(error), position=position)]
    above: Loc = ()
    about = block.__name__
    if kind := _KIND_OF.get(block):
        about = LABELS[kind]
        if isinstance(name, str):
            above = (kind, name)
            about = subject(above)
    return [
        Problem(
            rule=one.rule,
            message=one.message,
            position=position,
            subject=one.subject if block is Estate else about,
        )
        for one in (findings(error) if block is Estate else findings_of(block, error, above))
    ]


def _made(error: BaseException) -> tuple[type[Block] | None, object]:
    """The sort of block that pydantic was asked for, and the name that it was to have."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        inside = frame.f_locals
        made = type(inside.get("self")) if frame.f_code.co_name == "__init__" else inside.get("cls")
        values = inside.get("data", inside.get("obj"))
        if isinstance(made, type) and issubclass(made, Block) and isinstance(values, Mapping):
            return made, values.get("name")
    return None, None


def _problem(rule: str, message: str, position: Position) -> Document:
    return Document(None, [Problem(rule=rule, message=message, position=position)], marks=False)


def _line_of_function(source: bytes) -> int:
    found = (
        node.lineno
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == FUNCTION
    )
    return next(found, 1)


def _result(code: CodeType, file: str) -> object:
    space: dict[str, object] = {"__name__": "estate_document", "__file__": file}
    exec(code, space)  # noqa: S102 - what a Python document is for; see the module's first words
    function = space.get(FUNCTION)
    if not callable(function):
        raise _WrongError(f"expected a function {FUNCTION}() that returns the blocks, found none.")
    return function()


def _said(error: BaseException) -> str:
    text = " ".join(str(error).split())
    if len(text) > 200:
        text = f"{text[:197]}..."
    return f"{FUNCTION}.py raised {type(error).__name__}{f': {text}' if text else ''}."


def _raised_at(error: BaseException, start: Position) -> Position:
    """The last line of the document that was running."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == start.file:
            return Position(start.file, frame.lineno or 1, (frame.colno or 0) + 1)
    return start


def _kinds(result: object) -> Mapping[str, object]:
    """Kind → what the document says of it."""
    match result:
        case Estate():
            return _written(result)
        case Mapping():
            return {str(kind): blocks for kind, blocks in result.items()}
        case Iterable() if not isinstance(result, str | bytes):
            kinds: dict[str, dict[str, object]] = {}
            for block in result:
                kind = _KIND_OF.get(type(block))
                if kind is None or not isinstance(block, NamedBlock):
                    raise _WrongError(f"expected blocks of the model in the list, got {_sort(block)}.")
                if block.name in kinds.setdefault(kind, {}):
                    raise _WrongError(f'{kind} "{block.name}" is in the list twice.')
                kinds[kind][block.name] = block
            return kinds
    raise _WrongError(
        f"expected {FUNCTION}() to return an Estate, a mapping of kinds or a list of blocks, "
        f"got {_sort(result)}."
    )


_KIND_OF = {block_type((kind, "name")): kind for kind in NAMED_KINDS}


def _sort(value: object) -> str:
    return "nothing" if value is None else f"a value of type {type(value).__name__}"


def _written(block: Block) -> dict[str, object]:
    """A block as a document says it: only what was given, so that it may lie over another layer."""
    written: dict[str, object] = block.model_dump(mode="json", context=AS_WRITTEN, exclude_unset=True)
    return written


def _mapping(values: Mapping[str, object], start: Position) -> MappingNode:
    node = _node(values, start, "the document", 1)
    assert isinstance(node, MappingNode)
    return node


def _node(value: object, start: Position, where: str, depth: int) -> Node:  # noqa: PLR0911 - a table
    if depth > MAX_DEPTH:
        raise _WrongError(f"expected at most {MAX_DEPTH} levels of nesting, got more in {where}.")
    match value:
        case Secret():
            return Scalar(start, value, str(value))
        case Block():
            return _node(_written(value), start, where, depth)
        case Enum():
            return _node(value.value, start, where, depth)
        case None | bool() | int() | float() | str():
            return Scalar(start, value, "" if value is None else str(value))
        case date() | IPv4Address() | IPv6Address() | IPv4Network() | IPv6Network():
            return Scalar(start, str(value), str(value))
        case Mapping() if list(value) == [TAG]:
            return _node(Secret(str(value[TAG])), start, where, depth)
        case Mapping():
            node = MappingNode(start)
            for key, inner in value.items():
                if not isinstance(key, str):
                    raise _WrongError(f"expected keys that are text, got {_sort(key)} in {where}.")
                node.items[str(key)] = _node(inner, start, f'"{key}"', depth + 1)
                node.keys[str(key)] = start
            return node
        case list() | tuple():
            return Sequence(start, [_node(one, start, where, depth + 1) for one in value])
    known = ", ".join(KINDS[:3])
    raise _WrongError(
        f"expected values as YAML has them or blocks of the model ({known}, …), "
        f"got {_sort(value)} in {where}."
    )
