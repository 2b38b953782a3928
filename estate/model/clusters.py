"""Kind ``clusters``: vSphere clusters; to Nova each is one hypervisor with one nova-compute."""

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, Strict, ValidationInfo, field_validator, model_validator

from estate.model.block import Block, Blocks, NamedBlock, ResourceBlock
from estate.model.hosts import Nics, Trait
from estate.model.ownership import Mode
from estate.model.words import Count, Flag, GibiBytes, HostName, HostRange, MebiBytes, Name, RefersTo, shown

_ADAPTER = re.compile(r"^vmk[0-9]{1,3}$")
_EVC_MODE = re.compile(r"^(intel|amd)-[a-z0-9-]{1,60}$")


def _adapter(value: str) -> str:
    if not _ADAPTER.match(value):
        raise ValueError(f"expected a VMkernel adapter such as vmk1, got {shown(value)}")
    return value


def _evc_mode(value: str) -> str:
    if not _EVC_MODE.match(value):
        raise ValueError(f"expected an EVC mode such as intel-cascadelake or amd-zen2, got {shown(value)}")
    return value


EvcMode = Annotated[str, AfterValidator(_evc_mode)]
"""Key of an EVC mode as vCenter assigns it (vim.EVCMode), the vendor first."""

EVC_MODES = {
    "intel": (
        "intel-merom",
        "intel-penryn",
        "intel-nehalem",
        "intel-westmere",
        "intel-sandybridge",
        "intel-ivybridge",
        "intel-haswell",
        "intel-broadwell",
        "intel-skylake",
        "intel-cascadelake",
        "intel-icelake",
        "intel-sapphirerapids",
    ),
    "amd": (
        "amd-greyhound-no3dnow",
        "amd-bulldozer",
        "amd-piledriver",
        "amd-steamroller",
        "amd-zen",
        "amd-zen2",
        "amd-zen3",
        "amd-zen4",
    ),
}
"""EVC modes as vCenter 7 and 8 name them, for hosts that these still take; by maker, from old to new.

That a CPU has all older modes as well is not said: Zen has none of Bulldozer's. The list cannot be complete:
each vCenter defines its own (``Capability.supportedEVCMode``), and a newer one has more. Those are named in
``estate.evc_modes``, because nearness cannot tell a newer mode from a misspelled one: amd-zen5 is one letter
away from amd-zen4.
"""

VmkernelAdapter = Annotated[str, AfterValidator(_adapter)]
"""A VMkernel adapter as ESXi names it."""


class DrsAutomation(StrEnum):
    """How far DRS acts by itself (vSphere: ``DrsBehavior``)."""

    FULLY_AUTOMATED = "fully-automated"
    PARTIALLY_AUTOMATED = "partially-automated"
    MANUAL = "manual"


class Drs(Block):
    """Distributed Resource Scheduler. Nova names no ESXi host at boot, so DRS must place by itself."""

    automation: DrsAutomation = Field(
        default=DrsAutomation.FULLY_AUTOMATED,
        description="Automation level. Nova's VMware driver requires fully automated placement.",
    )
    migration_threshold: Annotated[int, Strict(), Field(ge=1, le=5)] = Field(
        default=3, description="Migration threshold, 1 (conservative) to 5 (aggressive)."
    )


class AdmissionControl(Block):
    """What HA keeps free so that servers restart after hosts are lost."""

    host_failures: Annotated[int, Strict(), Field(ge=1, le=31)] = Field(
        default=1, description="Number of host failures that the cluster tolerates."
    )


class HighAvailability(Block):
    """vSphere HA."""

    enabled: Flag = Field(default=True, description="Whether servers of a lost host restart elsewhere.")
    admission_control: AdmissionControl | None = Field(
        default_factory=AdmissionControl, description="Capacity that HA keeps free; `null` switches it off."
    )


