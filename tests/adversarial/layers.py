"""What Nova does with a row that got past the pack, by the placement engine, and what the evidence says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from estate.evidence.landing import compare
from estate.model import Estate
from estate.openstack.servers import RESTRICTION_KEY, AttachedVolume, Port, Server
from estate.openstack.servers import Cloud as Running
from estate.placement import nova
from estate.placement.building import OPERATORS, cloud_of, image_of, request_of
from estate.placement.landing import Lander
from estate.placement.nova import Operation, Source
from policies import properties
from review.registration import Registration
from tests.adversarial.kit import CATALOGUE
from tests.adversarial.rows import Documents, Row
from tests.estates import sandbox

ESXI = frozenset(one.compute_host for one in sandbox().clusters.values())
"""Hosts that are ESXi clusters."""
PLAIN = nova.Flavor(name="plain", vcpus=1, memory_mb=512, root_gb=1)
UNTAGGED = nova.Image(
    name="untagged",
    disk_format="vmdk",
    # What the driver needs to boot it, so that nothing but isolation stands in its way.
    properties={"vmware_disktype": "sparse", "vmware_adaptertype": "lsiLogic"},
)
STRANGERS = "strangers"
ZONES = (None, "az-kvm", "az-esxi")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request that a row leads to, and what must not take it."""

    cloud: nova.Cloud
    request: nova.Request
    restricted: bool
    metadata: Mapping[str, str]
    declared: str | None = None
    """The workload that documents make of it."""

    @property
    def forbidden(self) -> frozenset[str]:
        """Hosts on the wrong side."""
        return frozenset(self.cloud.by_name) - ESXI if self.restricted else ESXI

    @property
    def accepted(self) -> frozenset[str]:
        """Hosts that take it, by the placement engine."""
        return nova.decide(self.cloud, self.request).accepted

    @property
    def rules(self) -> tuple[str, ...]:
        """What keeps it off the wrong side, host by host, each rule once."""
        decision = nova.decide(self.cloud, self.request)
        found = [decision.rejected_by(host) for host in sorted(self.forbidden)]
        return tuple(dict.fromkeys(one.rule for one in found if one is not None))

    def evidence(self, estate: Estate, host: str) -> tuple[str, ...]:
        """What ``estate landing`` says once the server runs on a host, with nothing else amiss."""
        workload = estate.workloads[self.declared] if self.declared is not None else None
        server = Server(
            id="ID",
            name="ID" if workload is None else workload.servers[0],
            status="ACTIVE",
            host=host,
            aggregates=tuple(one.name for one in self.cloud.aggregates if host in one.hosts),
            image=self.request.image.name if self.request.image is not None else "",
            flavor=self.request.flavor.name,
            metadata=dict(self.metadata),
            ports=tuple(
                Port(name=one, network=one, network_id=one, mac=one)
                for one in (workload.networks if workload is not None else ())
            ),
            volumes=tuple(
                AttachedVolume(id=name, name=name, type=one.type, backend="")
                for name, one in (workload.volumes.items() if workload is not None else ())
            ),
        )
        rows = compare(estate, Running(servers=(server,), volumes=frozenset()), ())
        return next(row.differences for row in rows if row.server == server.name)


def asked_by(row: Row, registered: Iterable[Registration], operation: Operation) -> Iterator[Asked]:
    """What Nova is asked for the servers of a program, the first as it stands; without any, what its
    aggregates and flavors let in.
    """
    program = _Program(row, registered, operation)
    for one in program.servers:
        asked = program.server(one)
        yield asked
        if asked.restricted and asked.request.zone == "az-esxi" and operation is Operation.CREATE:
            # Whoever got past the pack would not name the zone of ESXi.
            yield from (
                replace(asked, request=replace(asked.request, zone=zone)) for zone in (None, "az-kvm")
            )
    if not program.servers:
        yield from program.intruders()


def asked_of(row: Documents, estate: Estate | None, *, wrong: bool) -> Iterator[Asked]:
    """What Nova is asked for a workload of documents, the first as the program asks; if they are wrong, then
    in every zone. What cannot be read of them is as in ``sandbox``.
    """
    readable = estate if estate is not None and row.workload in estate.workloads else sandbox()
    workload = readable.workloads[row.workload]
    zone = (
        row.zone
        if wrong and row.zone
        else workload.availability_zone or Lander(readable).landing(workload).zone
    )
    reason = workload.restriction.reason.value if workload.restriction is not None else None
    for asked in (zone, *ZONES) if wrong else (zone,):
        yield Asked(
            cloud=cloud_of(readable),
            request=request_of(readable, workload, asked),
            restricted=row.restricted,
            metadata={RESTRICTION_KEY: reason} if reason is not None else {},
            declared=row.workload,
        )


