"""Servers, gathered in workloads."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from estate.adoption.compute import image_of, sides
from estate.adoption.found import Found, Thing
from estate.adoption.images import OLDER
from estate.adoption.taking import Block, Taking, is_name, size
from estate.model import Hypervisor
from estate.model.words import expand, ranges
from estate.model.workloads import OWN_METADATA

_NUMBERED = re.compile(r"^(?P<stem>.*[^0-9._-])[._-]*[0-9]+$")
_INSTANCE = "openstack:compute/instance:Instance"
_PORT = "openstack:networking/port:Port"
_VOLUME = "openstack:blockstorage/volume:Volume"


_Attached = tuple[Thing, Thing]
"""A volume and its attachment to a server."""


class _UnfitError(Exception):
    """Why a server cannot be described."""


def workloads(found: Found, taking: Taking, declared: Mapping[str, Any]) -> None:
    """Servers whose names count up and that are equal in all else are members of one workload.

    Those that ``declared`` has already are members where it says so.
    """
    described = {
        name
        for workload, block in declared.get("workloads", {}).items()
        for name in expand(block.get("members", workload))
    }
    servers = _Servers(found, taking)
    new: dict[str, Block] = {}
    for name, server in taking.named("server", found.servers):
        try:
            block = servers.block(name, server)
        except _UnfitError as error:
            taking.leave("server", name, str(error))
            continue
        if name not in described:
            servers.note(name, server, block)
            new[name] = block
    _gather(new, taking, declared)
    for volume in found.volumes:
        if not volume["attachments"]:
            what = volume["name"] or volume["id"]
            taking.leave("volume", what, "no server has it, and volumes belong to servers")
    for snapshot in found.snapshots:
        taking.leave("volume snapshot", snapshot["name"] or snapshot["id"], "the language does not know them")


def _gather(servers: Mapping[str, Block], taking: Taking, declared: Mapping[str, Any]) -> None:
    """Take the servers as workloads: ``web-1`` and ``web-2`` that are equal as ``web``."""
    alike: dict[tuple[str, str], list[str]] = {}
    for name, block in servers.items():
        numbered = _NUMBERED.match(name)
        alike.setdefault((numbered["stem"] if numbered else name, repr(block)), []).append(name)
    for (stem, _), names in alike.items():
        block = servers[names[0]]
        others = {*taking.blocks.get("workloads", {}), *declared.get("workloads", {}), *servers}
        if len(names) > 1 and stem not in others and is_name(stem):
            taking.take("workloads", stem, {"members": ranges(names), **block})
        else:
            for name in names:
                taking.take("workloads", name, block)


class _Servers:
    """Servers with what belongs to them."""

    def __init__(self, found: Found, taking: Taking) -> None:
        self._taking = taking
        self._sides = sides(found)
        self._ports: dict[str, list[Thing]] = {}
        for port in sorted(found.ports, key=lambda one: (str(one["created_at"]), str(one["id"]))):
            self._ports.setdefault(port["device_id"] or "", []).append(port)
        self._volumes: dict[str, list[_Attached]] = {}
        for volume in found.volumes:
            for attachment in volume["attachments"] or []:
                self._volumes.setdefault(attachment["server_id"], []).append((volume, attachment))

    def block(self, name: str, server: Thing) -> Block:
        """What the documents say of it; its id and those of its ports and volumes are kept in ``taking``.

        :raises _UnfitError: with the reason why there is none.
        """
        taking = self._taking
        zones = self._zones(server)
        ports = self._ports.get(server["id"], [])
        names = {port["id"]: _network(taking, port) for port in ports}
        if len(set(names.values())) < len(names):
            raise _UnfitError("it has two ports in one network, and a workload has one in each")
        if not names:
            raise _UnfitError("it has no port, and a workload has one in a network at least")
        if len({tuple(sorted(port["security_group_ids"] or [])) for port in ports}) > 1:
            raise _UnfitError(
                "its ports have different security groups, and those of a workload have the same"
            )
        boot, data = _root(server, self._volumes.get(server["id"], []))
        booted = _image(server, boot)
        image = taking.known("images", booted)
        flavor = (server["flavor"] or {}).get("original_name")
        if image is None:
            raise _UnfitError("the image that it was booted from is left out, or is gone")
        if flavor not in taking.blocks.get("flavors", {}):
            raise _UnfitError(f"its flavor {flavor} is left out, or is gone")
        if boot is None and taking.blocks["flavors"][flavor]["disk"] == size(0):
            raise _UnfitError(f"it boots from its image, and its flavor {flavor} has no root disk for that")
        disks = dict(_volumes(name, data))
        block: Block = {
            "image": image,
            "image_version": taking.known(OLDER, booted),
            "flavor": flavor,
            "networks": list(names.values()),
            "security_groups": _groups(taking, ports[0]),
            "boot_volume": _boot_volume(boot),
            "volumes": {
                key: {"type": one["volume_type"], "size": f"{one['size']} GiB"} for key, one in disks.items()
            },
            "keypair": server["key_name"]
            if server["key_name"] in taking.blocks.get("keypairs", {})
            else None,
            "config_drive": True if server["has_config_drive"] else None,
            "metadata": {
                key: value
                for key, value in (server["metadata"] or {}).items()
                if not key.startswith(OWN_METADATA)
            },
            "tags": sorted(server["tags"] or []),
            "availability_zone": server["availability_zone"] if len(zones) > 1 else None,
            "server_group": taking.known("group of server", server["id"]),
        }
        for kind, ids in (
            (_INSTANCE, {name: server["id"]}),
            (_PORT, {f"{name}/{network}": port for port, network in names.items()}),
            (_VOLUME, {f"{name}/{key}": one["id"] for key, one in disks.items()}),
        ):
            taking.ids.setdefault(kind, {}).update(ids)
        taking.unnamed |= {f"{_PORT}::{name}/{names[port['id']]}" for port in ports if not port["name"]}
        taking.unnamed |= {f"{_VOLUME}::{name}/{key}" for key, one in disks.items() if not one["name"]}
        return {key: value for key, value in block.items() if value not in (None, "", [], {})}

    def note(self, name: str, server: Thing, block: Block) -> None:
        """Say what the block does not say."""
        taking = self._taking
        if server["key_name"] and "keypair" not in block:
            taking.note("workloads", name, "keypair", f"{server['key_name']} is another user's; not said")
        if server["user_data"]:
            taking.note(
                "workloads",
                name,
                "user_data",
                "it may hold secrets, and is read at the first boot only; say it as a file or a secret",
            )
        if self._sides[server["compute_host"]] is Hypervisor.ESXI:
            taking.note(
                "workloads",
                name,
                "restriction",
                "it runs on ESXi; whether it must, and why, nobody but its owner knows: say a restriction",
            )

    def _zones(self, server: Thing) -> list[str]:
        """Zones of the aggregates that have its hypervisor, its own among them."""
        side = self._sides.get(server["compute_host"] or "")
        zones = [
            one["availability_zone"]
            for one in self._taking.blocks.get("aggregates", {}).values()
            if side is not None and one["hypervisor"] == side.value
        ]
        if server["status"] not in {"ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED"}:
            raise _UnfitError(f"it is {server['status']}")
        if server["availability_zone"] not in zones:
            host = server["compute_host"] or "(none)"
            raise _UnfitError(f"its host {host} is in no aggregate that is taken")
        return zones


def _network(taking: Taking, port: Thing) -> str:
    name = taking.known("networks", port["network_id"])
    if name is None:
        raise _UnfitError(f"it has a port in network {port['network_id']}, which is left out")
    return name


def _groups(taking: Taking, port: Thing) -> list[str]:
    groups = {one: taking.known("security_groups", one) for one in port["security_group_ids"] or []}
    if missing := [one for one, name in groups.items() if name is None]:
        raise _UnfitError(f"its security group {missing[0]} is left out")
    return sorted(name for name in groups.values() if name)


def _root(server: Thing, volumes: Iterable[_Attached]) -> tuple[_Attached | None, list[_Attached]]:
    """The volume that it boots from, if it does, and its data volumes, by device."""
    listed = sorted(volumes, key=lambda pair: str(pair[1].get("device")))
    root = server["root_device_name"]
    boot = next((pair for pair in listed if image_of(server) is None and pair[1].get("device") == root), None)
    return boot, [pair for pair in listed if pair is not boot]


def _image(server: Thing, boot: _Attached | None) -> str | None:
    if boot is None:
        return image_of(server)
    return (boot[0]["volume_image_metadata"] or {}).get("image_id")


def _boot_volume(boot: _Attached | None) -> Block | None:
    return None if boot is None else {"type": boot[0]["volume_type"], "size": f"{boot[0]['size']} GiB"}


def _volumes(server: str, volumes: Iterable[_Attached]) -> Iterator[tuple[str, Thing]]:
    """Data volumes by a name: what comes after the server's in their own, or the device."""
    taken: set[str] = set()
    for volume, attachment in volumes:
        if len(volume["attachments"]) > 1:
            raise _UnfitError(f"its volume {volume['name'] or volume['id']} is another server's, too")
        own = (volume["name"] or "").removeprefix(f"{server}/").removeprefix(f"{server}-")
        device = str(attachment.get("device") or "").rpartition("/")[2]
        key = own if is_name(own) and own not in taken else device or f"disk-{len(taken) + 1}"
        taken.add(key)
        yield key, volume
