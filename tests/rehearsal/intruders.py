"""Servers that have no business on ESXi: plain flavor, untagged VMDK image; booted one after the other."""

import contextlib
import itertools
import threading
import time
from dataclasses import dataclass
from typing import Self

from openstack import exceptions

from tests.rehearsal.stage import Stage

PAUSE = 4.0
"""Seconds between two: each keeps Nova busy, beside what is tested."""
PATIENCE = 180
"""Seconds until all of them are gone."""
ZONES = ("az-esxi", "nova", None)
"""What intruders ask for in turn: the zone of ESXi, that of hosts in no aggregate, and none."""


@dataclass(frozen=True)
class Fate:
    """What became of an intruder."""

    status: str
    host: str
    fault: str
    """Nova's word for why it did not boot; empty if it did."""


class Intruders:
    """Boots one intruder after the other while the body runs, and removes them at the end.

    The image is a VMDK, which only ESXi takes (Nova's image type support), so that an intruder lands
    on ESXi the moment that isolation is off, and nowhere otherwise.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._cloud = stage.cloud
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._servers: list[str] = []
        self.fates: list[Fate] = []

    def __enter__(self) -> Self:
        self._image = self._cloud.image.create_image(
            name="intruder",
            filename=str(self._stage.vmdk),
            disk_format="vmdk",
            container_format="bare",
            wait=True,
            # What the driver needs to boot it, so that nothing but isolation stands in its way.
            vmware_disktype="sparse",
            vmware_adaptertype="lsiLogic",
        ).id
        self._flavor = self._cloud.compute.create_flavor(name="intruder", ram=64, vcpus=1, disk=1)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._settle()
        self._remove()
        self._cloud.compute.delete_flavor(self._flavor)
        self._cloud.image.delete_image(self._image)

    def more(self, count: int) -> None:
        """Wait until that many more were sent."""
        wanted = len(self._servers) + count
        while len(self._servers) < wanted:
            time.sleep(0.2)

    def _run(self) -> None:
        zones = itertools.cycle(ZONES)
        while not self._stop.is_set():
            zone = {"availability_zone": name} if (name := next(zones)) else {}
            # A zone that does not exist (yet) is refused; the next intruder comes soon.
            with contextlib.suppress(exceptions.SDKException):
                self._servers.append(
                    self._cloud.compute.create_server(
                        name=f"intruder-{len(self._servers)}",
                        image_id=self._image,
                        flavor_id=self._flavor.id,
                        networks="none",
                        **zone,
                    ).id
                )
            self._stop.wait(PAUSE)

    def _settle(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            servers = [self._cloud.compute.get_server(one) for one in self._servers]
            if all(server.status != "BUILD" for server in servers):
                break
            time.sleep(1)
        self.fates = [
            Fate(server.status, server.compute_host or "", (server.fault or {}).get("message", "").strip())
            for server in servers
        ]

    def _remove(self) -> None:
        """As an operator does it: a server whose deletion failed is deleted again."""
        deadline = time.monotonic() + PATIENCE
        while left := [one for one in self._cloud.compute.servers() if one.name.startswith("intruder-")]:
            for one in left:
                if one.task_state != "deleting":
                    self._cloud.compute.delete_server(one, ignore_missing=True)
            assert time.monotonic() < deadline, "\n".join(self._stage.troubles())
            time.sleep(1)
