"""Documents in one form: what ``estate fmt`` writes. Comments stay, and the meaning stays."""

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
            [_left(file, f"its form is not understood ({_first_line(error)})")]
        ) from error
    if again != once:
        raise NotFormattedError([_left(file, "its form does not settle")])
    if not _same(before, parse(once.encode(), file)):
        raise NotFormattedError([_left(file, "another form would change its meaning")])
    if _comments(once) != _comments(text):
        raise NotFormattedError([_left(file, "a comment would be lost; put it on a line of its own")])
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


def _left(file: str, why: str) -> Problem:
    return Problem(rule="not-formatted", message=f"left as it is: {why}.", position=Position(file, 1, 1))


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


def _comments(text: str) -> list[str]:
    """All comments: what stands after a # between YAML's tokens."""
    comments: list[str] = []
    end = 0
    for token in libyaml.scan(text, Loader=libyaml.SafeLoader):
        comments += _comments_in(text[end : token.start_mark.index])
        end = max(end, token.end_mark.index)
    return [*comments, *_comments_in(text[end:])]


def _comments_in(gap: str) -> list[str]:
    return [line[line.index("#") :].rstrip() for line in gap.split("\n") if "#" in line]
