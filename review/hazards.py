"""What applying a change does to what runs, read off the resources that change.

Each kind of resource says so with its source: the provider for OpenStack
(terraform-provider-openstack, ``resource_openstack_*.go``), a file of Nova or Cinder, or this project's
own component. Resources of a workload are told by workload, with the servers that are hit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from estate.model import Hypervisor, Loc
from estate.model.subjects import subject
from review.registration import Registration
from review.resources import ResourceDiff
from review.side import Side
from review.things import block, some, thing
from review.transfers import INSTANCE
from review.value import Change, Hazard, HazardKind, Landing, Operation, Place, ResourceChange

_GONE = (Operation.REPLACE, Operation.DELETE)
_PORT = "openstack:networking/port:Port"
_VOLUME = "openstack:blockstorage/volume:Volume"
_ATTACHMENT = "openstack:compute/volumeAttach:VolumeAttach"
_AGGREGATE = "openstack:compute/aggregateV2:AggregateV2"
_CLUSTER = "vsphere:index/computeCluster:ComputeCluster"
_VOLUME_TYPE = "openstack:blockstorage/volumeTypeV3:VolumeTypeV3"
_INTERFACE = "openstack:networking/routerInterface:RouterInterface"
_RULES = "openstack:networking/secGroupRule:SecGroupRule"
_QUIET = {
    _ATTACHMENT,
    _PORT,
    _INTERFACE,
    _RULES,
    "openstack:compute/flavor:Flavor",
    "openstack:compute/flavorAccess:FlavorAccess",
    "openstack:compute/keypair:Keypair",
    "openstack:images/image:Image",
    "openstack:networking/rbacPolicyV2:RbacPolicyV2",
    "openstack:blockstorage/volumeTypeAccessV3:VolumeTypeAccessV3",
    "openstack:blockstorage/qosAssociationV3:QosAssociationV3",
}
"""Made anew without harm to what runs, or told by the servers that it hits."""


@dataclass(frozen=True)
class _Told:
    """One hazard of one resource."""

    kind: HazardKind
    message: str
    source: str
    server: str | None = None
    what: str | None = None
    """Several resources of a block of which the same is told are told together."""


def hazards(
    environment: str,
    *,
    before: Side,
    after: Side,
    diff: ResourceDiff,
    changes: tuple[Change, ...],
    landings: tuple[Landing, ...],
) -> tuple[Hazard, ...]:
    """The worst kind first, then by block; equal ones of a block together, with all their servers."""
    teller = _Teller(diff, landings, dict(_shrinking(before, after)), _held_types(before, after))
    places = _places(changes)
    gathered: dict[tuple[HazardKind, str, str, str, str], list[str]] = {}
    things: dict[tuple[HazardKind, str, str, str, str], list[str]] = {}
    for one in diff.changes:
        kind, name = teller.block(one)
        for told in teller.told(one):
            key = (told.kind, kind, name, told.message, told.source)
            servers = gathered.setdefault(key, [])
            if told.what is not None and told.what not in things.setdefault(key, []):
                things[key].append(told.what)
            if told.server is not None and told.server not in servers:
                servers.append(told.server)
            elif told.server is None:
                servers += [server for server in teller.on_leaving(one) if server not in servers]
    for name, server, what in _first_boot(before, after):
        if server not in teller.gone:
            message = f"{what} changes; the server keeps that of its first boot, until it is made anew"
            source = "components/workload.py: ignore_changes, since cloud-init reads it once"
            gathered.setdefault((HazardKind.NO_EFFECT, "workloads", name, message, source), []).append(server)
    found = [
        Hazard(
            environment=environment,
            kind=worst,
            subject=subject((kind, name)),
            servers=tuple(servers),
            message=_of_things(message, things.get((worst, kind, name, message, source), ())),
            source=source,
            place=places.get((kind, name)) or _place((kind, name), before, after),
        )
        for (worst, kind, name, message, source), servers in gathered.items()
    ]
    order = list(HazardKind)
    return tuple(sorted(found, key=lambda one: order.index(one.kind)))


def _of_things(message: str, things: Sequence[str]) -> str:
    """``subnet "a", subnet "b" would be deleted, but they are protected``."""
    many = message.replace("but it is", "but they are", 1) if len(things) > 1 else message
    return f"{some(things)} {many}" if things else message


def _places(changes: tuple[Change, ...]) -> dict[tuple[str, str], Place]:
    """Block → the first place of it that changes, in the head: of what is gone there is none."""
    found: dict[tuple[str, str], Place] = {}
    for one in changes:
        if one.place is not None:
            found.setdefault((one.kind, one.name), one.place)
    return found


def _shrinking(before: Side, after: Side) -> Iterator[tuple[str, tuple[int, int]]]:
    """Servers whose root disk, which is no volume, would shrink, with GiB before and after."""
    if before.estate is None or after.estate is None:
        return
    was = before.estate.servers()
    for server, one in after.estate.servers().items():
        new = after.estate.flavors.get(one.flavor)
        old = before.estate.flavors.get(was[server].flavor) if server in was else None
        if one.boot_volume is None and old is not None and new is not None and new.disk < old.disk:
            yield server, (old.disk, new.disk)


def _held_types(before: Side, after: Side) -> dict[str, tuple[str, ...]]:
    """Servers that have volumes of a type, by its name now, if it is renamed."""
    if before.estate is None or after.estate is None:
        return {}
    held: dict[str, list[str]] = {}
    for server, one in before.estate.servers().items():
        root = [one.boot_volume.type] if one.boot_volume is not None else []
        for kind in dict.fromkeys([*root, *(volume.type for volume in one.volumes.values())]):
            held.setdefault(kind, []).append(server)
    was = {one.was: name for name, one in after.estate.volume_types.items() if one.was is not None}
    return {was.get(kind, kind): tuple(servers) for kind, servers in held.items()}


def _place(loc: Loc, before: Side, after: Side) -> Place | None:
    """Of what is gone: where it was."""
    gone = not after.has(loc) and before.has(loc)
    return (before if gone else after).place(loc)


def _first_boot(before: Side, after: Side) -> Iterator[tuple[str, str, str]]:
    """Workload, server and what changes of that which a server reads at its first boot only."""
    if before.estate is None or after.estate is None:
        return
    old, new = before.texts or {}, after.texts or {}
    was = before.estate.servers()
    for server, one in after.estate.servers().items():
        if server in was and was[server].keypair != one.keypair:
            yield one.name, server, "its key pair"
        if server in was and old.get(server) != new.get(server):
            yield one.name, server, "its user data"


class _Teller:
    def __init__(
        self,
        diff: ResourceDiff,
        landings: tuple[Landing, ...],
        shrinking: dict[str, tuple[int, int]],
        held_types: dict[str, tuple[str, ...]],
    ) -> None:
        self._before, self._after = diff.before or {}, diff.after or {}
        self._landings = landings
        self._shrinking = shrinking
        self._held_types = held_types
        self.gone = {one.name for one in diff.changes if one.type == INSTANCE and one.operation in _GONE}
        self._hypervisor = {
            server: (one.after or one.before).hypervisor  # type: ignore[union-attr]
            for one in landings
            for server in one.servers
        }

    def _sides(self, one: ResourceChange) -> tuple[Registration | None, Registration | None]:
        key = (one.type, one.name)
        return self._before.get(key), self._after.get(key)

    def block(self, one: ResourceChange) -> tuple[str, str]:
        """Kind and name of the block that a resource is made of."""
        old, new = self._sides(one)
        made = new or old
        assert made is not None
        return block(made.parent)

    def told(self, one: ResourceChange) -> Iterator[_Told]:
        """What happens, if it is worth telling."""
        if one.operation in _GONE and one.protected and not self._follows(one):
            server = self._server(one)
            what = "it" if one.name in {server, self.block(one)[1]} else self._what(one)
            yield _Told(
                HazardKind.REFUSED,
                f"would be {_done(one)}, but it is protected: the engine refuses. Apply "
                "`protect: false` of the block first, if it is meant",
                "Pulumi resource option protect",
                server,
                what,
            )
        if one.type == INSTANCE:
            yield from self._instance(one)
        elif one.type == _VOLUME:
            yield from self._volume(one)
        elif one.type == _ATTACHMENT:
            yield from self._attachment(one)
        elif one.type == _PORT:
            yield from self._port(one)
        elif one.type == _VOLUME_TYPE:
            yield from self._volume_type(one)
        elif one.type in (_AGGREGATE, _CLUSTER):
            yield from self._hosts(one)
        elif one.type == _INTERFACE and one.operation in _GONE:
            yield _Told(
                HazardKind.DOWNTIME,
                f"{thing(one.type, one.name)} is {_done(one)}: the network loses its router",
                "resource_openstack_networking_router_interface_v2.go",
            )
        if one.operation is Operation.REPLACE and one.type not in {*_QUIET, INSTANCE, _VOLUME}:
            yield _Told(
                HazardKind.REPLACE,
                f"{thing(one.type, one.name)} is made anew, because {_because(one)} cannot change in place",
                f"{one.type}: {', '.join(one.because)}",
            )

    def _follows(self, one: ResourceChange) -> bool:
        """Whether it goes with its server, of which the same is told."""
        return one.type in (_PORT, _ATTACHMENT) and self._server(one) in self.gone

    def _what(self, one: ResourceChange) -> str:
        """The resource; one of a server is called as its siblings of other servers are."""
        name = one.name if self._server(one) is None else one.name.partition("/")[2]
        return thing(one.type, name)

    def _server(self, one: ResourceChange) -> str | None:
        return one.name.partition("/")[0] if one.type in (INSTANCE, _VOLUME, _ATTACHMENT, _PORT) else None

    def _instance(self, one: ResourceChange) -> Iterator[_Told]:
        if one.operation is Operation.REPLACE:
            because = ", ".join(one.because)
            source = f"components/workload.py and resource_openstack_compute_instance_v2.go: {because}"
            yield _Told(
                HazardKind.REPLACE,
                f"made anew, because {_because(one)} cannot change in place",
                source,
                one.name,
            )
            yield _Told(HazardKind.DATA_LOSS, "its root disk is made anew from the image", source, one.name)
        elif one.operation is Operation.DELETE:
            yield _Told(
                HazardKind.DATA_LOSS,
                "the server goes, and its root disk with it",
                "nova/compute/api.py delete",
                one.name,
            )
        elif "flavorId" in one.properties and one.name in self._shrinking:
            old, new = self._shrinking[one.name]
            yield _Told(
                HazardKind.REFUSED,
                f"its root disk would shrink from {old} to {new} GiB by the other flavor; take one with "
                f"{old} GiB or more, or make the server anew",
                "nova/utils.py get_system_metadata_from_image: min_disk is the first flavor's disk",
                one.name,
            )
        elif "flavorId" in one.properties:
            yield _Told(
                HazardKind.REBOOT,
                "resized to another flavor, with one stop",
                "nova/compute/api.py resize; resource_openstack_compute_instance_v2.go",
                one.name,
            )

    def _volume(self, one: ResourceChange) -> Iterator[_Told]:
        server, _, volume = one.name.partition("/")
        if one.operation in _GONE:
            because = f", because {_because(one)} cannot change in place" if one.because else ""
            what = "made anew, empty" if one.operation is Operation.REPLACE else "deleted"
            yield _Told(
                HazardKind.DATA_LOSS,
                f"volume {volume} is {what}{because}",
                "resource_openstack_blockstorage_volume_v3.go",
                server,
            )
            return
        if one.operation is not Operation.UPDATE:
            return
        esxi = self._hypervisor.get(server) == Hypervisor.ESXI
        old, new = self._sides(one)
        if "volumeType" in one.properties:
            yield _Told(
                HazardKind.RETYPE,
                f"volume {volume} moves to another type; its data may be copied",
                "cinder/volume/api.py retype",
                server,
            )
            if esxi:
                yield _Told(
                    HazardKind.REFUSED,
                    f"volume {volume} must be detached before it is retyped",
                    "cinder/volume/drivers/vmware/vmdk.py retype: only if the volume is not in use",
                    server,
                )
        if "size" in one.properties and old is not None and new is not None:
            if new.inputs["size"] < old.inputs["size"]:
                yield _Told(
                    HazardKind.REFUSED,
                    f"volume {volume} would shrink, and Cinder only extends",
                    "cinder/volume/api.py extend",
                    server,
                )
            elif esxi:
                yield _Told(
                    HazardKind.REFUSED,
                    f"volume {volume} must be detached before it grows",
                    "Nova's support matrix, [operation.extend-volume] driver.vmware=missing",
                    server,
                )

    def _volume_type(self, one: ResourceChange) -> Iterator[_Told]:
        if one.operation is not Operation.UPDATE or "extraSpecs" not in one.properties:
            return
        for server in self._held_types.get(one.name, ()):
            yield _Told(
                HazardKind.REFUSED,
                f"volume type {one.name} cannot change while volumes have it; declare another type, and move "
                "the volumes to it",
                "cinder/api/contrib/types_extra_specs.py _allow_update",
                server,
            )

    def _attachment(self, one: ResourceChange) -> Iterator[_Told]:
        server = one.name.partition("/")[0]
        if one.operation is Operation.REPLACE and server not in self.gone:
            yield _Told(
                HazardKind.DOWNTIME,
                "a volume is detached and attached anew while it runs",
                "resource_openstack_compute_volume_attach_v2.go",
                server,
            )

    def _port(self, one: ResourceChange) -> Iterator[_Told]:
        server = one.name.partition("/")[0]
        if one.operation is Operation.UPDATE and "fixedIps" in one.properties and server not in self.gone:
            yield _Told(
                HazardKind.DOWNTIME,
                "another address; the guest takes it at its next lease",
                "resource_openstack_networking_port_v2.go",
                server,
            )

    def _hosts(self, one: ResourceChange) -> Iterator[_Told]:
        leaving = self._leaving(one)
        if one.type == _AGGREGATE:
            if leaving:
                yield _Told(
                    HazardKind.DRAIN,
                    f"{', '.join(leaving)} must be empty first; any server of the aggregate may be there",
                    "components/gates/leaving_hosts.py; nova/compute/api.py remove_host_from_aggregate",
                )
            if "zone" in one.properties:
                yield _Told(
                    HazardKind.DRAIN,
                    "its hosts must be empty before its availability zone changes",
                    "nova/compute/api.py is_safe_to_update_az",
                )
        elif leaving:
            yield _Told(
                HazardKind.DRAIN,
                f"{', '.join(leaving)} must enter maintenance mode; DRS moves the machines there to others",
                "components/esxi_cluster.py: hostSystemIds, hostClusterExitTimeout",
            )

    def _leaving(self, one: ResourceChange) -> list[str]:
        """Hosts that leave an aggregate or a cluster."""
        old, new = self._sides(one)
        key = "hosts" if one.type == _AGGREGATE else "hostSystemIds"
        if old is None or one.operation not in (Operation.UPDATE, *_GONE):
            return []
        stay = [] if new is None or one.operation is Operation.REPLACE else new.inputs.get(key, [])
        return [host.removeprefix("id-of-") for host in old.inputs.get(key, []) if host not in stay]

    def on_leaving(self, one: ResourceChange) -> list[str]:
        """Servers that may be on hosts that leave an aggregate; on all of its hosts if its zone changes."""
        if one.type != _AGGREGATE:
            return []
        hosts = set(self._leaving(one))
        old, _ = self._sides(one)
        if "zone" in one.properties and old is not None:
            hosts |= set(old.inputs.get("hosts", []))
        return [
            server
            for landing in self._landings
            if landing.before is not None and hosts & set(landing.before.hosts)
            for server in landing.servers
        ]


_WORDS = {
    "availabilityZone": "its zone",
    "blockDevices": "its boot disk",
    "cidr": "its addresses",
    "flavorId": "its flavor",
    "imageId": "its image",
    "networkId": "its network",
    "networks": "its networks",
    "ramMb": "its memory",
    "vcpus": "its VCPUs",
    "volumeType": "its type",
}
"""Properties of the providers as people call them."""


def _because(one: ResourceChange) -> str:
    return ", ".join(_WORDS.get(path.partition("[")[0].partition(".")[0], path) for path in one.because)


def _done(one: ResourceChange) -> str:
    return "made anew" if one.operation is Operation.REPLACE else "deleted"
