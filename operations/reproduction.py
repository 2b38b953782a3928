"""Runs a counterexample of the proof as real calls, by whoever the proof says, and sees where Nova sends the
server.

On a sandbox only: what is made is removed again, but an operation may disturb what else runs there.
"""

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from estate.model import Estate, Hypervisor, Image
from estate.openstack import sdk
from estate.openstack.calls import Calls
from estate.openstack.errors import CloudError
from estate.placement import nova
from estate.placement.building import OPERATORS
from estate.placement.nova import Operation, Source
from estate.placement.pairing import back_ends, name_in_cinder
from estate.placement.proof import Counterexample, Situation, Step
from estate.placement.proof.requests import Who
from estate.placement.triple import image_properties, name_in_nova
from toolchain.progress import Progress

NAME = "counterexample"
_PATIENCE = 180.0
"""Seconds for one step."""


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """What became of a counterexample."""

    calls: tuple[str, ...]
    """Every step in words, with what Nova did."""
    host: str | None
    """Where the last step sent the server; ``None``: nowhere."""
    as_proven: bool


class Reproducer:
    """People, images and volumes for counterexamples on one cloud; all of it is removed at the end.

    :param calls: of an administrator.
    """

    def __init__(self, calls: Calls, estate: Estate, progress: Progress) -> None:
        self.calls, self._estate, self._progress = calls, estate, progress
        self._made = ExitStack()
        self._people: dict[Who, Calls] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._made.close()

    def run(self, found: Counterexample, situation: Situation) -> Reproduction:
        """Take every step; ``situation`` is the one in which the counterexample was found."""
        with ExitStack() as made:
            calls, host = self._steps(found, found.who, made)
            as_proven = _alike(host, found.lands, situation) if found.lands else host is None
            for refusing in found.refused:  # named one by one: an administrator may (microversion 2.74)
                more, at = self._steps(found, Who(project=OPERATORS, admin=True), made, host=refusing)
                calls += more
                as_proven &= at is None
        return Reproduction(calls=tuple(calls), host=host, as_proven=as_proven)

    def _steps(
        self, found: Counterexample, who: Who, made: ExitStack, host: str | None = None
    ) -> tuple[list[str], str | None]:
        run = _Run(self, self._person(who), made, lands=_sides(self._estate, found.lands))
        calls = []
        at = None
        for step in found.steps:
            at, said = run.step(step, host)
            calls.append(f"{who.label}: {step.operation}: {said}")
            self._progress.say(f"  {calls[-1]}")
        return calls, at

    def _person(self, who: Who) -> Calls:
        """Calls as somebody; a member gets a user of its own, and a project if there is none."""
        if who.admin:
            return self.calls
        if who not in self._people:
            self._people[who] = self._member(who)
        return self._people[who]

    def _member(self, who: Who) -> Calls:
        cloud: Any = self.calls.cloud
        identity = cloud.identity
        own = cloud.current_project.name
        name = {OPERATORS: own}.get(who.project, who.project)
        project = identity.find_project(name)
        if project is None:
            project = identity.create_project(name=name)
            self._made.callback(identity.delete_project, project)
        password = secrets.token_urlsafe(24)
        user = identity.create_user(name=f"{NAME}-{name}-{secrets.token_hex(4)}", password=password)
        self._made.callback(identity.delete_user, user)
        role = identity.find_role("member") or identity.create_role(name="member")
        identity.assign_project_role_to_user(project, user, role)
        login = {"username": user.name, "password": password, "project_name": name}
        connection = sdk.connect(
            load_yaml_config=False,
            load_envvars=False,
            auth={**cloud.config.auth, **login},
            region_name=cloud.config.get_region_name(),
            identity_api_version="3",
        )
        return Calls(connection)

    def flavor(self, flavor: nova.Flavor) -> str:
        """Id of a flavor of the documents; the one that stands for those of others is made."""
        listed = self.calls.nova("get", "/flavors/detail?is_public=None")["flavors"]
        declared = self._estate.flavors.get(flavor.name)
        name = flavor.name if declared is None else name_in_nova(declared)
        found = next((one["id"] for one in listed if one["name"] == name), None)
        if found is None:
            body = {
                "name": flavor.name,
                "vcpus": flavor.vcpus,
                "ram": flavor.memory_mb,
                "disk": flavor.root_gb,
            }
            found = self.calls.nova("post", "/flavors", {"flavor": body})["flavor"]["id"]
            self._made.callback(self.calls.nova, "delete", f"/flavors/{found}")
        return str(found)

    def image(self, person: Calls, image: nova.Image) -> str:
        """Id of an image of the documents; one of their own is made by the person."""
        if image.name in self._estate.images:
            return self._declared(image.name)
        body = {
            "name": f"{NAME} {image.name}",
            "disk_format": image.disk_format,
            "container_format": "bare",
            **image.properties,
            # What the driver needs to boot it, so that nothing but placement stands in its way.
            **self._readable(image),
        }
        made = str(person.glance("post", "/images", body)["id"])
        self._made.callback(self.calls.glance, "delete", f"/images/{made}")
        person.upload(made, self._content(image))
        return made

    def _like(self, image: nova.Image) -> Image | None:
        """An image of the documents with the same format."""
        return next(
            (one for one in self._estate.images.values() if one.disk_format == image.disk_format), None
        )

    def _readable(self, image: nova.Image) -> dict[str, str]:
        like = self._like(image)
        properties = image_properties(like) if like is not None else {}
        return {key: value for key, value in properties.items() if key.startswith("vmware_")}

    def _content(self, image: nova.Image) -> bytes:
        """Glance compares it with the format."""
        if image.disk_format == "iso":
            return bytes(0x8000) + b"\x01CD001\x01" + bytes(0x8000)
        like = self._like(image)
        return bytes(2**20) if like is None else self.calls.download(self._declared(like.name))

    def _declared(self, name: str) -> str:
        """Id of an image of the documents."""
        listed = self.calls.glance("get", f"/images?name={self._estate.images[name].glance_name}")["images"]
        if not listed:
            raise CloudError(f'the sandbox has no image "{name}": apply the environment first (estate up)')
        return str(listed[0]["id"])

    def volume_type(self, side: Hypervisor) -> tuple[str, str]:
        """A volume type for servers of one side, and the zone of its volumes."""
        for array in self._estate.storage.values():
            for kind in array.volume_types.values():
                for end in back_ends(self._estate):
                    if kind.serves is side and end.array == array.name and end.hypervisor is side:
                        return name_in_cinder(kind), end.zone
        raise CloudError(f"the documents have no volume type for {side.label}: no volume to boot from")

    def zones(self) -> dict[str, Hypervisor]:
        """Availability zone → side."""
        return {one.availability_zone: one.hypervisor for one in self._estate.aggregates.values()}

    def remove_server(self, server: str) -> None:
        """Delete a server and wait until it is gone, so that its flavor, image and volume can go."""
        self.calls.nova("delete", f"/servers/{server}")
        deadline = time.monotonic() + _PATIENCE
        while any(one["id"] == server for one in self._servers()) and time.monotonic() < deadline:
            time.sleep(0.5)

    def _servers(self) -> Any:  # noqa: ANN401 - JSON
        return self.calls.nova("get", f"/servers?all_tenants=1&name={NAME}")["servers"]

    def remove_volume(self, volume: str) -> None:
        """Delete a volume that no server has any more."""
        self.calls.cinder("post", f"/volumes/{volume}/action", {"os-force_delete": {}})

    @contextmanager
    def silenced(self, server: str) -> Iterator[None]:
        """The server's host is not heard of: Nova evacuates only from such hosts."""
        host = self.calls.nova("get", f"/servers/{server}")["server"]["OS-EXT-SRV-ATTR:host"]
        listed = self.calls.nova("get", f"/os-services?binary=nova-compute&host={host}")["services"]
        url = f"/os-services/{listed[0]['id']}"
        self.calls.nova("put", url, {"forced_down": True})
        try:
            yield
        finally:
            try:
                self.calls.nova("put", url, {"forced_down": False})
            except CloudError as error:  # until its nova-compute was started again, once it was evacuated
                self._progress.say(f"  {host} stays down: {error}")


