"""What is wrong with the shape of the documents, in the project's words rather than pydantic's."""

from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from estate.model import Estate, Finding, Loc
from estate.model.block import Block, NamedBlock
from estate.model.differences import MembersError
from estate.model.nearest import nearest
from estate.model.releases import BY_SERVICE, FOR_ALL
from estate.model.subjects import block_of, subject
from estate.model.words import PATTERNS, shown

KINDS = tuple(Estate.model_fields)
"""Kinds of the language."""
NAMED_KINDS = tuple(kind for kind, info in Estate.model_fields.items() if get_origin(info.annotation) is dict)
"""Those of which there are several blocks, each with a name."""

_NO_KEYS = ("[key]", FOR_ALL, BY_SERVICE)
"""Steps of pydantic's that no document has."""

_EXPECTED = {
    "string_type": ("wrong-type", "text"),
    "int_type": ("wrong-type", "a whole number"),
    "float_type": ("wrong-type", "a number"),
    "bool_type": ("wrong-type", "true or false"),
    "dict_type": ("wrong-type", "a mapping (name: …)"),
    "model_type": ("wrong-type", "a mapping (key: value)"),
    "tuple_type": ("wrong-type", "a list"),
    "greater_than": ("wrong-value", "more than {gt}"),
    "greater_than_equal": ("wrong-value", "at least {ge}"),
    "less_than_equal": ("wrong-value", "at most {le}"),
    "finite_number": ("wrong-value", "a finite number"),
    "string_too_short": ("wrong-value", "some text"),
    "string_too_long": ("wrong-value", "at most {max_length} characters"),
}
"""pydantic's error type → the rule, and what was expected."""

_FLAGS = {
    **dict.fromkeys(("yes", "y", "on", "true"), "true"),
    **dict.fromkeys(("no", "n", "off", "false"), "false"),
}
"""What people write who remember YAML 1.1, and quoted flags."""


def findings(error: ValidationError) -> Iterator[Finding]:
    """One finding for each of pydantic's errors, with its place in the documents' own keys."""
    yield from _findings(error, (), _Root(Estate, 0))


def findings_of(block: type[Block], error: ValidationError, above: Loc) -> Iterator[Finding]:
    """The same for one block that was made by itself; ``above``: where it is to stand, as far as is known."""
    yield from _findings(error, above, _Root(block, len(above)))


class _Root(NamedTuple):
    """What was validated: a type, and how much of a place leads to it."""

    block: type[Block]
    depth: int

    def field_at(self, loc: Loc) -> FieldInfo | None:
        """The field that stands at a place."""
        block = self.block_at(loc[:-1])
        return block.model_fields.get(str(loc[-1])) if block else None

    def block_at(self, loc: Loc) -> type[Block] | None:
        """The kind of block that stands at a place, if one does."""
        return _block_in(_inside(self.block, loc[self.depth :]))


def _findings(error: ValidationError, above: Loc, root: _Root) -> Iterator[Finding]:
    for details in error.errors(include_url=False):
        loc = (*above, *(part for part in details["loc"] if part not in _NO_KEYS))
        cause = details.get("ctx", {}).get("error")
        if isinstance(cause, MembersError):
            for key, inner in cause.errors:
                yield from _findings(inner, (*loc, key), root)
            continue
        is_name = loc[-1:] == ("name",) and details["type"] == "string_pattern_mismatch"
        if is_name and root.block is Estate and loc[0] != "estate":
            continue  # a block's name is its key, of which the same has been said
        rule, message = _said(details, loc, root)
        path = loc[len(block_of(loc)) :] if root.depth or root.block is Estate else loc
        in_list = bool(loc) and isinstance(loc[-1], int) and isinstance(details["input"], str)
        if in_list:  # by its text: an index into a list of ranges counts what they stand for
            loc = (*loc[:-1], str(details["input"]))
        if in_list or rule in ("unknown-key", "missing-key"):  # the message names it
            path = path[:-1]
        where = ".".join(str(part) for part in path)
        yield Finding(
            rule=rule,
            message=(f"{where}: " if where else "") + message + ("" if message[-1] in ".?" else "."),
            loc=loc,
            subject=subject(loc[:-1] if rule == "unknown-key" else loc),
        )


