"""What all blocks have in common."""

from pydantic import BaseModel, ConfigDict, Field

from estate.model.words import Name


class Block(BaseModel):
    """A value of the language: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class NamedBlock(Block):
    """A block ``kind: {name: {…}}``. Its name is its key in the document; the loader fills it in."""

    name: Name = Field(description="The block's key.", exclude=True)
