"""What a member of a workload has otherwise than the others."""

from collections.abc import Mapping
from copy import copy
from typing import Any

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
from estate.model.words import expand


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
        if not field or field[0] not in self.model_fields_set:
            return False
        value = getattr(self, str(field[0]))
        return not (isinstance(value, Mapping) and len(field) > 1) or field[1] in value


def differing(block: type[Block], but: frozenset[str]) -> type[Difference]:
    """A ``Difference`` with the fields of a block except ``but``, none of which needs to be given."""
    fields: dict[str, Any] = {}
    for name, field in block.model_fields.items():
        if name not in but:
            optional = copy(field)
            optional.default, optional.default_factory, optional.validate_default = None, None, False
            fields[name] = (field.annotation, optional)
    made = create_model("Difference", __base__=Difference, __module__=__name__, **fields)
    made.__doc__ = Difference.__doc__
    return made


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
        value = getattr(difference, name)
        under = merged.get(name)
        both = isinstance(value, Mapping) and isinstance(under, Mapping)
        merged[name] = {**under, **value} if both else value  # type: ignore[dict-item]
    return merged


def said(error: ValidationError) -> str:
    """What is wrong with a member's values together, in one sentence."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    message = str(first.get("ctx", {}).get("error", first["msg"]))
    return f"{where}: {message}" if where else message
