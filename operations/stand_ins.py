"""What a rehearsal puts in place of the real thing: said at its end, so that nobody takes it for tried."""

from collections.abc import Iterator
from dataclasses import dataclass

from estate.model import Estate, Mode
from estate.model.images import glance_name
from estate.model.secrets import secrets


@dataclass(frozen=True)
class StandIn:
    """One kind of thing that was not rehearsed."""

    what: str
    """``images``, ``secrets``, …"""
    instead: str
    """What stood in for it."""
    names: tuple[str, ...]
    """Which of the documents."""


def stand_ins(estate: Estate) -> tuple[StandIn, ...]:
    """Everything of this estate that its rehearsal stands in for; a kind without names is left out."""
    return tuple(StandIn(what, instead, names) for what, instead, names in _kinds(estate) if names)


def _kinds(estate: Estate) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    there = [one for one in estate.clusters.values() if one.mode is Mode.REFERENCED]
    yield (
        "KVM hosts",
        "Nova's own compute service, whose driver only keeps books",
        tuple(host for one in estate.aggregates.values() for host in one.hosts),
    )
    yield "vCenters", "a simulator with the documents' hosts and datastores", tuple(estate.vcenters)
    yield (
        "network back end",
        "Neutron with a driver that makes a port group for each network; no packet is sent",
        (estate.estate.network_backend.value,),
    )
    yield (
        "images",
        "empty disks of the same format and size (raw ones smaller); no checksum was compared",
        tuple(glance_name(one.name, version) for one in estate.images.values() for version in one.versions),
    )
    yield (
        "secrets",
        "random texts, unless their variables were set",
        tuple(sorted({secret.name for _, secret in secrets(estate)})),
    )
    yield (
        "existing networks",
        "networks of those names with nothing behind them",
        tuple(one.name for one in estate.networks.values() if one.existing),
    )
    yield (
        "tier-0 uplinks",
        "names without a router behind them",
        tuple(one.name for one in estate.networks.values() if one.external is not None and not one.existing),
    )
    yield (
        "existing switches",
        "switches of those names with all hosts on them",
        tuple(one.switch for one in estate.vcenters.values() if one.managed_switch is None),
    )
    yield (
        "referenced projects",
        "empty projects of those names",
        tuple(one.name for one in estate.projects.values() if one.mode is Mode.REFERENCED),
    )
    yield (
        "logins of members",
        "users of the sandbox with the role member",
        tuple(dict.fromkeys(one.project for one in estate.parts.values() if one.project is not None)),
    )
    yield (
        "referenced clusters",
        "clusters made as the documents say that they are",
        tuple(one.name for one in there),
    )
    yield (
        "foreign machines",
        "powered-on machines that together are as large as the documents say",
        tuple(f"{one.foreign.machines} in {one.name}" for one in there if one.foreign is not None),
    )
    yield (
        "storage policies",
        "policies of those names, fulfilled by the datastores of their array",
        tuple(
            dict.fromkeys(
                kind.storage_policy
                for array in estate.storage.values()
                for kind in array.volume_types.values()
                if kind.storage_policy is not None
            )
        ),
    )
    yield (
        "encryption keys",
        "one key of Cinder's own key manager",
        tuple(
            name
            for array in estate.storage.values()
            for name, kind in array.volume_types.items()
            if kind.encryption is not None
        ),
    )
