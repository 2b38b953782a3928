"""Kind ``flavors``: sizes of servers, each for one hypervisor."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from estate.model.block import NamedBlock
from estate.model.hypervisor import Hypervisor
from estate.model.words import Count, GibiBytes, MebiBytes, NameRange, RefersTo, Text


class Flavor(NamedBlock):
    """A flavor. For ESXi it is private: only the projects named may use it."""

    hypervisor: Hypervisor = Field(description="Hypervisor that its servers run on: `kvm` or `esxi`.")
    vcpus: Count = Field(description="VCPUs.")
    memory: MebiBytes = Field(description="Memory; on ESXi a multiple of 4 MiB.")
    disk: GibiBytes = Field(description="Root disk, GiB.")
    projects: Annotated[NameRange, RefersTo("projects")] = Field(
        default=(),
        description="ESXi: projects that may use it, besides administrators.",
    )
    description: Text | None = Field(default=None, description="What it is for.")

    @field_validator("memory", mode="after")
    @classmethod
    def _memory_fits_vsphere(cls, memory: int, info: ValidationInfo) -> int:
        # nova/virt/vmwareapi/vmops.py prepare_for_spawn refuses other sizes when the server is built.
        if info.data.get("hypervisor") is Hypervisor.ESXI and memory % 4:
            below = memory - memory % 4
            nearest = f"{below} MiB or {below + 4} MiB" if below else "4 MiB"
            raise ValueError(
                "expected a multiple of 4 MiB on ESXi (vSphere takes no other), "
                f"got {memory} MiB; use {nearest}"
            )
        return memory

    @field_validator("projects", mode="after")
    @classmethod
    def _projects_only_on_esxi(cls, projects: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("hypervisor") is Hypervisor.KVM and projects:
            raise ValueError("only flavors with hypervisor: esxi name projects; a kvm flavor is public")
        return projects
