"""Kind ``flavors``: sizes of servers, each for one hypervisor."""

import re
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from estate.model.block import ResourceBlock
from estate.model.hosts import Trait
from estate.model.hypervisor import Hypervisor
from estate.model.words import Count, GibiBytesFromZero, MebiBytes, NameRange, RefersTo, Text

_KEY = re.compile(r"^[a-z0-9_]+(:[A-Za-z0-9_.-]+)+$")
"""Only keys with a scope: ComputeCapabilitiesFilter takes one without for a capability of the host."""

_PLACING = re.compile(
    r"^(trait([a-zA-Z0-9_-]{1,64})?|resources[a-zA-Z0-9_-]{1,64}|aggregate_instance_extra_specs):"
)
"""Keys that place servers, those of numbered groups included (nova/scheduler/utils.py ``XS_KEYPAT``)."""


class Flavor(ResourceBlock):
    """A flavor. For ESXi it is private: only the projects named may use it.

    Nova cannot rename a flavor: a renamed block keeps the old name there.
    """

    hypervisor: Hypervisor = Field(description="Hypervisor that its servers run on: `kvm` or `esxi`.")
    vcpus: Count = Field(description="VCPUs.")
    memory: MebiBytes = Field(description="Memory; on ESXi a multiple of 4 MiB.")
    disk: GibiBytesFromZero = Field(
        description="Root disk, GiB; `0 GiB` for servers that boot from a volume only."
    )
    projects: Annotated[NameRange, RefersTo("projects")] = Field(
        default=(),
        description="Projects that may use it, besides administrators. KVM: public if absent.",
    )
    traits: tuple[Trait, ...] = Field(
        default=(), description="Traits that its hosts must have, besides that of the hypervisor."
    )
    extra_specs: dict[str, str] = Field(
        default_factory=dict,
        description="Further extra specs, e.g. `quota:cpu_reservation`; what places its servers is added "
        "by itself.",
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

    @field_validator("extra_specs", mode="after")
    @classmethod
    def _extra_specs_with_scope(cls, specs: dict[str, str]) -> dict[str, str]:
        placing = sorted(key for key in specs if _PLACING.match(key))
        if placing:
            raise ValueError(
                f"expected no extra spec that places servers, got {', '.join(placing)}; "
                "say traits, and hypervisor"
            )
        bare = sorted(key for key in specs if not _KEY.match(key))
        if bare:
            raise ValueError(
                "expected keys with a scope such as quota:cpu_limit, got "
                f"{', '.join(bare)}: Nova takes a key without scope for a capability that a host must have"
            )
        return specs
