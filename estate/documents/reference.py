"""The reference of the language, made from the model: kind, key, type, unit, default, meaning, example."""

import re
from collections.abc import Iterator
from enum import Enum
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from estate.model import Estate
from estate.model.block import Block, NamedBlock
from estate.model.secrets import Secret
from estate.model.subjects import LABELS
from estate.model.words import RefersTo, expand, gibibytes, gibibytes_from_zero, mebibytes

HEADER = "| key | type | unit | default | meaning | example |\n|---|---|---|---|---|---|"


def reference() -> str:
    """The reference as Markdown: a section for each kind, a table for each sort of block in it."""
    sections = []
    seen: set[type[Block]] = set()
    for kind, field in Estate.model_fields.items():
        block = _block_in(field.annotation)
        assert block is not None
        name = f"{kind}.NAME" if issubclass(block, NamedBlock) else kind
        sections.append(f"## {kind}\n\n{_first(block)}\n\n" + "\n\n".join(_tables(block, name, seen)))
    return "\n\n".join(sections) + "\n"


def _tables(block: type[Block], path: str, seen: set[type[Block]]) -> Iterator[str]:
    """The block's own table, then those of the blocks inside it that have not been shown."""
    seen.add(block)
    rows = "\n".join(_row(name, field) for name, field in _keys(block))
    yield f"`{path}`\n\n{HEADER}\n{rows}" if rows else f"`{path}` has no keys."
    for name, field in _keys(block):
        inner = _block_in(field.annotation)
        if inner is not None and inner not in seen:
            many = f"{path}.{name}.NAME" if _is_mapping(field.annotation) else f"{path}.{name}"
            yield f"{_first(inner)}"
            yield from _tables(inner, many, seen)


def _keys(block: type[Block]) -> list[tuple[str, FieldInfo]]:
    own_name = issubclass(block, NamedBlock)
    return [(name, field) for name, field in block.model_fields.items() if not (own_name and name == "name")]


def _first(block: type[Block]) -> str:
    """What a block is: the first paragraph of its class's words."""
    return " ".join((block.__doc__ or "").split("\n\n")[0].split()).replace("``", "`")


def _row(name: str, field: FieldInfo) -> str:
    cells = [
        f"`{name}`",
        _type(field),
        _unit(field),
        _default(field),
        field.description or "",
        f"`{_example(name, field)}`",
    ]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _type(field: FieldInfo) -> str:
    kind = next((mark.kind for mark in field.metadata if isinstance(mark, RefersTo)), None)
    several = any(get_origin(one) is tuple for one in _options(field.annotation))
    if kind is not None and not _is_mapping(field.annotation):
        label = LABELS.get(kind, kind)
        return f"names of {kind.replace('_', ' ')}" if several else f"name of {_article(label)} {label}"
    if _unit(field):
        others = [_word(one) for one in _options(field.annotation) if get_origin(one) is Literal]
        return " or ".join(["size", *others])
    if several and _has(field, expand):
        return "names or ranges"
    return " or ".join(
        dict.fromkeys(_word(one) for one in _options(field.annotation) if one is not type(None))
    )


def _article(label: str) -> str:
    return "an" if label[0] in "aeiou" else "a"


def _word(option: object) -> str:
    origin = get_origin(option)
    if origin is dict:
        inner = _word_of_inner(get_args(option)[1])
        return f"mapping of names to {inner}"
    if origin is tuple:
        return f"list of {_word_of_inner(get_args(option)[0])}"
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in get_args(option))
    assert isinstance(option, type)
    if issubclass(option, Enum):
        return ", ".join(f"`{one.value}`" for one in option)
    if issubclass(option, Block):
        return "mapping"
    return _WORDS.get(option, option.__name__)


_WORDS: dict[type, str] = {
    str: "text",
    bool: "`true` or `false`",
    int: "number",
    float: "decimal number",
    Secret: "`!secret` and a name",
    IPv4Address: "IP address",
    IPv4Network: "addresses with prefix",
}


def _word_of_inner(annotation: object) -> str:
    words = dict.fromkeys(_word(one) for one in _options(annotation) if one is not type(None))
    return " or ".join("mappings" if word == "mapping" else word for word in words)