class _Run:
    """One server, from its creation on."""

    def __init__(self, own: Reproducer, person: Calls, made: ExitStack, lands: set[Hypervisor]) -> None:
        self._own, self._person, self._made, self._lands = own, person, made, lands
        self._server = ""
        self._volume_of: nova.Image | None = None

    def step(self, step: Step, host: str | None) -> tuple[str | None, str]:
        """Take a step: where Nova sends the server, and what happened in words."""
        if step.request is None:
            self._person.nova(
                "put", f"/servers/{self._server}", {"server": {"pinned_availability_zone": None}}
            )
            return None, "done"
        try:
            if step.request.operation is Operation.CREATE:
                return self._create(step.request, host)
            return self._move(step.request)
        except CloudError as refusal:
            return None, f"refused: {refusal}"

    def _create(self, request: nova.Request, host: str | None) -> tuple[str | None, str]:
        body: dict[str, Any] = {
            "name": NAME,
            "flavorRef": self._own.flavor(request.flavor),
            "networks": "none",
        }
        zone = request.zone
        if zone is not None:
            body["availability_zone"] = zone
        if host or request.host:
            body["host"] = host or request.host
        if request.source is Source.IMAGE:
            assert request.image is not None
            body["imageRef"] = self._own.image(self._person, request.image)
        else:
            self._volume_of = request.image
            body["block_device_mapping_v2"] = [
                {
                    "uuid": self._volume(request),
                    "source_type": "volume",
                    "destination_type": "volume",
                    "boot_index": 0,
                    "delete_on_termination": False,
                }
            ]
        self._server = self._person.nova("post", "/servers", {"server": body})["server"]["id"]
        self._made.callback(self._own.remove_server, self._server)
        found = self._settled({"ACTIVE", "ERROR"})
        return self._sent(found)

    def _volume(self, request: nova.Request) -> str:
        """A volume of the person's, on the side where the server is expected to land, with the properties."""
        zones = self._own.zones()
        side = zones.get(request.zone or "") or next(iter(self._lands), Hypervisor.KVM)
        kind, zone = self._own.volume_type(side)
        # The VMware driver takes no volume that is larger than the flavor's root disk (vmops.py spawn).
        size = request.flavor.root_gb
        body: dict[str, Any] = {"size": size, "volume_type": kind, "availability_zone": zone, "name": NAME}
        own = request.image is not None and not request.image.name.startswith("own ")
        if request.image is not None and own:
            body["imageRef"] = self._own.image(self._person, request.image)
        volume = self._person.cinder("post", "/volumes", {"volume": body})["volume"]["id"]
        self._made.callback(self._own.remove_volume, volume)
        self._await_volume(volume)
        url = f"/volumes/{volume}/action"
        if not own:
            self._person.cinder("post", url, {"os-set_bootable": {"bootable": True}})
        if request.image is not None and not own and request.image.properties:
            metadata = {"metadata": dict(request.image.properties)}
            self._person.cinder("post", url, {"os-set_image_metadata": metadata})
        return str(volume)

    def _await_volume(self, volume: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            found = self._person.cinder("get", f"/volumes/{volume}")["volume"]
            if found["status"] == "available":
                return
            if found["status"].startswith("error") or time.monotonic() > deadline:
                raise CloudError(f"the volume to boot from is {found['status']}; Cinder's log says why")
            time.sleep(0.5)

    def _move(self, request: nova.Request) -> tuple[str | None, str]:
        server = self._server
        action = f"/servers/{server}/action"
        self._confirm(action)
        version = None
        match request.operation:
            case Operation.RESIZE:
                body: dict[str, Any] = {"resize": {"flavorRef": self._own.flavor(request.flavor)}}
            case Operation.REBUILD:
                assert request.image is not None
                body = {"rebuild": {"imageRef": self._own.image(self._person, request.image)}}
                if request.image == self._volume_of:
                    # Later ones put the image on the volume anew, which the VMware driver cannot do.
                    version = "2.92"
            case Operation.MIGRATE:
                body = {"migrate": {"host": request.host} if request.host else None}
            case Operation.LIVE_MIGRATE:
                body = {"os-migrateLive": {"host": request.host, "block_migration": "auto"}}
            case Operation.UNSHELVE:
                self._person.nova("post", action, {"shelve": None})
                self._settled({"SHELVED_OFFLOADED", "ERROR"})
                asked = {"availability_zone": request.zone} if request.zone else None
                body = {"unshelve": asked}
            case _:
                with self._own.silenced(server):
                    self._person.nova("post", action, {"evacuate": {}})
                    return self._sent(self._settled(_AFTER))
        self._person.nova("post", action, body, version=version)
        return self._sent(self._settled(_AFTER))

    def _confirm(self, action: str) -> None:
        """A server that was resized or migrated takes no further operation before that."""
        if self._own.calls.nova("get", f"/servers/{self._server}")["server"]["status"] == "VERIFY_RESIZE":
            self._person.nova("post", action, {"confirmResize": None})
            self._settled({"ACTIVE", "ERROR"})

    def _settled(self, wanted: set[str]) -> dict[str, Any]:
        """The server once Nova is done with it."""
        deadline = time.monotonic() + _PATIENCE
        time.sleep(0.5)  # an operation is noted a moment after it was accepted
        while True:
            found: dict[str, Any] = self._own.calls.nova("get", f"/servers/{self._server}")["server"]
            if found["OS-EXT-STS:task_state"] is None and found["status"] in wanted:
                return found
            if time.monotonic() > deadline:
                raise CloudError(
                    f"after {_PATIENCE:.0f} s the server is {found['status']} "
                    f"({found['OS-EXT-STS:task_state']})"
                )
            time.sleep(0.5)

    def _sent(self, found: dict[str, Any]) -> tuple[str | None, str]:
        """The host that the scheduler chose, also where its driver then failed."""
        ask = partial(self._own.calls.nova, "get")
        actions = f"/servers/{self._server}/os-instance-actions"
        last = ask(actions)["instanceActions"][0]["request_id"]
        newest = ask(f"{actions}/{last}")["instanceAction"]
        hosts = [one["host"] for one in newest["events"] if one["event"] in _BUILDING and one.get("host")]
        migrated = [
            one["dest_compute"]
            for one in ask(f"/os-migrations?instance_uuid={self._server}")["migrations"]
            if one["dest_compute"] and one["created_at"] >= newest["start_time"]
        ]
        fault = found.get("fault", {}).get("message", "")
        host = next(iter([*migrated, *hosts]), None)
        if host is None or "No valid host" in fault or "No valid host" in (newest["message"] or ""):
            return None, f"no valid host ({found['status']})"
        return host, f"{host} ({found['status']}{': ' + fault if found['status'] == 'ERROR' else ''})"


_BUILDING = {"compute__do_build_and_run_instance", "compute_rebuild_instance", "compute_unshelve_instance"}
"""Events of a server's actions that name the host which the scheduler chose."""
_AFTER = {"ACTIVE", "VERIFY_RESIZE", "SHUTOFF", "ERROR"}


def _alike(host: str | None, lands: tuple[str, ...], situation: Situation) -> bool:
    """Whether a host is one of those that take it, or one that no rule tells from them."""
    classes = situation.cloud.classes
    return host in classes and classes[host] in {classes[one] for one in lands}


def _sides(estate: Estate, hosts: tuple[str, ...]) -> set[Hypervisor]:
    return {
        one.hypervisor for one in estate.aggregates.values() if set(hosts) & set(estate.compute_hosts(one))
    }