class _Program:
    """A recorded program, as Nova would see it."""

    def __init__(self, row: Row, registered: Iterable[Registration], operation: Operation) -> None:
        self._row, self._operation = row, operation
        self._all = list(registered)
        self._by_id = {f"id-{one.name}": one for one in self._all}
        self._cloud = self._changed(cloud_of(sandbox()))
        self.servers = self._of(properties.SERVER)

    def _plain(self, name: Any) -> str:
        """Without the row's name in front."""
        return str(name).replace(f"{self._row.key}/", "")

    def _of(self, kind: str) -> list[Registration]:
        return [one for one in self._all if one.type == kind]

    def _changed(self, cloud: nova.Cloud) -> nova.Cloud:
        own = {
            self._plain(one.inputs["name"]): nova.Aggregate(
                name=self._plain(one.inputs["name"]),
                # Nova keeps the zone among the metadata, which the provider sets last.
                metadata=(
                    {"availability_zone": self._plain(one.inputs["zone"])} if "zone" in one.inputs else {}
                )
                | {key: self._plain(value) for key, value in one.inputs.get("metadata", {}).items()},
                # Nova finds a host in whatever letter case, and keeps its own name of it.
                hosts=frozenset(
                    host
                    for named in one.inputs.get("hosts", ())
                    for host in cloud.by_name
                    if host.casefold() == self._plain(named).casefold()
                ),
            )
            for one in self._of(properties.AGGREGATE)
        }
        kept = [one for one in cloud.aggregates if one.name not in own]
        return replace(cloud, aggregates=(*kept, *own.values()))

    def _image(self, name: str) -> nova.Image:
        """By id or name, of the program or of the catalogue."""
        found = self._by_id.get(name) or next(
            (one for one in self._of(properties.IMAGE) if one.inputs["name"] == name), None
        )
        if found is not None:
            return nova.Image(
                name=found.name,
                disk_format=found.inputs["diskFormat"],
                properties=found.inputs.get("properties", {}),
            )
        known = CATALOGUE["images"].get(name)
        if known is None:
            return nova.Image(name=name, disk_format="raw")  # whatever it is: nobody tagged it
        return nova.Image(
            name=name, disk_format=str(known["diskFormat"]), properties=dict(known["properties"])
        )

    def _flavor(self, name: str) -> nova.Flavor:
        found = self._by_id.get(name) or next(
            (one for one in self._of(properties.FLAVOR) if one.inputs["name"] == name), None
        )
        if found is None:
            known = CATALOGUE["flavors"].get(name, {"extraSpecs": {}})  # whatever it is: nobody described it
            return replace(PLAIN, name=name, extra_specs=dict(known["extraSpecs"]))
        projects = [
            one.inputs["tenantId"]
            for one in self._of(properties.FLAVOR_ACCESS)
            if one.inputs["flavorId"] == name
        ]
        return nova.Flavor(
            name=found.name,
            vcpus=int(found.inputs["vcpus"]),
            memory_mb=int(found.inputs["ram"]),
            root_gb=int(found.inputs["disk"]),
            extra_specs=found.inputs.get("extraSpecs", {}),
            projects=None if found.inputs.get("isPublic") else frozenset(projects),
        )

    def _boots(self, inputs: Mapping[str, Any]) -> tuple[nova.Image | None, Source]:
        devices = inputs.get("blockDevices") or ()
        if not devices or (devices[0]["sourceType"] == "image" and devices[0]["destinationType"] == "local"):
            return self._image(inputs.get("imageId") or inputs["imageName"]), Source.IMAGE
        first = devices[0]
        if first["sourceType"] == "image":
            return self._image(first["uuid"]), Source.VOLUME
        volume = self._by_id.get(first.get("uuid", ""))
        if first["sourceType"] == "volume" and volume is not None:
            return self._image(volume.inputs["imageId"]), Source.VOLUME
        return None, Source.BLANK

    def server(self, one: Registration) -> Asked:
        """What the provider asks of Nova for a server; for an edit of a running one, what the edit asks."""
        inputs = one.inputs
        restricted = self._plain(one.name) != "general"
        image, source = self._boots(inputs)
        request = nova.Request(
            flavor=self._flavor(inputs.get("flavorId") or inputs["flavorName"]),
            image=image,
            source=source,
            project=OPERATORS,
            admin=True,
            zone=properties.zone(inputs),  # type: ignore[arg-type]
            node=inputs.get("hypervisorHostname"),
            group=self._group(inputs, one),
            volume_zones=self._volume_zones(one),
        )
        if self._operation is not Operation.CREATE:
            # An edit: the server runs already, and Nova keeps the image that it was made of.
            legal = image_of(sandbox().images["linux-esxi"])
            request = replace(
                request,
                operation=self._operation,
                on=min(ESXI),
                made_with_gb=sandbox().flavors["esxi-small"].disk,
                image=image if self._operation is Operation.REBUILD else legal,
            )
        return Asked(
            cloud=self._cloud, request=request, restricted=restricted, metadata=inputs.get("metadata", {})
        )

    def _group(self, inputs: Mapping[str, Any], server: Registration) -> nova.ServerGroup | None:
        """The group, once its other members run where they belong."""
        hints = inputs.get("schedulerHints") or ()
        group = self._by_id.get(hints[0].get("group", "")) if hints else None
        if group is None or self._plain(server.name) == "general":
            return None
        return nova.ServerGroup(
            policy=group.inputs["policies"], members_on={min(set(self._cloud.by_name) - ESXI): 1}
        )

    def _volume_zones(self, server: Registration) -> tuple[str, ...]:
        attached = [
            self._by_id[one.inputs["volumeId"]]
            for one in self._of(properties.ATTACHMENT)
            if one.inputs["instanceId"] == f"id-{server.name}"
        ]
        return tuple(one.inputs["availabilityZone"] for one in attached if "availabilityZone" in one.inputs)

    def intruders(self) -> Iterator[Asked]:
        """A restricted server, a general one, and ones that have no business on ESXi, in every zone."""
        estate = sandbox()
        linux = image_of(estate.images["linux-kvm"])
        flavors = [self._flavor(f"id-{one.name}") for one in self._of(properties.FLAVOR)] or [PLAIN]
        for zone in ZONES:
            restricted = request_of(estate, estate.workloads["ledger-db"], zone)
            general = request_of(estate, estate.workloads["web-1"], zone)
            yield Asked(cloud=self._cloud, request=restricted, restricted=True, metadata={})
            yield Asked(cloud=self._cloud, request=general, restricted=False, metadata={})
            for flavor in flavors:
                for image in (UNTAGGED, linux):
                    request = nova.Request(flavor=flavor, image=image, project=STRANGERS, zone=zone)
                    yield Asked(cloud=self._cloud, request=request, restricted=False, metadata={})
