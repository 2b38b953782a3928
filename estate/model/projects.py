"""Kind ``projects``: who may use the cloud."""

from pydantic import Field

from estate.model.block import NamedBlock
from estate.model.words import Text


class Project(NamedBlock):
    """A Keystone project."""

    description: Text | None = Field(default=None, description="What it is for.")
