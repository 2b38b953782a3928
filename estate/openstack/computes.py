"""nova-compute services: whether one may join an aggregate, and whether servers may be placed on it."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from estate.openstack import placement
from estate.openstack.errors import CloudError
from estate.openstack.sdk import Connection
from estate.openstack.waiting import Report, wait_for

NEW_SERVICE = "New compute service disabled due to config option."
"""Why Nova disables a new compute if ``enable_new_services = false`` (nova/db/main/api.py service_create)."""

OUR_MARK = "estate: "
"""Start of the reason that we disable a compute with."""

_DISABLED_TRAIT = "COMPUTE_STATUS_DISABLED"


@dataclass(frozen=True, kw_only=True)
class Service:
    """A nova-compute service record."""

    id: str
    host: str
    enabled: bool
    up: bool
    reason: str
    """Why it is disabled; a reason may stay behind on an enabled service."""

    @property
    def held_back(self) -> bool:
        """Disabled by Nova because it is new, or by us; not by an operator or by Nova's VMware driver."""
        return not self.enabled and (self.reason == NEW_SERVICE or self.reason.startswith(OUR_MARK))


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """What Nova and placement know of a compute host; in this order they come to know it."""

    host: str
    node_prefix: str
    service: Service | None
    nodes: tuple[str, ...]
    """Hypervisor host names of its compute nodes."""
    providers: bool
    """Whether every compute node has its resource provider."""
    lacking: tuple[str, ...]
    """Traits that a resource provider lacks."""

    @property
    def missing(self) -> str | None:
        """The first thing that is missing and where to look, a sentence; ``None`` if the host is ready."""
        host = self.host
        others = [node for node in self.nodes if not node.startswith(self.node_prefix)]
        said: str | None = None
        if self.service is None:
            said = (
                f"Nova has no nova-compute service for host {host}; start one with [DEFAULT] host = {host} "
                "and look at its log (if it says `Possible rename detected`, it spoke for another cluster: "
                "remove compute_id from its state_path)"
            )
        elif others:
            said = (
                f"the compute node of host {host} is {others[0]}, expected {self.node_prefix}…: its "
                "nova-compute speaks for another vSphere cluster, or for one that is gone; check [vmware] "
                "cluster_name, delete its service (openstack compute service delete) and restart it"
            )
        elif not self.service.up:
            said = f"the nova-compute service of host {host} is down; look at its log"
        elif not self.nodes:
            said = (
                f"the nova-compute service of host {host} is up but has no compute node; look at its log "
                "(can its driver reach the hypervisor?), and run `nova-manage cell_v2 discover_hosts`"
            )
        elif not self.providers:
            said = (
                f"compute node {self.nodes[0]} of host {host} has no resource provider in placement; look "
                "for placement errors in the log of its nova-compute"
            )
        elif self.lacking:
            custom = [trait for trait in self.lacking if trait.startswith("CUSTOM_")]
            said = f"the resource provider of host {host} lacks the trait {(custom or self.lacking)[0]}; " + (
                "put the rendered provider.yaml into its [compute] provider_config_location and restart its "
                "nova-compute"
                if custom
                else "its driver reports what the hardware has: take the trait from the host class, or look "
                "why the host lacks it (BIOS, [libvirt] cpu_mode)"
            )
        return said


def services(cloud: Connection, host: str | None = None) -> dict[str, Service]:
    """nova-compute services by host; only that of ``host`` if it is given."""
    query = {"binary": "nova-compute"} | ({"host": host} if host else {})
    return {
        one.host: Service(
            id=one.id,
            host=one.host,
            enabled=one.status == "enabled",
            up=one.state == "up",
            reason=one.disabled_reason or "",
        )
        for one in cloud.compute.services(**query)
        if host in (None, one.host)
    }


def nodes(cloud: Connection) -> dict[str, list[tuple[str, str]]]:
    """Compute nodes by host: (uuid, hypervisor host name). The uuid is the resource provider's as well.

    Nova leaves out hosts that are not mapped to a cell (nova/api/openstack/compute/hypervisors.py).
    """
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for node in hypervisors(cloud):
        found[node["service"]["host"]].append((node["id"], node["hypervisor_hostname"]))
    return found


def hypervisors(cloud: Connection) -> Iterator[dict[str, Any]]:
    """Compute nodes as Nova's API gives them."""
    query: dict[str, str] = {}
    while True:
        # Ids are uuids from 2.53; from 2.88 Nova would ask every compute for its uptime, one by one.
        answer = cloud.compute.get("/os-hypervisors/detail", params=query, microversion="2.53")
        if answer.status_code != 200:
            raise CloudError(f"Nova answers {answer.status_code} to its hypervisors: {answer.text[:300]}")
        page: dict[str, Any] = answer.json()
        yield from page["hypervisors"]
        if "hypervisors_links" not in page:
            return
        query = {"marker": page["hypervisors"][-1]["id"]}


