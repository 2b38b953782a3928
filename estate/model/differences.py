"""What a member of a workload has otherwise than the others."""

from collections.abc import Mapping, Sequence
from copy import copy
from functools import reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import (
    SerializationInfo,
    SerializerFunctionWrapHandler,
    ValidationError,
    create_model,
    model_serializer,
)
from pydantic.alias_generators import to_camel

from estate.model.block import Block
from estate.model.finding import Loc
from estate.model.nearest import nearest
from estate.model.words import AS_WRITTEN, expand


class Difference(Block):
    """Values for one member or a range of members; what is not given is as the workload has it."""

    @model_serializer(mode="wrap")
    def _only_what_is_given(
        self, handler: SerializerFunctionWrapHandler, info: SerializationInfo
    ) -> dict[str, Any]:
        given = {to_camel(name) if info.by_alias else name for name in self.model_fields_set}
        return {key: value for key, value in handler(self).items() if key in given}

    def says(self, field: Loc) -> bool:
        """Whether it has a value at a place inside the workload."""
        return bool(field) and _says(self, field)


def _says(value: object, field: Loc) -> bool:
    """Whether what merges has a value at a place inside it; what replaces has all places."""
    if not field:
        return True
    match value:
        case Difference():
            name = str(field[0])
            return name in value.model_fields_set and _says(getattr(value, name), field[1:])
        case Mapping():
            return field[0] in value and _says(value[field[0]], field[1:])
    return True


class MembersError(ValueError):
    """What is wrong with members' values as they have them altogether, by the key of the difference."""

    def __init__(self, errors: Sequence[tuple[str, ValidationError]]) -> None:
        super().__init__("; ".join(f"{key}: {said(error)}" for key, error in errors))
        self.errors = errors


def differing(
    block: type[Block], but: frozenset[str] = frozenset(), whole: frozenset[str] = frozenset()
) -> type[Difference]:
    """A ``Difference`` with the fields of a block except ``but``, none of which needs to be given.

    So it is with the blocks inside: what is not given of a volume is as the workload has it. ``whole``:
    fields whose value is given altogether.
    """
    fields: dict[str, Any] = {}
    for name, field in block.model_fields.items():
        if name not in but:
            optional = copy(field)
            optional.default, optional.default_factory, optional.validate_default = None, None, False
            fields[name] = (field.annotation if name in whole else _in_parts(field.annotation), optional)
    made = create_model(f"{block.__name__}Difference", __base__=Difference, __module__=__name__, **fields)
    made.__doc__ = Difference.__doc__
    return made


def _in_parts(annotation: Any) -> Any:  # noqa: ANN401 - types are values of any sort
    """The type with a ``Difference`` in place of each block that merges, alone or by name; not in lists."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Block):
        return differing(annotation)
    if origin is Annotated:
        return Annotated[_in_parts(inner[0]), *inner[1:]]
    if origin is dict:
        return dict[inner[0], _in_parts(inner[1])]  # type: ignore[valid-type,misc]
    if origin in (Union, UnionType):
        return reduce(or_, (_in_parts(one) for one in inner))
    return annotation


def by_member(differences: Mapping[str, Difference], members: tuple[str, ...]) -> dict[str, str]:
    """Member → the key of its difference.

    Raises ``ValueError`` for a key that names no member, or one that another key names already.
    """
    keys: dict[str, str] = {}
    for key in differences:
        for member in expand(key):
            if member not in members:
                raise ValueError(f'there is no member "{member}".{nearest(member, members)}')
            if member in keys:
                raise ValueError(f'member "{member}" is named twice: by {keys[member]} and by {key}')
            keys[member] = key
    return keys


def with_difference(values: Mapping[str, Any], difference: Difference) -> dict[str, Any]:
    """The values with those of a difference: mappings merge, lists and single values replace."""
    merged = dict(values)
    for name in difference.model_fields_set:
        merged[name] = _over(merged.get(name), getattr(difference, name))
    return merged


def _over(under: object, value: object) -> object:
    """A value of a difference over that of the workload; a block as documents write it, to be read again."""
    match value:
        case Difference():
            return _merged(_written(under), _written(value)) if isinstance(under, Block) else _written(value)
        case Mapping():
            below = under if isinstance(under, Mapping) else {}
            return {**below, **{key: _over(below.get(key), inner) for key, inner in value.items()}}
    return value


def _written(block: Block) -> dict[str, Any]:
    return block.model_dump(mode="json", context=AS_WRITTEN, exclude_unset=True)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        key: _merged(below[key], value)
        for key, value in above.items()
        if isinstance(value, Mapping) and isinstance(below.get(key), Mapping)
    }
    return {**below, **above, **both}


def said(error: ValidationError) -> str:
    """What is wrong with a member's values together, in one sentence."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    message = str(first.get("ctx", {}).get("error", first["msg"]))
    return f"{where}: {message}" if where else message
