"""The program's registrations, recorded: raw inputs, dependencies and options as the engine gets them.

The program runs on a monitor that only listens (``pulumi.runtime.mocks``): no engine, no plugin, no cloud.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pulumi
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks, set_mocks
from pulumi.runtime.proto.resource_pb2 import RegisterResourceOutputsRequest, RegisterResourceRequest
from pulumi.runtime.settings import set_root_resource

from components.landscape import build
from estate.model import Estate
from estate.model.images import glance_name
from estate.model.partition import Share, whole
from estate.model.workloads import UserData
from estate.openstack.existing import Existing
from estate.vsphere.connections import Login
from review.registration import Registration

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the SDK writes for a value that is not known at preview."""
LOGIN = Login.model_validate({"server": "127.0.0.1:8989", "username": "u", "password": "hunter2"})
"""A login that nobody asks for."""


_EXPORTS = ("clusters", "servers")
"""What stacks of an environment hand out to each other."""


class _Cloud(Mocks):
    """Gives every resource an id made of its name; at preview none. Other stacks have all ``names``."""

    def __init__(self, preview: bool, names: Iterable[str]) -> None:
        self._preview = preview
        self._names = tuple(names)

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":
            handed_out = {name: f"{name} of {args.name}" for name in self._names}
            return args.name, {"name": args.name, "outputs": dict.fromkeys(_EXPORTS, handed_out)}
        return (None if self._preview else f"id-{args.name}", args.inputs)

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {"id": f"id-of-{args.args['name']}", **args.args}, []


class Recorder(MockMonitor):
    """Keeps each raw request; URNs are the engine's, and one that comes twice is an error as there."""

    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.requests: dict[str, Any] = {}
        self.outputs: dict[str, Any] = {}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """As the engine makes them."""
        above = parent.split("::")[2] if parent else ""
        chain = "" if above == "pulumi:pulumi:Stack" else f"{above}$"
        return f"urn:pulumi:stack::estate::{chain if above else ''}{type_}::{name}"

    def RegisterResource(self, request: RegisterResourceRequest) -> object:  # noqa: N802 - the SDK's name
        """Keep the request."""
        urn = self.make_urn(request.parent, request.type, request.name)
        assert urn not in self.requests, f"duplicate resource {urn}"
        self.requests[urn] = request
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def RegisterResourceOutputs(self, request: RegisterResourceOutputsRequest) -> object:  # noqa: N802
        """Keep what a component hands out."""
        self.outputs[request.urn] = MessageToDict(request.outputs)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


def record(
    program: Callable[[], object], *, preview: bool = False, names: Iterable[str] = ()
) -> dict[str, Registration]:
    """Run ``program`` under mocks; what it registered, by ``TYPE::NAME`` with the type's last word.

    A component of the same type and name as a resource is there by its whole type.

    :param names: what other stacks that it refers to hand out.
    """
    asyncio.set_event_loop(asyncio.new_event_loop())
    mocks = _Cloud(preview, names)
    recorder = Recorder(mocks)
    set_root_resource(None)  # type: ignore[arg-type]  # the last one has what its program asked of all
    set_mocks(mocks, project="estate", stack="stack", preview=preview, monitor=recorder)
    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
    found: dict[str, Registration] = {}
    for urn, request in recorder.requests.items():
        if request.type == "pulumi:pulumi:Stack":
            continue
        key = f"{request.type.split(':')[-1]}::{request.name}"
        if key in found:  # a component whose main resource has its name
            component = found.pop(key)
            found[f"{component.type}::{component.name}"] = component
        found[key] = Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            custom=request.custom,
            parent=request.parent,
            inputs=MessageToDict(request.object),
            dependencies=frozenset(_key(one) for one in request.dependencies),
            property_dependencies={
                name: frozenset(_key(one) for one in value.urns)
                for name, value in request.propertyDependencies.items()
                if value.urns
            },
            protect=request.protect,
            delete_before_replace=request.deleteBeforeReplace,
            replace_on_changes=tuple(request.replaceOnChanges),
            ignore_changes=tuple(request.ignoreChanges),
            import_id=request.importId,
            aliases=tuple((one.spec.name, one.spec.parentUrn) for one in request.aliases),
            provider=request.provider,
            outputs=recorder.outputs.get(urn, {}),
        )
    return found


def record_estate(
    estate: Estate,
    share: Share | None = None,
    *,
    preview: bool = False,
    contents: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Registration]:
    """What ``build`` registers for an estate as one stack, or for a share of it.

    User data is what documents say, of files their name. ``contents``: what is known of images' files, by the
    image's name in Glance; another content is another image to Glance.
    """
    names = [*estate.clusters, *estate.servers()]
    return record(program_of(estate, share, contents), preview=preview, names=names)


def program_of(estate: Estate, share: Share | None, contents: Mapping[str, str]) -> Callable[[], object]:
    """The program, without its documents."""
    logins = dict.fromkeys(estate.vcenters, LOGIN)
    files = {  # as `components.image_files` does: a path that follows the content, not the image's name
        called: f".estate/images/{contents.get(called, '')}{image.source(version).file_name}"
        for name, image in estate.images.items()
        for version in image.versions
        for called in (glance_name(name, version),)
    }
    texts = {server: str(data.text) for server, data in _user_data(estate)}
    ports = [f"{server}/{name}" for server, one in estate.servers().items() for name in one.addresses]
    existing = Existing(
        images=_in_the_cloud(files),
        flavors=_in_the_cloud(estate.flavors),
        networks=_in_the_cloud(estate.networks),
        security_groups=_in_the_cloud(estate.security_groups),
        volume_types={name: name for name in estate.volume_types},
        ports=_in_the_cloud(ports),
    )
    return lambda: build(
        estate,
        share or whole(estate),
        logins=logins,
        image_files=files,
        user_data=texts,
        existing=existing,
    )


def _in_the_cloud(names: Iterable[str]) -> dict[str, str]:
    return {name: f"{name} in the cloud" for name in names}


def _user_data(estate: Estate) -> Iterator[tuple[str, UserData]]:
    for workload in estate.workloads.values():
        for server in workload.servers:
            if (data := workload.member(server).user_data) is not None:
                yield server, data


def _key(urn: str) -> str:
    kind, name = urn.split("::")[2:]
    return f"{kind.split('$')[-1].split(':')[-1]}::{name}"
