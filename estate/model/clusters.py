"""Kind ``clusters``: vSphere clusters; to Nova each is one hypervisor with one nova-compute."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from estate.model.block import Block, NamedBlock
from estate.model.words import Count, Flag, HostName, HostRange, MebiBytes, Name, RefersTo


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
    migration_threshold: Count = Field(
        default=3, le=5, description="Migration threshold, 1 (conservative) to 5 (aggressive)."
    )


class AdmissionControl(Block):
    """What HA keeps free so that servers restart after hosts are lost."""

    host_failures: Count = Field(
        default=1, le=31, description="Number of host failures that the cluster tolerates."
    )


class HighAvailability(Block):
    """vSphere HA."""

    enabled: Flag = Field(default=True, description="Whether servers of a lost host restart elsewhere.")
    admission_control: AdmissionControl | None = Field(
        default_factory=AdmissionControl, description="Capacity that HA keeps free; `null` switches it off."
    )


class EsxiHost(Block):
    """The size of each ESXi host of a cluster."""

    cores: Count = Field(description="Physical CPU cores.")
    threads: Count = Field(description="Logical CPUs (hyper-threads): what Nova counts as VCPU.")
    memory: MebiBytes = Field(description="Physical memory, MiB.")


class Cluster(NamedBlock):
    """One vSphere cluster and the nova-compute service that speaks for it."""

    vcenter: Annotated[Name, RefersTo("vcenters")] = Field(description="vCenter that manages the cluster.")
    compute_host: HostName = Field(
        description="`[DEFAULT] host` of the cluster's nova-compute: the name that the aggregate takes."
    )
    hosts: HostRange = Field(description="ESXi hosts, as vCenter names them.")
    host: EsxiHost = Field(description="Size of each ESXi host.")
    drs: Drs = Field(default_factory=Drs, description="Distributed Resource Scheduler.")
    ha: HighAvailability = Field(default_factory=HighAvailability, description="vSphere HA.")
