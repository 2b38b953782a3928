"""The whole estate: all blocks of an environment, by kind and name."""

from pydantic import Field

from estate.model.aggregates import Aggregate
from estate.model.block import Block, Blocks
from estate.model.clusters import Cluster
from estate.model.exemptions import Exemption
from estate.model.flavors import Flavor
from estate.model.hypervisor import Hypervisor
from estate.model.images import Image
from estate.model.keypairs import Keypair
from estate.model.networks import AddressScope, Network, Router, SubnetPool
from estate.model.parts import Part
from estate.model.projects import Project
from estate.model.security_groups import SecurityGroup
from estate.model.server_groups import ServerGroup
from estate.model.settings import Settings
from estate.model.storage import StorageArray, VolumeType
from estate.model.vcenters import VCenter
from estate.model.workloads import Workload


class Estate(Block):
    """A multi-hypervisor estate. Whether references hold is checked by ``references``, not here."""

    estate: Settings = Field(description="What holds for the whole environment, at least its name.")
    vcenters: Blocks[VCenter] = Field(default_factory=dict, description="vCenter servers.")
    clusters: Blocks[Cluster] = Field(default_factory=dict, description="vSphere clusters.")
    aggregates: Blocks[Aggregate] = Field(default_factory=dict, description="Host aggregates.")
    address_scopes: Blocks[AddressScope] = Field(default_factory=dict, description="Address scopes.")
    subnet_pools: Blocks[SubnetPool] = Field(default_factory=dict, description="Subnet pools.")
    networks: Blocks[Network] = Field(default_factory=dict, description="Logical networks.")
    routers: Blocks[Router] = Field(default_factory=dict, description="Logical routers.")
    security_groups: Blocks[SecurityGroup] = Field(default_factory=dict, description="Security groups.")
    storage: Blocks[StorageArray] = Field(default_factory=dict, description="Shared storage arrays.")
    images: Blocks[Image] = Field(default_factory=dict, description="Images.")
    flavors: Blocks[Flavor] = Field(default_factory=dict, description="Flavors.")
    projects: Blocks[Project] = Field(default_factory=dict, description="Projects.")
    server_groups: Blocks[ServerGroup] = Field(default_factory=dict, description="Server groups.")
    keypairs: Blocks[Keypair] = Field(default_factory=dict, description="Public keys.")
    workloads: Blocks[Workload] = Field(default_factory=dict, description="Workloads.")
    parts: Blocks[Part] = Field(
        default_factory=dict, description="Parts that are stacks of their own; one stack for all if absent."
    )
    exemptions: Blocks[Exemption] = Field(
        default_factory=dict, description="Violations that somebody answers for, until a day."
    )

    @property
    def volume_types(self) -> dict[str, VolumeType]:
        """Volume types of all arrays, by name (unique over the estate)."""
        return {name: kind for array in self.storage.values() for name, kind in array.volume_types.items()}

    @property
    def availability_zones(self) -> tuple[str, ...]:
        """Availability zones of the aggregates, in the order of the documents."""
        return tuple(one.availability_zone for one in self.aggregates.values())

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
        """Every declared server and its workload, with the values that this member has."""
        return {
            server: variant.workload
            for workload in self.workloads.values()
            for variant in workload.variants
            for server in variant.servers
        }