def _said(details: ErrorDetails, loc: Loc, root: _Root) -> tuple[str, str]:
    """The rule and the message."""
    kind, got, context = details["type"], shown(details["input"]), details.get("ctx", {})
    rule = "wrong-value"
    match kind:
        case "extra_forbidden":
            block = root.block_at(loc[:-1])
            known = _keys(block) if block else ()
            rule, message = "unknown-key", f'unknown key "{loc[-1]}".{nearest(str(loc[-1]), known)}'
        case "missing":
            field = root.field_at(loc)
            meaning = f" ({field.description})".replace(".)", ")") if field else ""
            rule, message = "missing-key", f'the key "{loc[-1]}" is missing{meaning}'
        case "value_error":
            message = str(context["error"])
        case "literal_error" if f"'{details['input']}'" in context["expected"] and not isinstance(
            details["input"], str
        ):
            rule, message = "wrong-type", f'expected text, got {got}; put it in quotes: "{got}"'
        case "enum" | "literal_error":
            message = f"expected {context['expected'].replace(chr(39), '')}, got {got}"
        case "string_pattern_mismatch":
            message = f"expected {PATTERNS[context['pattern']]}, got {got}"
        case "bool_type" if isinstance(details["input"], str) and details["input"].lower() in _FLAGS:
            flag = _FLAGS[details["input"].lower()]
            rule, message = "wrong-type", f"expected true or false, got {got}, which is text; write {flag}"
        case "string_type" if isinstance(details["input"], int | float):
            rule, message = "wrong-type", f'expected text, got {got}; put it in quotes: "{got}"'
        case "too_short":
            message = f"expected at least {context['min_length']}, got {context['actual_length']}"
        case "too_long":
            message = f"expected at most {context['max_length']}, got {context['actual_length']}"
        case _ if kind in _EXPECTED:
            rule, expected = _EXPECTED[kind]
            message = f"expected {expected.format(**context)}, got {got}"
        case _:
            message = f"{details['msg']}, got {got}"
    return rule, message


def _step(annotation: object, part: str | int) -> object:
    """The type of one key or index inside a type."""
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, Block):
            field = option.model_fields.get(str(part))
            return field.annotation if field else None
        if get_origin(option) in (dict, tuple):
            return get_args(option)[1 if get_origin(option) is dict else 0]
    return None


def _options(annotation: object) -> Iterator[object]:
    if isinstance(annotation, type) or get_origin(annotation) in (dict, tuple, Literal):
        yield annotation
    elif get_origin(annotation) is Annotated:
        yield from _options(get_args(annotation)[0])
    else:
        for option in get_args(annotation):
            yield from _options(option)


def annotation_at(loc: Loc) -> object:
    """The type that the model has for a place; ``None`` where it has none."""
    return _inside(Estate, loc)


def _inside(annotation: object, loc: Loc) -> object:
    for part in loc:
        annotation = _step(annotation, part)
    return annotation


def block_type(loc: Loc) -> type[Block] | None:
    """The kind of block that stands at a place, if one does."""
    return _block_in(annotation_at(loc))


def _block_in(annotation: object) -> type[Block] | None:
    return next(
        (one for one in _options(annotation) if isinstance(one, type) and issubclass(one, Block)), None
    )


def keys_at(loc: Loc) -> tuple[str, ...] | None:
    """The keys that a place has; ``None`` where a person chooses them, or where it has none."""
    block = block_type(loc)
    return _keys(block) if block else None


def _keys(block: type[Block]) -> tuple[str, ...]:
    """The keys of a block; the name of a block is no key of it."""
    return tuple(
        name for name in block.model_fields if not (name == "name" and issubclass(block, NamedBlock))
    )


def cell_of(loc: Loc) -> tuple[bool, bool] | None:
    """How a table's cell for this place is read: as a number or flag, and as a list; ``None``: not at all."""
    options = list(_options(annotation_at(loc)))
    lists = [one for one in options if get_origin(one) is tuple]
    items = [inner for one in lists for inner in _options(get_args(one)[0])] if lists else options
    parts = [
        one
        for one in items
        if get_origin(one) in (dict, tuple) or (isinstance(one, type) and issubclass(one, Block))
    ]
    plain = [one for one in items if one not in parts and one is not type(None)]
    if not plain or (lists and parts):
        return None
    return not any(_is_text(one) for one in plain), bool(lists)


def _is_text(option: object) -> bool:
    if get_origin(option) is Literal:
        return any(isinstance(value, str) for value in get_args(option))
    return not (isinstance(option, type) and issubclass(option, int | float) and not issubclass(option, str))
