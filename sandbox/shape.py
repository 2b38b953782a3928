"""What an environment's documents ask of a sandbox: plain values, so that nothing in here knows the model.

Fragments are configuration files as operators get them (``estate.rendering``). The sandbox hands each to
its service verbatim, as the last ``--config-file``, and only adds keys that no fragment has.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeVar

from sandbox.errors import SandboxError

_T = TypeVar("_T")


class ShapeError(SandboxError):
    """The documents ask for something that one sandbox cannot be."""


@dataclass(frozen=True)
class KvmHost:
    """A pretend KVM compute: real nova-compute code over a virt driver that only keeps books."""

    name: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    provider_yaml: str
    """Its ``provider_config/*.yaml``: traits that Nova gives to its resource provider."""
    nova_conf: str
    """Its fragment of nova.conf. Hosts with the same fragment (but for ``host``) share a process."""
    traits: tuple[str, ...] = ()
    """Standard traits that its driver reports besides the usual ones, as declared of its hardware."""


@dataclass(frozen=True)
class EsxiHost:
    """An ESXi host of the vCenter simulator."""

    name: str
    cores: int
    threads: int
    memory_mib: int
    cpu: str = ""
    """Newest EVC mode that it takes; empty: not said."""
    vmotion: str = ""
    """VMkernel adapter that carries vMotion; empty: none."""


@dataclass(frozen=True)
class Machine:
    """A running machine of others."""

    name: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    datastore: str


@dataclass(frozen=True)
class ExistingCluster:
    """A cluster that the documents take for existing, and what others run there."""

    name: str
    hosts: tuple[str, ...]
    drs: str
    """vSphere's word for its automation (``DrsBehavior``)."""
    ha: bool
    admission_control: bool
    evc: str
    """EVC mode; empty: off."""
    machines: tuple[Machine, ...]


@dataclass(frozen=True)
class StoragePolicy:
    """A storage policy of vSphere and the datastores that fulfil it."""

    name: str
    datastores: tuple[str, ...]


@dataclass(frozen=True)
class Datastore:
    """A VMFS datastore, mounted by the named ESXi hosts."""

    name: str
    capacity_gib: int
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class VCenter:
    """A simulated vCenter: one data centre. Hosts stand alone until the program makes their cluster."""

    name: str
    datacenter: str
    hosts: tuple[EsxiHost, ...]
    datastores: tuple[Datastore, ...]
    switches: tuple[str, ...]
    """Distributed switches; Neutron realises each network as a port group on the first."""
    awaited_switches: tuple[str, ...] = ()
    """Names of the switch that the program makes, and Neutron uses instead, over time; empty: none."""
    clusters: tuple[ExistingCluster, ...] = ()
    policies: tuple[StoragePolicy, ...] = ()
    logins: tuple[str, ...] = ()
    """Further names under which ``vcenters.yaml`` has it: what it is called since it was renamed."""


@dataclass(frozen=True)
class Cluster:
    """A vSphere cluster that the program will make or find, and the nova-compute that speaks for it."""

    name: str
    vcenter: str
    compute_host: str
    provider_yaml: str
    nova_conf: str
    """Its fragment of nova.conf, with ``compute_driver`` and ``[vmware] cluster_name``."""


@dataclass(frozen=True)
class Backend:
    """A Cinder back end. ``kvm``: pretended. ``vmdk``: Cinder's own VMware driver on the simulator."""

    name: str
    kind: Literal["kvm", "vmdk"]
    vcenter: str | None
    clusters: tuple[str, ...]
    """vSphere clusters whose hosts mount its datastores; they need not exist yet."""
    cinder_conf: str
    """Its stanza ``[name]`` of cinder.conf."""


@dataclass(frozen=True)
class ImageFile:
    """An image file that the documents name; the sandbox makes a small real one."""

    path: str
    """Relative to the images folder."""
    format: str
    """``qcow2``, ``raw`` or ``vmdk``."""
    subformat: str | None
    """vmdk: qemu-img's name, ``monolithicSparse`` or ``streamOptimized``."""
    adapter: str | None
    """vmdk: qemu-img's name, ``lsilogic``, ``ide``, …"""
    virtual_size_gib: int


@dataclass(frozen=True)
class ExternalNetwork:
    """A network that the documents take for existing; the sandbox makes one of that name."""

    name: str
    cidrs: tuple[str, ...]


@dataclass(frozen=True)
class Shape:
    """A whole sandbox."""

    name: str
    region: str
    release: str
    kvm_hosts: tuple[KvmHost, ...]
    vcenters: tuple[VCenter, ...]
    clusters: tuple[Cluster, ...]
    backends: tuple[Backend, ...]
    images: tuple[ImageFile, ...]
    scheduler_conf: str
    """Fragment of nova.conf for API, conductor and scheduler."""
    glance_protections: str
    """Glance's property protection file; empty: none."""
    glance_conf: str = ""
    """Fragment of glance-api.conf."""
    cinder_policy: str = ""
    """Policy rules of Cinder's API (YAML); empty: Cinder's own."""
    nova_policy: str = ""
    """Policy rules of Nova's API (YAML); empty: Nova's own."""
    transport_zones: tuple[str, ...] = ()
    """Physical networks that carry VLANs (NSX: VLAN transport zones)."""
    external_networks: tuple[ExternalNetwork, ...] = ()
    projects: tuple[str, ...] = ()
    """Projects that the documents take for existing."""

    def vcenter(self, name: str) -> VCenter:
        """The vCenter of that name."""
        for vcenter in self.vcenters:
            if vcenter.name == name:
                return vcenter
        known = ", ".join(vcenter.name for vcenter in self.vcenters) or "none"
        raise ShapeError(f"vCenter {name!r} is not one of this sandbox's vCenters ({known})")

    def digest(self, *fields: str) -> str:
        """Changes when anything in here changes, or in these fields of it."""
        document = self.document()
        if fields:
            document = {name: document[name] for name in fields}
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()

    def document(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def both(before: Shape, after: Shape) -> Shape:
    """A sandbox in which two states of one environment can be applied, the earlier first.

    It is the later, with what only the earlier has; what both name is as the later has it. Only what waits
    for clusters is configured for the earlier: see :func:`configured`.
    """
    return replace(
        after,
        kvm_hosts=_with(after.kvm_hosts, before.kvm_hosts, "name"),
        vcenters=tuple(_both_vcenters(one, before.vcenters) for one in after.vcenters)
        + _with(after.vcenters, before.vcenters, "name")[len(after.vcenters) :],
        clusters=_with(before.clusters, after.clusters, "compute_host"),
        backends=_with(before.backends, after.backends, "name"),
        images=_with(after.images, before.images, "path"),
        transport_zones=tuple(dict.fromkeys((*after.transport_zones, *before.transport_zones))),
        external_networks=_with(after.external_networks, before.external_networks, "name"),
        projects=tuple(dict.fromkeys((*after.projects, *before.projects))),
    )


def configured(sandbox: Shape, after: Shape) -> Shape:
    """The sandbox of :func:`both` with nova-computes and back ends that speak for the later clusters.

    Each of them names its clusters, and none starts before they all exist (vmwareapi/driver.py ``__init__``,
    cinder's vmdk.py ``do_setup``). So an operator configures them when the clusters change.
    """
    return replace(
        sandbox,
        clusters=_with(after.clusters, sandbox.clusters, "compute_host"),
        backends=_with(after.backends, sandbox.backends, "name"),
    )


def _both_vcenters(one: VCenter, earlier: Iterable[VCenter]) -> VCenter:
    was = next((other for other in earlier if other.name == one.name), None)
    if was is None:
        return one
    mounted = {store.name: store.hosts for store in was.datastores}
    return replace(
        one,
        hosts=_with(one.hosts, was.hosts, "name"),
        datastores=_with(
            tuple(
                replace(store, hosts=tuple(dict.fromkeys((*store.hosts, *mounted.get(store.name, ())))))
                for store in one.datastores
            ),
            was.datastores,
            "name",
        ),
        switches=tuple(dict.fromkeys((*one.switches, *was.switches))),
        awaited_switches=tuple(dict.fromkeys((*one.awaited_switches, *was.awaited_switches))),
        clusters=_with(one.clusters, was.clusters, "name"),
        policies=_with(one.policies, was.policies, "name"),
        logins=tuple(dict.fromkeys((*one.logins, *was.logins))),
    )


def _with(some: tuple[_T, ...], others: Iterable[_T], key: str) -> tuple[_T, ...]:
    known = {getattr(one, key) for one in some}
    return some + tuple(one for one in others if getattr(one, key) not in known)
