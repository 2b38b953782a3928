"""What all blocks have in common."""

from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel

from estate.model.words import Flag, Name


class Block(BaseModel):
    """A value of the language: frozen, and an unknown key is an error. JSON output has camelCase keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        defer_build=True,
        alias_generator=AliasGenerator(serialization_alias=to_camel),
    )


class _Written:
    """Stands in for a ``name`` that was written inside a block."""


class NamedBlock(Block):
    """A block ``kind: {name: {…}}``. Its name is its key, from which it is filled in."""

    name: Name = Field(description="The block's key.", exclude=True)

    @field_validator("name", mode="before")
    @classmethod
    def _only_as_key(cls, value: object) -> object:
        if isinstance(value, _Written):
            raise ValueError("a block's name is its key; remove name")  # noqa: TRY004 - a finding, no fault
        return value


class ResourceBlock(NamedBlock):
    """A block that becomes resources of its own, which a rename or a careless run could destroy."""

    was: Name | None = Field(
        default=None,
        description="Its name before it was renamed: what exists is kept. It takes the new name too, unless "
        "its service knows no other name for it.",
    )
    protect: Flag | None = Field(
        default=None,
        description="Whether the engine refuses to delete or replace it; as the environment has it if "
        "absent.",
    )


def _named(blocks: object) -> object:
    if not isinstance(blocks, Mapping):
        return blocks
    return {
        key: {**block, "name": _Written() if "name" in block else key}
        if isinstance(block, Mapping)
        else block
        for key, block in blocks.items()
    }


_B = TypeVar("_B", bound=NamedBlock)
Blocks = Annotated[dict[Name, _B], BeforeValidator(_named)]
"""Blocks by name: ``{name: {…}}``."""
