"""Every server with its host, aggregate, ports and volumes, as Nova, Neutron and Cinder show them."""

from dataclasses import dataclass

from estate.openstack.sdk import Connection

WORKLOAD_KEY = "estate_workload"
"""Server metadata: the workload that a server is a member of."""

DESCRIPTION_KEY = "estate_description"
"""Server metadata: what it is for."""

OWNER_KEY = "estate_owner"
"""Server metadata: who answers for it."""

RESTRICTION_KEY = "estate_restriction"
"""Server metadata: the reason code of the restriction to ESXi; absent on servers that may run anywhere."""


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of a server."""

    name: str
    network: str
    """Name of its network."""
    network_id: str
    mac: str


@dataclass(frozen=True, kw_only=True)
class AttachedVolume:
    """A volume that is attached to a server."""

    id: str
    name: str
    type: str
    backend: str
    """``host@backend#pool`` as Cinder shows it (``os-vol-host-attr:host``)."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server as its cloud shows it."""

    id: str
    name: str
    status: str
    host: str
    """nova-compute service; empty if none took it."""
    aggregates: tuple[str, ...]
    """Names of the aggregates that have its host."""
    image: str
    """Name of the image that it was booted from; empty if it booted from a volume or the image is gone."""
    flavor: str
    metadata: dict[str, str]
    ports: tuple[Port, ...]
    volumes: tuple[AttachedVolume, ...]


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """What runs in a cloud."""

    servers: tuple[Server, ...]
    volumes: frozenset[str]
    """Ids of all volumes, attached or not."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Why a server is in ``ERROR``."""

    server: str
    message: str
    """Nova's own; of a server that no host could boot it says only that all were tried."""
    tried: tuple[str, ...]
    """nova-compute services that tried to boot it; the log of each says why it could not."""


def faults(cloud: Connection) -> tuple[Fault, ...]:
    """Servers in ``ERROR``: of all projects for an administrator, else of the login's own."""
    found = []
    for server in cloud.compute.servers(details=True, all_projects=True, status="ERROR"):
        actions = f"/servers/{server.id}/os-instance-actions"
        tried: set[str] = set()
        # The first whose events name their host (nova/api/openstack/rest_api_version_history.rst).
        for action in cloud.compute.get(actions, microversion="2.62").json()["instanceActions"]:
            path = f"{actions}/{action['request_id']}"
            one = cloud.compute.get(path, microversion="2.62").json()["instanceAction"]
            tried |= {
                event["host"]
                for event in one.get("events") or ()
                if event["event"].startswith("compute_") and event.get("host")  # others are conductor's
            }
        message = (server.fault or {}).get("message") or "Nova gives no reason"
        found.append(Fault(server=server.name, message=message, tried=tuple(sorted(tried))))
    return tuple(sorted(found, key=lambda one: one.server))


def observe(cloud: Connection) -> Cloud:
    """All servers and volumes of all projects: six lists, no call per server. Needs an administrator."""
    aggregates: dict[str, list[str]] = {}
    for aggregate in cloud.compute.aggregates():
        for host in aggregate.hosts or []:
            aggregates.setdefault(host, []).append(aggregate.name)
    images = {
        image.id: image.name for hidden in (False, True) for image in cloud.image.images(is_hidden=hidden)
    }
    networks = {network.id: network.name for network in cloud.network.networks()}
    ports: dict[str, list[Port]] = {}
    for port in cloud.network.ports():
        found = Port(
            name=port.name or port.id,
            network=networks.get(port.network_id, ""),
            network_id=port.network_id,
            mac=port.mac_address.lower(),
        )
        ports.setdefault(port.device_id, []).append(found)
    volumes: dict[str, list[AttachedVolume]] = {}
    volume_ids = set()
    for volume in cloud.block_storage.volumes(details=True, all_projects=True):
        volume_ids.add(volume.id)
        for attachment in volume.attachments or []:
            one = AttachedVolume(
                id=volume.id,
                name=volume.name or volume.id,
                type=volume.volume_type or "",
                backend=volume.host or "",
            )
            volumes.setdefault(attachment["server_id"], []).append(one)
    servers = tuple(
        Server(
            id=server.id,
            name=server.name,
            status=server.status,
            host=server.compute_host or "",
            aggregates=tuple(sorted(aggregates.get(server.compute_host, []))),
            image=images.get((server.image or {}).get("id") or "", ""),
            flavor=(server.flavor or {}).get("original_name") or "",
            metadata=dict(server.metadata or {}),
            ports=tuple(sorted(ports.get(server.id, []), key=lambda port: port.name)),
            volumes=tuple(sorted(volumes.get(server.id, []), key=lambda volume: volume.name)),
        )
        for server in sorted(cloud.compute.servers(details=True, all_projects=True), key=lambda one: one.name)
    )
    return Cloud(servers=servers, volumes=frozenset(volume_ids))