def _unit(field: FieldInfo) -> str:
    if _has(field, mebibytes):
        return "MiB, GiB, TiB"
    return "GiB, TiB" if _has(field, gibibytes) or _has(field, gibibytes_from_zero) else ""


def _has(field: FieldInfo, function: object) -> bool:
    return any(isinstance(mark, BeforeValidator) and mark.func is function for mark in _marks(field))


def _marks(field: FieldInfo) -> Iterator[object]:
    """Marks of a field, and those of its type where it may be absent."""
    yield from field.metadata
    pending: list[object] = [field.annotation]
    while pending:
        annotation = pending.pop()
        if get_origin(annotation) is Annotated:
            yield from get_args(annotation)[1:]
        if get_origin(annotation) not in (dict, tuple, Literal):
            pending += get_args(annotation)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    value = field.default
    if value is PydanticUndefined:
        assert field.default_factory is not None
        value = field.default_factory()  # type: ignore[call-arg]
    if value in (None, (), {}):
        return ""
    if isinstance(value, Block):
        return "its defaults"
    if _unit(field):
        return f"`{value} {'MiB' if _has(field, mebibytes) else 'GiB'}`"
    return f"`{_written(value)}`"


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(_written(one) for one in value)}]"
    return str(value.value if isinstance(value, Enum) else value)


def _example(key: str, field: FieldInfo) -> str:
    """Its own example, else one of its type."""
    if field.examples:
        return str(field.examples[0])
    kind = next((mark.kind for mark in field.metadata if isinstance(mark, RefersTo)), None)
    several = any(get_origin(one) is tuple for one in _options(field.annotation))
    if kind is not None and not _is_mapping(field.annotation):
        name = _NAMES.get(kind, kind.rstrip("s"))
        return f"[{name}]" if several else name
    if _unit(field):
        return "64 GiB"
    if several and _has(field, expand):
        return "kvm[01-12].example"
    default = None if field.is_required() else field.default
    if default not in (None, PydanticUndefined, ()) and not isinstance(default, Block):
        return _written(default)
    described = re.search(r"e\.g\. `([^`]+)`", field.description or "")
    return described[1] if described else _example_of(field.annotation, key)


def _example_of(annotation: object, key: str) -> str:
    option = next(one for one in _options(annotation) if one is not type(None))
    origin = get_origin(option)
    if origin is dict:
        return f"{{data: {_example_of(get_args(option)[1], key)}}}"
    if origin is tuple:
        return f"[{_example_of(get_args(option)[0], key)}]"
    if origin is Literal:
        return str(get_args(option)[0])
    assert isinstance(option, type)
    if issubclass(option, Enum):
        return str(next(iter(option)).value)
    if issubclass(option, Block):
        required = [(name, field) for name, field in _keys(option) if field.is_required()]
        first = required or _keys(option)[:1]
        return f"{{{', '.join(f'{name}: {_example(name, field)}' for name, field in first)}}}"
    return _EXAMPLES.get(option) or key.replace("_", "-")


_EXAMPLES: dict[type, str] = {
    bool: "true",
    int: "4",
    float: "2.0",
    Secret: "!secret ledger-db-password",
    IPv4Address: "10.20.0.2",
    IPv4Network: "10.20.0.0/24",
}
_NAMES = {
    "images": "rhel9-esxi",
    "flavors": "esxi-medium",
    "networks": "data",
    "security_groups": "db",
    "clusters": "esx-a",
    "vcenters": "vc1",
    "projects": "payments",
    "volume_types": "gold-esxi",
    "availability_zones": "az-esxi",
}
"""A name of each kind, for examples."""


def _options(annotation: object) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from _options(get_args(annotation)[0])
    elif isinstance(annotation, type) or get_origin(annotation) in (dict, tuple, Literal):
        yield annotation
    else:
        for option in get_args(annotation):
            yield from _options(option)


def _is_mapping(annotation: object) -> bool:
    return any(get_origin(one) is dict for one in _options(annotation))


def _block_in(annotation: object) -> type[Block] | None:
    """The block that a type is, or has as items."""
    for option in _options(annotation):
        if get_origin(option) in (dict, tuple):
            inner = _block_in(get_args(option)[1 if get_origin(option) is dict else 0])
            if inner is not None:
                return inner
        elif isinstance(option, type) and issubclass(option, Block):
            return option
    return None