class EsxiHostClass(NamedBlock):
    """ESXi hosts of one make: the same size, CPU and network cards."""

    hosts: HostRange = Field(description="ESXi hosts, as vCenter names them.")
    cores: Count = Field(description="Physical CPU cores of each host.")
    threads: Count = Field(description="Logical CPUs (hyper-threads) of each host: what Nova counts as VCPU.")
    memory: MebiBytes = Field(description="Physical memory of each host, MiB.")
    cpu: EvcMode | None = Field(
        default=None,
        description="Generation of the CPU: the newest EVC mode that it takes (`maxEVCModeKey`).",
    )
    nics: Nics = Field(default_factory=Nics, description="Physical network cards of each host.")

    @field_validator("threads", mode="after")
    @classmethod
    def _a_thread_per_core(cls, threads: int, info: ValidationInfo) -> int:
        cores = info.data.get("cores")
        if cores is not None and threads < cores:
            raise ValueError(
                f"expected at least the {cores} cores (twice as many with hyper-threading), got {threads}"
            )
        return threads


class Vmkernel(Block):
    """VMkernel adapters of every host of a cluster, by what they are for."""

    management: VmkernelAdapter | None = Field(default=None, description="Management traffic, e.g. `vmk0`.")
    vmotion: VmkernelAdapter | None = Field(
        default=None, description="vMotion: without it DRS and maintenance mode cannot move servers."
    )
    storage: VmkernelAdapter | None = Field(default=None, description="iSCSI or NFS to the arrays.")

    @model_validator(mode="after")
    def _one_use_each(self) -> Self:
        used = [one for one in (self.management, self.vmotion, self.storage) if one is not None]
        if len(set(used)) < len(used):
            raise ValueError(
                f"expected an adapter of its own for each kind of traffic, got {', '.join(used)}"
            )
        return self


class Foreign(Block):
    """Machines that others run in a referenced cluster: its capacity is that much smaller."""

    machines: Count = Field(description="How many machines.")
    vcpus: Count = Field(description="VCPUs of all of them together.")
    memory: MebiBytes = Field(description="Memory of all of them together, MiB.")
    disk: GibiBytes | None = Field(
        default=None, description="What they take of the cluster's datastores together, GiB."
    )


class Cluster(ResourceBlock):
    """One vSphere cluster and the nova-compute service that speaks for it."""

    mode: Mode = Field(
        default=Mode.MANAGED,
        description="`managed`: the stack makes the cluster. `referenced`: it exists, and is only checked.",
    )
    vcenter: Annotated[Name, RefersTo("vcenters")] = Field(description="vCenter that manages the cluster.")
    compute_host: HostName = Field(
        description="`[DEFAULT] host` of the cluster's nova-compute: the name that the aggregate takes."
    )
    host_classes: Blocks[EsxiHostClass] = Field(
        min_length=1, description="Its ESXi hosts, by class of hardware."
    )
    drs: Drs = Field(default_factory=Drs, description="Distributed Resource Scheduler.")
    ha: HighAvailability = Field(default_factory=HighAvailability, description="vSphere HA.")
    evc: EvcMode | None = Field(
        default=None,
        description="EVC mode, e.g. `intel-cascadelake`; needed where its hosts have different CPUs.",
    )
    vmkernel: Vmkernel = Field(default_factory=Vmkernel, description="VMkernel adapters of every host.")
    traits: tuple[Trait, ...] = Field(
        default=(), description="Traits of its resource provider besides that of its hypervisor."
    )
    foreign: Foreign | None = Field(
        default=None, description="Referenced clusters: what others run there already."
    )

    @field_validator("foreign", mode="after")
    @classmethod
    def _foreign_only_where_referenced(cls, foreign: Foreign | None, info: ValidationInfo) -> Foreign | None:
        if foreign is not None and info.data.get("mode") is Mode.MANAGED:
            raise ValueError(
                "only a cluster with mode: referenced runs machines of others; remove foreign, or say "
                "mode: referenced"
            )
        return foreign

    @property
    def hosts(self) -> tuple[str, ...]:
        """All its ESXi hosts, in the order of the documents."""
        return tuple(host for one in self.host_classes.values() for host in one.hosts)

    @property
    def threads(self) -> int:
        """Logical CPUs of all its hosts."""
        return sum(one.threads * len(one.hosts) for one in self.host_classes.values())

    @property
    def memory(self) -> int:
        """Memory of all its hosts, MiB."""
        return sum(one.memory * len(one.hosts) for one in self.host_classes.values())
