"""Kind ``parts``: parts of the environment that are stacks of their own."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from estate.model.block import NamedBlock
from estate.model.words import Name, NameRange, RefersTo

PLATFORM = "platform"
"""The part that has what no other has."""

DRS_RULES = "drs-rules"
"""The part that keeps members of server groups on different ESXi hosts, once all of them run."""


class Part(NamedBlock):
    """A stack of its own: the vSphere side of a vCenter, or the workloads of a project.

    What is in no part belongs to the stack of the platform.
    """

    vcenter: Annotated[Name | None, RefersTo("vcenters")] = Field(
        default=None, description="vCenter whose switch and clusters it makes; no other part connects to it."
    )
    project: Annotated[Name | None, RefersTo("projects")] = Field(
        default=None, description="Project that its servers belong to; a member of it applies the part."
    )
    workloads: Annotated[NameRange, RefersTo("workloads")] = Field(
        default=(), description="With `project`: its workloads."
    )

    @model_validator(mode="after")
    def _of_one_sort(self) -> Self:
        if self.name in (PLATFORM, DRS_RULES):
            raise ValueError(f"{self.name} is the name of a part that is there by itself; choose another")
        if (self.vcenter is None) == (self.project is None):
            both = "both" if self.vcenter is not None else "none"
            raise ValueError(f"expected either vcenter or project, got {both}")
        if self.project is not None and not self.workloads:
            raise ValueError("expected the workloads of the project, got none")
        if self.vcenter is not None and self.workloads:
            raise ValueError("the part of a vCenter has no workloads; remove them, or say project")
        return self
