"""What an estate is: frozen values, one file per kind. This room knows nobody."""

from estate.model.aggregates import Aggregate, HostClass
from estate.model.clusters import AdmissionControl, Cluster, Drs, EsxiHostClass, HighAvailability
from estate.model.estate import Estate
from estate.model.exemptions import Exemption
from estate.model.finding import Finding, Loc, Severity
from estate.model.flavors import Flavor
from estate.model.hypervisor import Hypervisor
from estate.model.images import Image
from estate.model.keypairs import Keypair
from estate.model.networks import AddressScope, AllocationPool, Network, Router, Subnet, SubnetPool
from estate.model.ownership import Mode
from estate.model.parts import Part
from estate.model.projects import Project
from estate.model.security_groups import SecurityGroup, SecurityGroupRule
from estate.model.server_groups import ServerGroup
from estate.model.settings import NetworkBackend, Settings
from estate.model.storage import Datastore, StorageArray, VolumeType
from estate.model.vcenters import VCenter
from estate.model.workloads import ReasonCode, Restriction, Volume, Workload

__all__ = [
    "AddressScope",
    "AdmissionControl",
    "Aggregate",
    "AllocationPool",
    "Cluster",
    "Datastore",
    "Drs",
    "Estate",
    "EsxiHostClass",
    "Exemption",
    "Finding",
    "Flavor",
    "HighAvailability",
    "HostClass",
    "Hypervisor",
    "Image",
    "Keypair",
    "Loc",
    "Mode",
    "Network",
    "NetworkBackend",
    "Part",
    "Project",
    "ReasonCode",
    "Restriction",
    "Router",
    "SecurityGroup",
    "SecurityGroupRule",
    "ServerGroup",
    "Settings",
    "Severity",
    "StorageArray",
    "Subnet",
    "SubnetPool",
    "VCenter",
    "Volume",
    "VolumeType",
    "Workload",
]
