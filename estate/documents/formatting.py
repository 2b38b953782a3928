"""Documents in one form: what ``estate fmt`` writes. Comments stay, and the meaning stays."""

import re
from collections import Counter
from io import BytesIO, StringIO

import yaml as libyaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from estate.documents.nodes import (
    Document,
    Mapping,
    Node,
    Remove,
    Scalar,
    Sequence,
    Table,
    UnreadableError,
    decoded,
    parse,
)
from estate.documents.problem import Position, Problem

Comment = tuple[str, int]
"""A comment, and where in the text it begins."""

_COMMENT = re.compile(r"#[^\n]*")
_UNFOLDED = 2**20
"""Width of a line: long ones are left to their author."""


class NotFormattedError(Exception):
    """A document that is left as it is: what is wrong with it, or why its form cannot be changed."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(one) for one in problems))
        self.problems = problems


def formatted(content: bytes, file: str) -> str:
    """The document in its one form: UTF-8 without a byte order mark, two spaces for each level, lists
    below their key, a line break at the end.

    Formatting it again changes nothing. Raises ``NotFormattedError`` if it is no document, or if a comment
    or the meaning would not survive.
    """
    before = parse(content, file)
    if before.problems:
        raise NotFormattedError(before.problems)
    try:
        text = decoded(content, file).replace("\r\n", "\n").replace("\r", "\n")
        once = _written(_written(text))  # ruamel.yaml moves some comments once more
        again = _written(once)
    except (UnreadableError, YAMLError, libyaml.YAMLError) as error:
        raise NotFormattedError(
            [_left(Position(file, 1, 1), f"its form is not understood ({_first_line(error)})")]
        ) from error
    if again != once:
        raise NotFormattedError([_left(Position(file, 1, 1), "its form does not settle")])
    if not _same(before, parse(once.encode(), file)):
        raise NotFormattedError([_left(Position(file, 1, 1), "another form would change its meaning")])
    kept, comments = _comments(once), _comments(text)
    if [words for words, _ in kept] != [words for words, _ in comments]:
        place = _first_lost(comments, kept, text)
        why = "a comment would be lost; put it on a line of its own, outside of brackets"
        raise NotFormattedError([_left(Position(file, *place), why)])
    return once


def _written(text: str) -> str:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _UNFOLDED
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.allow_duplicate_keys = False
    data = yaml.load(BytesIO(text.encode()))
    if data is None:
        return "".join(f"{line.rstrip()}\n" for line in text.strip().split("\n")) if text.strip() else ""
    out = StringIO()
    yaml.dump(data, out)
    lines = [line.rstrip() for line in out.getvalue().strip("\n").split("\n")]
    return "".join(f"{line}\n" for line in lines)


def _left(position: Position, why: str) -> Problem:
    return Problem(rule="not-formatted", message=f"left as it is: {why}.", position=position)


def _first_lost(comments: list[Comment], kept: list[Comment], text: str) -> tuple[int, int]:
    """Line and column of the first comment that is no longer there; if all are, of the first that moved."""
    left = Counter(words for words, _ in kept)
    for words, index in comments:
        if left[words] == 0:
            return _place(text, index)
        left[words] -= 1
    moved = (index for (words, index), (other, _) in zip(comments, kept, strict=False) if words != other)
    return _place(text, next(moved, 0))


def _place(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]


def _same(one: Document, other: Document) -> bool:
    if other.problems:
        return False
    if one.root is None or other.root is None:
        return one.root is other.root
    return _equal(one.root, other.root)


def _equal(one: Node, other: Node) -> bool:
    match one, other:
        case (Mapping(), Mapping()):
            return list(one.items) == list(other.items) and all(
                _equal(inner, other.items[key]) for key, inner in one.items.items()
            )
        case (Sequence(), Sequence()):
            return len(one.items) == len(other.items) and all(
                _equal(inner, twin) for inner, twin in zip(one.items, other.items, strict=True)
            )
        case (Scalar(), Scalar()):
            return type(one.value) is type(other.value) and repr(one.value) == repr(other.value)
        case (Table(), Table()):
            return one.file == other.file
        case (Remove(), Remove()):
            return True
    return False


def _comments(text: str) -> list[Comment]:
    """All comments: what stands after a # between YAML's tokens."""
    comments: list[Comment] = []
    end = 0
    for token in libyaml.scan(text, Loader=libyaml.SafeLoader):
        comments += _comments_in(text[end : token.start_mark.index], end)
        end = max(end, token.end_mark.index)
    return [*comments, *_comments_in(text[end:], end)]


def _comments_in(gap: str, start: int) -> list[Comment]:
    return [(found[0].rstrip(), start + found.start()) for found in _COMMENT.finditer(gap)]
