"""What is said before disks get smaller."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pulumi
from pulumi.dynamic import DiffResult, Resource

from components.gates.gate import Gate, Props
from estate.model import Flavor, Workload
from estate.openstack import disks
from estate.openstack.sdk import Connection


class ShrinkingDisksProvider(Gate):
    """Says at preview which disks would get smaller: Nova and Cinder refuse that in the middle of an ``up``.

    At a resize no driver shrinks a root disk (``migrate_disk_and_power_off`` of nova/virt/libvirt/driver.py
    and nova/virt/vmwareapi/vmops.py), and Cinder only extends (cinder/volume/api.py ``_extend``). It is said
    and not refused, since the same change may make a server anew.

    What was declared before tells only which disks to ask for; how large they are the cloud says. The gate
    itself never differs, so that no preview shows it beside a workload that comes or goes: the engine keeps
    the inputs of a resource that is the same as they were given last.
    """

    def refusal(self, cloud: Connection, olds: Props | None, props: Props) -> str | None:
        """Never one: asked because here both are known, what was declared last and what is now."""
        for name, wanted in _smaller("servers", olds, props):
            if (size := disks.root_disk(cloud, name)) is not None and size > wanted:
                self.say(
                    f"server {name}: its root disk would shrink from {size} to {wanted} GiB by the other "
                    f"flavor, and Nova refuses that. Take a flavor with {size} GiB or more, or make the "
                    "server anew"
                )
        for name, wanted in _smaller("volumes", olds, props):
            if (size := disks.volume(cloud, name)) is not None and size > wanted:
                self.say(
                    f"volume {name} would shrink from {size} to {wanted} GiB, and Cinder only extends. "
                    f"Declare {size} GiB or more, or another volume"
                )
        return None

    def settle(self, cloud: Connection, olds: Props | None, props: Props) -> None:
        """Nothing to do: servers and volumes are resources of their own."""

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        """Never a difference."""
        return DiffResult(changes=False)


class ShrinkingDisks(Resource, module="estate", name="ShrinkingDisks"):
    """Named ``shrinking-disks``: one for all workloads of a stack."""

    def __init__(
        self, workloads: Iterable[Workload], *, flavors: Mapping[str, Flavor], opts: pulumi.ResourceOptions
    ) -> None:
        """``flavors``: by name; a root disk is as large as its flavor says."""
        servers: dict[str, Any] = {}
        volumes: dict[str, Any] = {}
        for workload in workloads:
            for variant in workload.variants:
                one = variant.workload
                for server in variant.servers:
                    was = (workload.was if server == workload.name else None) or server
                    if one.boot_volume is None:
                        servers[server] = {"was": was, "size": flavors[one.flavor].disk}
                    for key, volume in one.volumes.items():
                        volumes[f"{server}/{key}"] = {
                            "was": f"{was}/{volume.was or key}",
                            "size": volume.size,
                        }
        super().__init__(
            ShrinkingDisksProvider(), "shrinking-disks", {"servers": servers, "volumes": volumes}, opts
        )


def _smaller(kind: str, olds: Props | None, props: Props) -> Iterator[tuple[str, int]]:
    """The disks that are declared smaller than before: the name that they had then, and GiB now."""
    before = (olds or {}).get(kind, {})
    for name, one in props[kind].items():
        known = name if name in before else one["was"]
        if known in before and one["size"] < before[known]["size"]:
            yield known, int(one["size"])  # numbers come as floats
