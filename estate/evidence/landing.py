"""Predicted and real landing compared: pure, so that an auditor can repeat it from the same observations."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from estate.model import Estate, Hypervisor, Workload
from estate.model.images import glance_name
from estate.model.server_groups import Policy
from estate.openstack.servers import RESTRICTION_KEY, AttachedVolume, Cloud, Port, Server
from estate.placement.pairing import name_in_cinder
from estate.placement.prediction import Prediction, predict
from estate.placement.triple import name_in_nova
from estate.vsphere.inventory import Machine

NOVA = "org.openstack.compute"
CINDER = "org.openstack.storage"
"""``config.managedBy`` of the machines that Nova's and Cinder's VMware drivers make."""


@dataclass(frozen=True, kw_only=True)
class LandedVolume:
    """A data volume: its type, the back end that holds it, and on ESXi the datastore."""

    name: str
    type: str
    backend: str
    datastore: str | None


@dataclass(frozen=True, kw_only=True)
class Landing:
    """One row: a server that is declared, that runs, or both."""

    workload: str | None
    """``None`` for what nobody declared."""
    server: str
    restricted: bool
    predicted: str | None
    """Aggregate that the documents lead to."""
    aggregate: str | None
    """Aggregate whose host has it."""
    nova_host: str | None
    esxi_host: str | None
    networks: Mapping[str, str | None]
    """Port → name of what backs it in vCenter; ``None`` where vCenter has no card for it (on KVM: always)."""
    volumes: tuple[LandedVolume, ...]
    differences: tuple[str, ...]
    """What is not as predicted, a sentence each; empty if all is."""

    @property
    def equal(self) -> bool:
        """Whether the server is where and what the documents say."""
        return not self.differences


def compare(estate: Estate, cloud: Cloud, machines: Sequence[Machine]) -> tuple[Landing, ...]:
    """A row per declared server, then one per server and per machine on ESXi that nobody declared."""
    running: dict[str, list[Server]] = {}
    for server in cloud.servers:
        running.setdefault(server.name, []).append(server)
    machine_of = {machine.uuid: machine for machine in machines if machine.uuid}
    predictions = predict(estate)
    rows = []
    for name, workload in estate.servers().items():
        candidates = running.pop(name, [])
        ours = candidates[0] if candidates else None
        rows.append(_declared(estate, workload, name, predictions[name], server=ours, machine_of=machine_of))
        rows += [_undeclared_server(estate, twin, machine_of) for twin in candidates[1:]]
    rows += [_undeclared_server(estate, other, machine_of) for others in running.values() for other in others]
    rows += _undeclared_machines(estate, cloud, machines)
    return tuple(_apart(estate, rows))


def _apart(estate: Estate, rows: Sequence[Landing]) -> Iterator[Landing]:
    """The rows, with a difference for each server that shares a host with one that it must be apart from.

    On ESXi a DRS rule keeps members of a group on different ESXi hosts; on KVM Nova does, if it must.
    """
    servers = estate.servers()
    where: dict[tuple[str, str], list[str]] = {}

    def place(row: Landing) -> tuple[str, str] | None:
        workload = servers.get(row.server) if row.workload is not None else None
        if workload is None or workload.server_group is None:
            return None
        policy = estate.server_groups[workload.server_group].policy
        host = row.esxi_host or (row.nova_host if policy is Policy.ANTI_AFFINITY else None)
        return (workload.server_group, host) if policy.apart and host is not None else None

    for row in rows:
        if (found := place(row)) is not None:
            where.setdefault(found, []).append(row.server)
    for row in rows:
        found = place(row)
        others = [name for name in where[found] if name != row.server] if found is not None else []
        if found is not None and others:
            group, host = found
            said = f'it shares {host} with {", ".join(others)}, which server group "{group}" keeps apart'
            yield replace(row, differences=(*row.differences, said))
        else:
            yield row


def _declared(
    estate: Estate,
    workload: Workload,
    name: str,
    prediction: Prediction,
    *,
    server: Server | None,
    machine_of: Mapping[str, Machine],
) -> Landing:
    machine = machine_of.get(server.id) if server else None
    differences = (
        [f"declared, but Nova has no server {name}"]
        if server is None
        else list(_differences(estate, workload, prediction, server=server, machine_of=machine_of))
    )
    return Landing(
        workload=workload.name,
        server=name,
        restricted=workload.restriction is not None,
        predicted=prediction.aggregate,
        aggregate=_aggregate(server) if server else None,
        nova_host=(server.host or None) if server else None,
        esxi_host=machine.host if machine else None,
        networks=_networks(server, machine) if server else {},
        volumes=tuple(_landed(volume, machine_of) for volume in server.volumes) if server else (),
        differences=tuple(differences),
    )


def _differences(
    estate: Estate,
    workload: Workload,
    prediction: Prediction,
    *,
    server: Server,
    machine_of: Mapping[str, Machine],
) -> Iterator[str]:
    machine = machine_of.get(server.id)
    if server.status != "ACTIVE":
        yield f"its status is {server.status}, not ACTIVE"
    if prediction.aggregate not in server.aggregates:
        where = ", ".join(server.aggregates) or "no aggregate"
        yield f"its host {server.host or '(none)'} is in {where}, predicted was {prediction.aggregate}"
    elif server.host not in prediction.compute_hosts:
        yield f"its host {server.host} is not one that the documents give to {prediction.aggregate}"
    yield from _off_esxi(estate, server, _reason(workload))
    for what, found, wanted in (
        ("image", server.image, _image(estate, workload)),
        ("flavor", server.flavor, name_in_nova(estate.flavors[workload.flavor])),
        ("restriction", server.metadata.get(RESTRICTION_KEY), _reason(workload)),
    ):
        if found != wanted:
            yield f"its {what} is {found or 'none'}, declared is {wanted or 'none'}"
    if estate.aggregates[prediction.aggregate].hypervisor is Hypervisor.ESXI:
        yield from _machine_differences(estate, server, machine)
    elif machine is not None:
        yield f"predicted on KVM, but vCenter {machine.vcenter} runs it on {machine.host}"
    yield from _network_differences(workload, server, machine)
    yield from _volume_differences(estate, workload, server, machine_of)


def _reason(workload: Workload) -> str | None:
    return workload.restriction.reason.value if workload.restriction else None


def _off_esxi(estate: Estate, server: Server, reason: str | None) -> Iterator[str]:
    """The guarantee itself, whatever was predicted."""
    esxi = {cluster.compute_host for cluster in estate.clusters.values()}
    if reason is not None and server.host and server.host not in esxi:
        yield f"it must stay on ESXi (restriction: {reason}), but its host {server.host} is not ESXi"


def _machine_differences(estate: Estate, server: Server, machine: Machine | None) -> Iterator[str]:
    if machine is None:
        yield "predicted on ESXi, but no vCenter has a virtual machine with its id"
        return
    cluster = next((one for one in estate.clusters.values() if one.compute_host == server.host), None)
    if cluster is None:
        return  # Its host is not of the documents: said already.
    if machine.vcenter != cluster.vcenter:
        yield f"its virtual machine is in vCenter {machine.vcenter}, its cluster in {cluster.vcenter}"
    elif machine.cluster != cluster.name:
        found = machine.cluster or "(none)"
        yield f"vCenter runs it in cluster {found}, Nova's host speaks for {cluster.name}"
    elif machine.host not in cluster.hosts:
        yield f"vCenter runs it on {machine.host}, which the documents do not give to cluster {cluster.name}"
    if not machine.powered_on:
        yield "its virtual machine is not powered on"


def _network_differences(workload: Workload, server: Server, machine: Machine | None) -> Iterator[str]:
    networks = sorted(port.network for port in server.ports)
    if networks != sorted(workload.networks):
        yield f"its networks are {', '.join(networks) or 'none'}, declared are {', '.join(workload.networks)}"
    if machine is None:
        return
    backings = {nic.mac: nic.backing for nic in machine.nics}
    for port in server.ports:
        backing = backings.get(port.mac)
        if backing is None:
            yield f"its port {port.name} has no network card in vCenter"
        elif not _realises(backing, port):
            found = backing or "nothing"
            yield f"its port {port.name} of network {port.network} is backed by {found} in vCenter"


def _realises(backing: str, port: Port) -> bool:
    """Whether a port group or opaque network is the port's network.

    The NSX plug-in names a segment after network and id, the id shortened to its ends or not
    (vmware_nsxlib/v3/utils.py get_name_and_uuid). The network may have been renamed since.
    """
    short = f"{port.network_id[:5]}...{port.network_id[-5:]}"
    return backing == port.network_id or backing.endswith((f"_{port.network_id}", f"_{short}"))


def _image(estate: Estate, workload: Workload) -> str:
    """Name in Glance of what the documents boot; empty if a volume is booted, as Nova then names none."""
    if workload.boot_volume is not None:
        return ""
    return glance_name(workload.image, workload.image_version or estate.images[workload.image].version)


def _volume_differences(
    estate: Estate, workload: Workload, server: Server, machine_of: Mapping[str, Machine]
) -> Iterator[str]:
    found = ", ".join(sorted(volume.type for volume in server.volumes)) or "none"
    types = [volume.type for volume in workload.volumes.values()]
    if workload.boot_volume is not None:
        types.append(workload.boot_volume.type)
    wanted = ", ".join(sorted(name_in_cinder(estate.volume_types[one]) for one in types)) or "none"
    if found != wanted:
        yield f"its volumes are of types {found}, declared are {wanted}"
    kinds = {name_in_cinder(kind): kind for kind in estate.volume_types.values()}
    for volume in server.volumes:
        if volume.type not in kinds:
            continue
        kind = kinds[volume.type]
        array = estate.storage[estate.array_of(kind.name)]
        landed = _landed(volume, machine_of)
        if kind.serves is Hypervisor.ESXI and landed.datastore not in array.datastores:
            where = landed.datastore or "no datastore"
            yield f"its volume {volume.name} is on {where}, not on array {array.name}"


def _aggregate(server: Server) -> str | None:
    return ", ".join(server.aggregates) or None


def _networks(server: Server, machine: Machine | None) -> dict[str, str | None]:
    backings = {nic.mac: nic.backing for nic in machine.nics} if machine else {}
    return {port.name: backings.get(port.mac) for port in server.ports}


def _landed(volume: AttachedVolume, machine_of: Mapping[str, Machine]) -> LandedVolume:
    # Cinder's VMware driver keeps a volume as the disk of a machine whose instanceUuid is the volume's id.
    backing = machine_of.get(volume.id)
    datastore = None
    if backing and backing.disks:
        datastore = backing.disks[0].removeprefix("[").partition("]")[0]
    return LandedVolume(name=volume.name, type=volume.type, backend=volume.backend, datastore=datastore)


def _undeclared_server(estate: Estate, server: Server, machine_of: Mapping[str, Machine]) -> Landing:
    machine = machine_of.get(server.id)
    reason = server.metadata.get(RESTRICTION_KEY)
    differences = (f"nobody declared it (server {server.id})", *_off_esxi(estate, server, reason))
    return Landing(
        workload=None,
        server=server.name,
        restricted=RESTRICTION_KEY in server.metadata,
        predicted=None,
        aggregate=_aggregate(server),
        nova_host=server.host or None,
        esxi_host=machine.host if machine else None,
        networks=_networks(server, machine),
        volumes=tuple(_landed(volume, machine_of) for volume in server.volumes),
        differences=differences,
    )


def _undeclared_machines(estate: Estate, cloud: Cloud, machines: Iterable[Machine]) -> Iterator[Landing]:
    """Machines in the estate's clusters which neither Nova nor Cinder knows.

    Where the documents speak of foreign machines, those of others are no difference.
    """
    known = {server.id for server in cloud.servers} | cloud.volumes
    left_by = {NOVA: "Nova made it, but has no such server", CINDER: "Cinder made it, but has no such volume"}
    for machine in machines:
        if machine.cluster in estate.clusters and machine.uuid not in known:
            if estate.clusters[machine.cluster].foreign is not None and machine.managed_by not in left_by:
                continue
            reason = left_by.get(machine.managed_by, "neither Nova nor Cinder knows it")
            yield Landing(
                workload=None,
                server=machine.name,
                restricted=False,
                predicted=None,
                aggregate=None,
                nova_host=None,
                esxi_host=machine.host,
                networks={nic.mac: nic.backing for nic in machine.nics},
                volumes=(),
                differences=(f"nobody declared this machine in cluster {machine.cluster}: {reason}",),
            )
