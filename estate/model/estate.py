"""The whole estate: all blocks of an environment, by kind and name."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from estate.model.aggregates import Aggregate
from estate.model.block import Block
from estate.model.clusters import Cluster
from estate.model.flavors import Flavor
from estate.model.hypervisor import Hypervisor
from estate.model.images import Image
from estate.model.networks import Network, Router
from estate.model.projects import Project
from estate.model.security_groups import SecurityGroup
from estate.model.settings import Settings
from estate.model.storage import StorageArray, VolumeType
from estate.model.vcenters import VCenter
from estate.model.words import Name
from estate.model.workloads import Workload


def _named(blocks: object) -> object:
    """Fill in each block's ``name`` from its key; a ``name`` that was written is left to be refused."""
    if not isinstance(blocks, Mapping):
        return blocks
    return {
        key: {**block, "name": key} if isinstance(block, Mapping) and "name" not in block else block
        for key, block in blocks.items()
    }


_NAMED_KINDS = (
    "vcenters",
    "clusters",
    "aggregates",
    "networks",
    "routers",
    "security_groups",
    "storage",
    "images",
    "flavors",
    "projects",
    "workloads",
)
_NAMED_INSIDE = {"networks": ("subnets",), "storage": ("volume_types", "datastores")}


class Estate(Block):
    """A multi-hypervisor estate. Look-ups by name raise ``KeyError``; references are checked by ``references``."""

    estate: Settings = Field(description="The estate itself.")
    vcenters: dict[Name, VCenter] = Field(default_factory=dict, description="vCenter servers.")
    clusters: dict[Name, Cluster] = Field(default_factory=dict, description="vSphere clusters.")
    aggregates: dict[Name, Aggregate] = Field(default_factory=dict, description="Host aggregates.")
    networks: dict[Name, Network] = Field(default_factory=dict, description="Logical networks.")
    routers: dict[Name, Router] = Field(default_factory=dict, description="Logical routers.")
    security_groups: dict[Name, SecurityGroup] = Field(default_factory=dict, description="Security groups.")
    storage: dict[Name, StorageArray] = Field(default_factory=dict, description="Shared storage arrays.")
    images: dict[Name, Image] = Field(default_factory=dict, description="Images.")
    flavors: dict[Name, Flavor] = Field(default_factory=dict, description="Flavors.")
    projects: dict[Name, Project] = Field(default_factory=dict, description="Projects.")
    workloads: dict[Name, Workload] = Field(default_factory=dict, description="Workloads.")

    @model_validator(mode="before")
    @classmethod
    def _blocks_know_their_names(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        named = dict(data)
        for kind in _NAMED_KINDS:
            if kind not in named:
                continue
            blocks = _named(named[kind])
            if isinstance(blocks, dict):
                for inner in _NAMED_INSIDE.get(kind, ()):
                    blocks = {
                        key: {**block, inner: _named(block[inner])}
                        if isinstance(block, Mapping) and inner in block
                        else block
                        for key, block in blocks.items()
                    }
            named[kind] = blocks
        return named

    @property
    def volume_types(self) -> dict[str, VolumeType]:
        """Volume types of all arrays, by name (unique over the estate)."""
        return {name: kind for array in self.storage.values() for name, kind in array.volume_types.items()}

    def array_of(self, volume_type: str) -> str:
        """Name of the array that serves a volume type."""
        return next(name for name, array in self.storage.items() if volume_type in array.volume_types)

    def aggregates_of(self, hypervisor: Hypervisor) -> tuple[Aggregate, ...]:
        """The aggregates of one hypervisor, in the order of the documents."""
        return tuple(one for one in self.aggregates.values() if one.hypervisor is hypervisor)

    def compute_hosts(self, aggregate: Aggregate) -> tuple[str, ...]:
        """Names of the nova-compute services that belong to an aggregate: what Nova's aggregate takes."""
        if aggregate.hypervisor is Hypervisor.KVM:
            return aggregate.hosts
        return tuple(self.clusters[name].compute_host for name in aggregate.clusters)

    def servers(self) -> dict[str, Workload]:
        """Every declared server and the workload that it is a member of."""
        return {server: workload for workload in self.workloads.values() for server in workload.servers}