def readiness(cloud: Connection, host: str, traits: Collection[str], node_prefix: str = "") -> Readiness:
    """What Nova and placement know of ``host`` now.

    :param node_prefix: start of the name that its compute node must have; of an ESXi cluster
        ``<managed object id>.``, so that the record of an earlier cluster is not taken for this one's.
    """
    service = services(cloud, host).get(host)
    mine = nodes(cloud).get(host, [])
    found = [placement.traits(cloud, uuid) for uuid, _ in mine]
    return Readiness(
        host=host,
        node_prefix=node_prefix,
        service=service,
        nodes=tuple(name for _, name in mine),
        providers=bool(found) and None not in found,
        lacking=tuple(trait for trait in traits if not all(trait in (one or ()) for one in found)),
    )


def wait_until_ready(
    cloud: Connection,
    host: str,
    traits: Collection[str],
    *,
    node_prefix: str = "",
    seconds: float,
    report: Report,
) -> None:
    """Wait until ``host`` has its service, compute node and resource provider with ``traits``.

    Before that Nova's add-host call leaves a membership that placement does not mirror
    (nova/compute/api.py ``AggregateAPI.add_host_to_aggregate``).

    :raises CloudError: after ``seconds``, with what is missing and where to look.
    """
    wait_for(
        lambda: readiness(cloud, host, traits, node_prefix),
        lambda found: found.missing,
        seconds=seconds,
        report=report,
    )


def enable(cloud: Connection, host: str, *, seconds: float, report: Report) -> bool:
    """Let servers be placed on ``host``, unless an operator holds it back; whether it is enabled now.

    Returns once placement has it too: Nova's API tells the compute, which drops its trait
    COMPUTE_STATUS_DISABLED (nova/compute/manager.py ``set_host_enabled``).

    :raises CloudError: if there is no such service, or the trait stays.
    """
    service = services(cloud, host).get(host)
    if service is None:
        raise CloudError(f"Nova has no nova-compute service for host {host}, so it cannot be enabled")
    if not service.enabled and not service.held_back:
        report(f"{host} stays disabled, as an operator or its driver wants it: {_reason(service)}")
        return False
    if not service.enabled:
        _set_status(cloud, service, {"status": "enabled"})
        report(f"{host} enabled")

    def still_disabled() -> bool:
        return any(_DISABLED_TRAIT in (placement.traits(cloud, uuid) or ()) for uuid, _ in nodes(cloud)[host])

    wait_for(
        still_disabled,
        lambda disabled: (
            f"host {host} is enabled, but its resource provider still has {_DISABLED_TRAIT}; "
            "its nova-compute drops it at its next resource update"
            if disabled
            else None
        ),
        seconds=seconds,
        report=report,
    )
    return True


def disable(cloud: Connection, host: str, why: str) -> None:
    """Let no further server be placed on ``host``. One that is disabled or gone is left as it is."""
    service = services(cloud, host).get(host)
    if service is not None and service.enabled:
        _set_status(cloud, service, {"status": "disabled", "disabled_reason": f"{OUR_MARK}{why}"})


def close(cloud: Connection, host: str, why: str) -> None:
    """Disable ``host``, which is about to leave its aggregate and the zone that its servers are in.

    :raises CloudError: if it has servers: Nova does not let it leave then (nova/compute/api.py
        ``ensure_no_instances_need_to_move_az_when_host_removed``).
    """
    disable(cloud, host, why)
    if servers := servers_on(cloud, host):
        raise CloudError(
            f"{host} {why}, but still has servers ({servers}); it takes no new ones now: move those away "
            "(openstack server migrate), then run this again"
        )


def servers_on(cloud: Connection, host: str) -> str:
    """Names of the servers of ``host``, in words; empty if it has none."""
    names = sorted(one.name for one in cloud.compute.servers(all_projects=True, compute_host=host))
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")


def retire(cloud: Connection, host: str) -> None:
    """Delete the service of ``host``, with its compute node and resource provider, if there is one.

    For a host that is no more: nova-compute would refuse to start under the same name for another
    cluster (nova/compute/manager.py, "Possible rename detected").

    :raises CloudError: if it has servers still.
    """
    service = services(cloud, host).get(host)
    if service is None:
        return
    answer = cloud.compute.delete(f"/os-services/{service.id}", microversion="2.53")
    if answer.status_code not in (204, 404):
        raise CloudError(
            f"Nova answers {answer.status_code} to the deletion of service {host}: {answer.text[:300]}"
        )


def to_be_enabled(cloud: Connection, host: str, report: Report) -> bool:
    """Whether ``host`` is held back and may be enabled; says so if somebody else disabled it."""
    service = services(cloud, host).get(host)
    if service is not None and not service.enabled and not service.held_back:
        report(f"{host} is disabled by an operator or its driver and stays so: {_reason(service)}")
        return False
    return service is None or not service.enabled


def _reason(service: Service) -> str:
    return service.reason or "(no reason given)"


def _set_status(cloud: Connection, service: Service, body: dict[str, str]) -> None:
    # By the service's uuid, which is unique over cells: microversion 2.53.
    answer = cloud.compute.put(f"/os-services/{service.id}", json=body, microversion="2.53")
    if answer.status_code != 200:
        raise CloudError(
            f"Nova answers {answer.status_code} to {body} of {service.host}: {answer.text[:300]}"
        )
