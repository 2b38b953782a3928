"""What was found in a cloud and its vCenters, and what of it is left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Thing = Mapping[str, Any]
"""An object of a cloud, in the words of openstacksdk (``Resource.to_dict``)."""


@dataclass(frozen=True, kw_only=True)
class FoundHost:
    """A compute node and the nova-compute service that speaks for it."""

    host: str
    """nova-compute service: what aggregates have."""
    node: str
    """Name of the compute node; of ESXi ``<managed object id>.<vCenter's instance uuid>``."""
    hypervisor: str
    """Nova's ``hypervisor_type``: ``QEMU``, ``VMware vCenter Server``, …"""
    inventories: Mapping[str, Mapping[str, Any]]
    """Placement's, by resource class: ``total``, ``allocation_ratio``."""
    traits: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class FoundEsxiHost:
    """An ESXi host of a cluster."""

    name: str
    cores: int
    threads: int
    memory: int
    """MiB."""
    cpu: str | None
    """Newest EVC mode that it takes."""
    adapters: Mapping[str, str]
    """``management`` and ``vmotion`` → VMkernel adapter."""
    uplinks: Mapping[str, tuple[str, ...]]
    """Distributed switch → the network cards that it has of this host."""


@dataclass(frozen=True, kw_only=True)
class FoundCluster:
    """A vSphere cluster."""

    vcenter: str
    name: str
    node: str
    """Name that its compute node has in Nova."""
    hosts: tuple[FoundEsxiHost, ...]
    drs: str
    """Automation level as vSphere calls it; empty while DRS is off."""
    migration_rate: int
    """DRS' ``vmotionRate``: 1 moves most."""
    ha: bool
    host_failures: int | None
    """``None`` without admission control."""
    evc: str | None


@dataclass(frozen=True, kw_only=True)
class FoundDatastore:
    """A datastore and the hosts that mount it."""

    vcenter: str
    name: str
    capacity: int
    """GiB."""
    hosts: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Found:
    """All that a cloud and its vCenters have. Fields are kinds of OpenStack; their items are as listed."""

    project: str = ""
    """Id of the login's project."""
    hosts: tuple[FoundHost, ...] = ()
    clusters: tuple[FoundCluster, ...] = ()
    datastores: tuple[FoundDatastore, ...] = ()
    aggregates: tuple[Thing, ...] = ()
    flavors: tuple[Thing, ...] = ()
    flavor_access: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Flavor → ids of the projects that may use it, for private ones."""
    keypairs: tuple[Thing, ...] = ()
    """Of the login's user."""
    server_groups: tuple[Thing, ...] = ()
    servers: tuple[Thing, ...] = ()
    images: tuple[Thing, ...] = ()
    projects: tuple[Thing, ...] = ()
    address_scopes: tuple[Thing, ...] = ()
    subnet_pools: tuple[Thing, ...] = ()
    networks: tuple[Thing, ...] = ()
    subnets: tuple[Thing, ...] = ()
    routers: tuple[Thing, ...] = ()
    ports: tuple[Thing, ...] = ()
    shares: tuple[Thing, ...] = ()
    """RBAC policies."""
    security_groups: tuple[Thing, ...] = ()
    floating_ips: tuple[Thing, ...] = ()
    pools: tuple[Thing, ...] = ()
    """Pools of Cinder's back ends."""
    volume_types: tuple[Thing, ...] = ()
    type_access: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Volume type → ids of the projects that may use it, for private ones."""
    type_encryption: Mapping[str, Thing] = field(default_factory=dict)
    """Volume type → its encryption, where it has one."""
    type_limits: Mapping[str, Thing] = field(default_factory=dict)
    """Volume type → its QoS specs, where it has some."""
    default_types: Mapping[str, str] = field(default_factory=dict)
    """Project → the volume type of its volumes that name none."""
    volumes: tuple[Thing, ...] = ()
    snapshots: tuple[Thing, ...] = ()


@dataclass(frozen=True, order=True)
class LeftOut:
    """Something that exists and that the documents do not describe, or not as it is."""

    what: str
    """E.g. ``server "Web 1"``."""
    reason: str
    """Why, and what to do about it."""
