"""What really becomes of a row that got past the pack: its requests, sent to the Nova of a sandbox."""

import html
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from openstack import exceptions

from estate.placement import nova
from estate.placement.nova import Operation, Source
from estate.placement.triple import aggregate_metadata
from tests.adversarial.layers import Asked
from tests.estates import sandbox

PATIENCE = 300
MARK = "past-"
"""What the names of all that is made begin with."""


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What became of one request."""

    server: str = ""
    """Name of the server that it made, if it made any."""
    host: str | None
    """The host that took it."""
    words: str
    """Nova's, where none did, or where the host could not build it."""


def said(error: exceptions.HttpException) -> str:
    """A service's refusal, its first sentence."""
    words = html.unescape(str(error.details or error.message)).partition(": Failed validating")[0]
    return f"HTTP {error.status_code}: {words.partition('. ')[0]}"


class PutPast:
    """Sends requests as an administrator would, and removes what they made."""

    def __init__(self, cloud: Any, images: Path, scratch: Path) -> None:
        """``images``: folder of the sandbox's real image files."""
        self._cloud = cloud
        self._files = {
            "vmdk": images / "linux-sparse.vmdk",
            "qcow2": images / "linux.qcow2",
            "raw": scratch / "raw",
            "iso": scratch / "iso",
        }
        self._files["raw"].write_bytes(bytes(1024 * 1024))
        self._files["iso"].write_bytes(bytes(32 * 1024) + b"\1CD001\1" + bytes(32 * 1024))
        self._images: dict[object, str] = {}
        self._flavors: dict[object, str] = {}
        self._mark = f"{MARK}{secrets.token_hex(2)}-"
        self._number = count(1)
        self._servers: list[str] = []
        self._volumes: list[str] = []

    def fates(self, asked: Sequence[Asked]) -> list[Fate]:
        """Of requests that are sent at once. What landed runs until ``remove``."""
        sent = [self._sent(one) for one in asked]
        return [one if isinstance(one, Fate) else self._settled(one) for one in sent]

    def remove(self) -> None:
        """All servers and volumes that were made; images and flavors may serve again."""
        for server in self._servers:
            self._cloud.compute.delete_server(server, ignore_missing=True, force=True)
        left = set(self._servers)
        while left & {one.id for one in self._cloud.compute.servers(details=False)}:
            time.sleep(0.5)
        for volume in self._volumes:
            self._cloud.block_storage.delete_volume(volume, ignore_missing=True)
        self._servers, self._volumes = [], []

    def _sent(self, asked: Asked) -> Fate | str:
        """The server's id, or why there is none: Glance refuses its image, or Nova the request."""
        self._flavor(asked.request.flavor)
        try:
            return self._server(asked)
        except exceptions.HttpException as error:
            return Fate(host=None, words=said(error))

    def _server(self, asked: Asked) -> str:
        request = asked.request
        if request.operation is not Operation.CREATE:
            return self._edited(asked)
        body: dict[str, Any] = {
            "name": self._name(),
            "flavorRef": self._flavor(request.flavor),
            "networks": "none",
            "metadata": dict(asked.metadata),
        }
        devices = []
        if request.source is Source.IMAGE:
            assert request.image is not None
            body["imageRef"] = self._image(request.image)
            devices = [
                {
                    "boot_index": 0,
                    "uuid": body["imageRef"],
                    "source_type": "image",
                    "destination_type": "local",
                }
            ]
        elif request.source is Source.VOLUME:
            assert request.image is not None
            devices = [self._device(source_type="image", uuid=self._image(request.image))]
        else:
            devices = [self._device(source_type="blank")]
        for zone in request.volume_zones:
            volume = self._volume(zone)
            devices.append(
                {"uuid": volume, "source_type": "volume", "destination_type": "volume", "boot_index": None}
            )
        if request.source is not Source.IMAGE or request.volume_zones:
            body["block_device_mapping_v2"] = devices
        if request.zone is not None:
            body["availability_zone"] = request.zone
        if request.node is not None:
            body["hypervisor_hostname"] = request.node
        hints = {}
        if request.group is not None:
            hints = {"os:scheduler_hints": {"group": self._group(request.group)}}
        return self._posted({"server": body, **hints})

    def _posted(self, body: Mapping[str, Any]) -> str:
        answer = self._cloud.compute.post("/servers", json=body, microversion="2.74")
        exceptions.raise_from_response(answer)
        server = str(answer.json()["server"]["id"])
        self._servers.append(server)
        return server

    def _edited(self, asked: Asked) -> str:
        """A legal server, then what the edit asks of it."""
        request = asked.request
        estate = sandbox()
        workload = estate.workloads["ledger-app"]
        server = self._posted(
            {
                "server": {
                    "name": self._name(),
                    "imageRef": self._cloud.image.find_image(workload.image).id,
                    "flavorRef": self._cloud.compute.find_flavor(workload.flavor).id,
                    "networks": "none",
                    "availability_zone": "az-esxi",
                    "metadata": dict(asked.metadata),
                }
            },
        )
        settled = self._settled(server)
        assert settled.words == "", settled
        if request.operation is Operation.RESIZE:
            action: dict[str, Any] = {"resize": {"flavorRef": self._flavor(request.flavor)}}
        else:
            assert request.image is not None
            action = {"rebuild": {"imageRef": self._image(request.image)}}
        answer = self._cloud.compute.post(f"/servers/{server}/action", json=action, microversion="2.74")
        exceptions.raise_from_response(answer)
        return server

    def _name(self) -> str:
        return f"{self._mark}{next(self._number)}"

    def _device(self, **more: Any) -> dict[str, Any]:
        return {
            "boot_index": 0,
            "destination_type": "volume",
            "volume_size": 1,
            "delete_on_termination": True,
            **more,
        }

    def _image(self, image: nova.Image) -> str:
        key = (image.disk_format, tuple(sorted(image.properties.items())))
        if key not in self._images:
            made = self._cloud.image.create_image(
                name=self._name(),
                filename=str(self._files[image.disk_format]),
                disk_format=image.disk_format,
                container_format="bare",
                wait=True,
                **image.properties,
            )
            self._images[key] = made.id
        return self._images[key]

    def _flavor(self, flavor: nova.Flavor) -> str:
        key = (flavor.vcpus, flavor.memory_mb, flavor.root_gb, tuple(sorted(flavor.extra_specs.items())))
        if key not in self._flavors:
            made = self._cloud.compute.create_flavor(
                name=self._name(),
                vcpus=flavor.vcpus,
                ram=flavor.memory_mb,
                disk=flavor.root_gb,
                is_public=False,
            )
            if flavor.extra_specs:
                self._cloud.compute.create_flavor_extra_specs(made, dict(flavor.extra_specs))
            self._flavors[key] = made.id
        return self._flavors[key]

    def _volume(self, zone: str) -> str:
        made = self._cloud.block_storage.create_volume(
            name=self._name(),
            size=1,
            volume_type=zone.replace("az", "standard"),
            availability_zone=zone,
        )
        self._cloud.block_storage.wait_for_status(made, "available", wait=PATIENCE)
        self._volumes.append(made.id)
        return str(made.id)

    def _group(self, group: nova.ServerGroup) -> str:
        """A group with a member on a KVM host."""
        made = self._cloud.compute.create_server_group(name=self._name(), policies=[group.policy])
        (host,) = group.members_on
        first = self._posted(
            {
                "server": {
                    "name": self._name(),
                    "imageRef": self._cloud.image.find_image("linux-kvm").id,
                    "flavorRef": self._cloud.compute.find_flavor("kvm-small").id,
                    "networks": "none",
                    "availability_zone": f"az-kvm:{host}",
                },
                "os:scheduler_hints": {"group": made.id},
            },
        )
        assert self._settled(first).host == host
        return str(made.id)

    def _settled(self, server: str) -> Fate:
        """Once Nova is done with it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = self._cloud.compute.get_server(server)
            if found.status in ("ACTIVE", "ERROR", "VERIFY_RESIZE", "SHUTOFF") and not found.task_state:
                words = str((found.fault or {}).get("message") or "").partition(". ")[0].rstrip(".")
                return Fate(server=found.name, host=found.compute_host or None, words=words)
            time.sleep(0.5)
        raise TimeoutError(f"{server} is still {found.status}")


@contextmanager
def rearranged(cloud: Any, wanted: Iterable[nova.Aggregate]) -> Iterator[str]:
    """The cloud's aggregates with the metadata, zone and further hosts of others, as far as Nova lets them.

    Gives Nova's words where it refuses, else nothing. Afterwards all is as the documents say.
    """
    made, added = [], []
    documents = sandbox()
    words = ""
    try:
        for one in wanted:
            real = cloud.compute.find_aggregate(one.name)
            if real is None:
                real = cloud.compute.create_aggregate(name=one.name)
                made.append(real)
            # Nova keeps the zone among the metadata.
            kept = {key: None for key in real.metadata or {} if key not in one.metadata}
            cloud.compute.set_aggregate_metadata(real, {**kept, **one.metadata})
            for host in sorted(one.hosts - set(real.hosts or ())):
                cloud.compute.add_host_to_aggregate(real, host)
                added.append((real, host))
    except exceptions.HttpException as error:
        words = said(error)
    try:
        yield words
    finally:
        for real, host in added:
            cloud.compute.remove_host_from_aggregate(real, host)
        for real in made:
            cloud.compute.delete_aggregate(real)
        for aggregate in documents.aggregates.values():
            real = cloud.compute.find_aggregate(aggregate.name)
            right = {**aggregate_metadata(aggregate), "availability_zone": aggregate.availability_zone}
            extra = {key: None for key in real.metadata if key not in right}
            cloud.compute.set_aggregate_metadata(real, {**extra, **right})
