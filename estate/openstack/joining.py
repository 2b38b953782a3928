"""What may stand in the way of a host that shall join an aggregate, and of an aggregate that shall be made.

Nova refuses a host that is in the aggregate already or in one of another zone (409; nova/objects/aggregate.py
``add_host``, nova/compute/api.py ``is_safe_to_update_az``), and an aggregate whose name is taken. So it is
asked before anything is changed.
"""

from collections.abc import Sequence

from estate.openstack.computes import close, servers_on
from estate.openstack.errors import CloudError
from estate.openstack.sdk import Aggregate, Connection
from estate.openstack.waiting import Report, wait_for
from estate.placement.triple import TRAIT

_ISOLATING = {f"trait:{trait}" for trait in TRAIT.values()}


def name_taken(cloud: Connection, aggregate: str) -> str | None:
    """Who has the name of an aggregate that is to be made, a sentence; ``None`` if nobody."""
    found = [one for one in cloud.compute.aggregates() if one.name == aggregate]
    if not found:
        return None
    hosts = ", ".join(found[0].hosts or []) or "none"
    return (
        f"Nova has an aggregate {aggregate} already (number {found[0].id}, hosts: {hosts}), which this stack "
        f"did not make: remove it (openstack aggregate delete {found[0].id}) or give this one another name"
    )


def held_by_others(cloud: Connection, host: str, zone: str) -> str | None:
    """Which aggregate that no estate made keeps ``host`` in another zone, a sentence; ``None`` if none."""
    foreign = [one for one in _elsewhere(cloud, host, zone) if not _isolates(one)]
    return _held(host, foreign, zone) if foreign else None


def make_way(
    cloud: Connection, host: str, aggregate: str, zone: str, *, seconds: float, report: Report
) -> None:
    """Have Nova take ``host`` into ``aggregate``: out of it where somebody put it in by hand already.

    An aggregate of an estate that has the host still is waited for: it may be about to let it go.

    :raises CloudError: a host that is in the aggregate has servers, so that Nova keeps it there; or, at once
        or after ``seconds``, an aggregate of another zone has it.
    """
    for one in cloud.compute.aggregates():
        if one.name == aggregate and host in (one.hosts or []):
            report(f"{host} was put into aggregate {aggregate} by hand: taken out, it joins as the others do")
            close(cloud, host, f"was put into aggregate {aggregate} by hand")
            cloud.compute.remove_host_from_aggregate(one.id, host)
    if held := held_by_others(cloud, host, zone):
        raise CloudError(held)
    wait_for(
        lambda: _elsewhere(cloud, host, zone),
        lambda found: _held(host, found, zone) if found else None,
        seconds=seconds,
        report=report,
    )


def zone_held(cloud: Connection, aggregate: str, hosts: Sequence[str], zone: str) -> str | None:
    """Which host keeps an aggregate in its zone, a sentence; ``None`` if none does.

    Nova changes no zone while a host of it has servers (nova/compute/api.py ``is_safe_to_update_az``).
    """
    for host in hosts:
        if servers := servers_on(cloud, host):
            return (
                f"aggregate {aggregate} cannot get zone {zone}: {host} has servers ({servers}), and Nova "
                "moves no servers between zones. Make an aggregate of that zone with other hosts, or remove "
                "the servers first"
            )
    return None


def leaving_with_servers(cloud: Connection, aggregate: str, hosts: Sequence[str]) -> str | None:
    """Which of the hosts that leave an aggregate have servers, a sentence; ``None`` if none has."""
    full = [f"{host} ({servers})" for host in hosts if (servers := servers_on(cloud, host))]
    if not full:
        return None
    return (
        f"leaving aggregate {aggregate} with servers: {'; '.join(full)}. `up` closes such a host for new "
        "servers and stops there until these have been moved away (openstack server migrate)"
    )


def _elsewhere(cloud: Connection, host: str, zone: str) -> list[Aggregate]:
    """Aggregates of other zones that have ``host``."""
    return [
        one
        for one in cloud.compute.aggregates()
        if host in (one.hosts or []) and one.availability_zone not in (None, zone)
    ]


def _isolates(aggregate: Aggregate) -> bool:
    return not _ISOLATING.isdisjoint(aggregate.metadata or {})


def _held(host: str, aggregates: Sequence[Aggregate], zone: str) -> str:
    first = aggregates[0]
    return (
        f"{host} is in aggregate {first.name} of zone {first.availability_zone}, and Nova lets a host be in "
        f"one zone only: take it out (openstack aggregate remove host {first.id} {host}), so that it can "
        f"join zone {zone}"
    )
