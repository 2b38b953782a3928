"""Takes one setting of the guarantee away from a running sandbox, really, and gives it back.

Files that operators were given are written without the line, and the services that read them are restarted;
what Nova, Glance or placement keep is changed by their APIs.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from estate.model import Estate
from estate.openstack.calls import Calls
from estate.openstack.errors import CloudError
from estate.placement.proof import Kind, Setting
from estate.placement.triple import name_in_nova
from sandbox import fragments
from sandbox.from_estate import shape
from sandbox.lifecycle import Running
from sandbox.reconfigure import reconfigure
from sandbox.shape import Shape
from toolchain.progress import Progress

ZONE = "availability_zone"


class Withdrawal:
    """What a setting is in one sandbox that an environment's documents shaped.

    :param calls: of an administrator.
    """

    def __init__(self, calls: Calls, running: Running, estate: Estate, progress: Progress) -> None:
        self._calls, self._running, self._estate, self._progress = calls, running, estate, progress
        self._shape = shape(estate, estate.estate.name)

    @contextmanager
    def without(self, setting: Setting) -> Iterator[None]:
        """Within the body the sandbox has no such setting. Raises ``CloudError`` if it cannot be taken."""
        match setting.kind:
            case Kind.NOVA_CONF | Kind.NOVA_POLICY | Kind.PROTECTION | Kind.GLANCE_CONF | Kind.CINDER_POLICY:
                way = self._files(less(self._shape, setting))
            case Kind.PROVIDER:
                way = self._trait(setting)
            case Kind.AGGREGATE if setting.key == ZONE:
                way = self._zone(setting.subject)
            case Kind.AGGREGATE:
                way = self._aggregate(setting)
            case Kind.FLAVOR:
                way = self._extra_spec(setting)
            case Kind.FLAVOR_ACCESS:
                way = self._access(setting.subject)
            case Kind.IMAGE:
                way = self._property(setting)
        with way:
            yield

    @contextmanager
    def _files(self, other: Shape) -> Iterator[None]:
        reconfigure(self._running, self._shape, other, self._progress)
        try:
            yield
        finally:
            reconfigure(self._running, other, self._shape, self._progress)

    @contextmanager
    def _trait(self, setting: Setting) -> Iterator[None]:
        """Nova adds the traits of provider.yaml to its provider and takes none away: the operator does."""
        other = less(self._shape, setting)
        url = f"/resource_providers/{self._provider(setting.subject)}/traits"
        try:
            with self._files(other):
                found = self._calls.placement("get", url)
                kept = [one for one in found["traits"] if one != setting.key]
                self._calls.placement("put", url, {**found, "traits": kept})
                yield
        finally:
            found = self._calls.placement("get", url)
            again = sorted({*found["traits"], setting.key})
            self._calls.placement("put", url, {**found, "traits": again})

    @contextmanager
    def _aggregate(self, setting: Setting) -> Iterator[None]:
        found = self._found_aggregate(setting.subject)
        value = found["metadata"][setting.key]
        self._metadata(found["id"], {setting.key: None})
        try:
            yield
        finally:
            self._metadata(found["id"], {setting.key: value})

    @contextmanager
    def _zone(self, name: str) -> Iterator[None]:
        """Nova takes no zone off an aggregate: it is made anew without one, while no server runs there."""
        found = self._found_aggregate(name)
        for host in found["hosts"]:
            if self._calls.nova("get", f"/servers?all_tenants=1&host={host}")["servers"]:
                raise CloudError(
                    f'the zone of aggregate "{name}" cannot be taken away: {host} has servers, and Nova then '
                    "keeps a host in its zone (nova/compute/api.py is_safe_to_update_az)"
                )
        plain = {key: value for key, value in found["metadata"].items() if key != ZONE}
        self._remake(found["id"], name, plain, found["hosts"], zone=None)
        try:
            yield
        finally:
            now = self._found_aggregate(name)
            self._remake(now["id"], name, plain, found["hosts"], zone=found["metadata"][ZONE])

    def _remake(
        self, id_: int, name: str, metadata: dict[str, str], hosts: list[str], *, zone: str | None
    ) -> None:
        for host in hosts:
            self._calls.nova("post", f"/os-aggregates/{id_}/action", {"remove_host": {"host": host}})
        self._calls.nova("delete", f"/os-aggregates/{id_}")
        body = {"aggregate": {"name": name, **({ZONE: zone} if zone else {})}}
        made = self._calls.nova("post", "/os-aggregates", body)["aggregate"]
        self._metadata(made["id"], metadata)
        for host in hosts:
            self._calls.nova("post", f"/os-aggregates/{made['id']}/action", {"add_host": {"host": host}})

    @contextmanager
    def _extra_spec(self, setting: Setting) -> Iterator[None]:
        url = f"/flavors/{self._found_flavor(setting.subject)['id']}/os-extra_specs"
        value = self._calls.nova("get", f"{url}/{setting.key}")[setting.key]
        self._calls.nova("delete", f"{url}/{setting.key}")
        try:
            yield
        finally:
            self._calls.nova("post", url, {"extra_specs": {setting.key: value}})

    @contextmanager
    def _access(self, name: str) -> Iterator[None]:
        """Whether a flavor is public is said when it is made."""
        found = self._found_flavor(name)
        granted = self._calls.nova("get", f"/flavors/{found['id']}/os-flavor-access")["flavor_access"]
        self._remake_flavor(found, public=True)
        try:
            yield
        finally:
            self._remake_flavor(found, public=False)
            for one in granted:
                body = {"addTenantAccess": {"tenant": one["tenant_id"]}}
                self._calls.nova("post", f"/flavors/{found['id']}/action", body)

    def _remake_flavor(self, found: dict[str, Any], *, public: bool) -> None:
        kept = ("id", "name", "vcpus", "ram", "disk")
        body = {key: found[key] for key in kept} | {"os-flavor-access:is_public": public}
        self._calls.nova("delete", f"/flavors/{found['id']}")
        self._calls.nova("post", "/flavors", {"flavor": body})
        specs = {"extra_specs": found["extra_specs"]}
        self._calls.nova("post", f"/flavors/{found['id']}/os-extra_specs", specs)

    @contextmanager
    def _property(self, setting: Setting) -> Iterator[None]:
        name = self._estate.images[setting.subject].glance_name
        (image,) = self._calls.glance("get", f"/images?name={name}")["images"]
        url, path = f"/images/{image['id']}", f"/{setting.key}"
        self._calls.glance("patch", url, [{"op": "remove", "path": path}])
        try:
            yield
        finally:
            self._calls.glance("patch", url, [{"op": "add", "path": path, "value": image[setting.key]}])

    def _provider(self, host: str) -> str:
        listed = self._calls.nova("get", "/os-hypervisors/detail")["hypervisors"]
        return str(next(one["id"] for one in listed if one["service"]["host"] == host))

    def _found_aggregate(self, name: str) -> dict[str, Any]:
        listed = self._calls.nova("get", "/os-aggregates")["aggregates"]
        found: dict[str, Any] = next(one for one in listed if one["name"] == name)
        return found

    def _found_flavor(self, name: str) -> dict[str, Any]:
        listed = self._calls.nova("get", "/flavors/detail?is_public=None")["flavors"]
        there = name_in_nova(self._estate.flavors[name])
        found: dict[str, Any] = next(one for one in listed if one["name"] == there)
        return found

    def _metadata(self, aggregate: int, metadata: Mapping[str, str | None]) -> None:
        body = {"set_metadata": {"metadata": metadata}}
        self._calls.nova("post", f"/os-aggregates/{aggregate}/action", body)


def less(shape: Shape, setting: Setting) -> Shape:
    """The shape whose files do not have the setting, which stands in one of them."""
    match setting.kind:
        case Kind.NOVA_CONF:
            text = fragments.changed(shape.scheduler_conf, setting.subject, setting.key, setting.instead)
            return replace(shape, scheduler_conf=text)
        case Kind.GLANCE_CONF:
            text = fragments.changed(shape.glance_conf, setting.subject, setting.key, setting.instead)
            return replace(shape, glance_conf=text)
        case Kind.PROTECTION:
            block = rf"^\[{re.escape(setting.key)}\]\n(?:(?!\[).*\n)*"
            return replace(shape, glance_protections=_cut(block, shape.glance_protections))
        case Kind.CINDER_POLICY:
            return replace(shape, cinder_policy=_cut(_rule(setting), shape.cinder_policy))
        case Kind.NOVA_POLICY:
            return replace(shape, nova_policy=_cut(_rule(setting), shape.nova_policy))
        case Kind.PROVIDER:
            return replace(
                shape,
                kvm_hosts=tuple(_without_trait(one, one.name, setting) for one in shape.kvm_hosts),
                clusters=tuple(_without_trait(one, one.compute_host, setting) for one in shape.clusters),
            )
        case _:
            raise AssertionError(f"{setting.name} stands in no file")


def _without_trait(one: Any, host: str, setting: Setting) -> Any:  # noqa: ANN401 - KvmHost or Cluster
    if host != setting.subject:
        return one
    kept = _cut(rf"^\s*- {re.escape(setting.key)}\n", one.provider_yaml)
    # nova-compute ends at a list without items (nova/compute/provider_config.py).
    return replace(one, provider_yaml=re.sub(r"additional:\n(?!\s*- )", "additional: []\n", kept))


def _rule(setting: Setting) -> str:
    return rf'^"{re.escape(setting.key)}":.*\n'


def _cut(pattern: str, text: str) -> str:
    kept, times = re.subn(pattern, "", text, flags=re.MULTILINE)
    assert times == 1, (pattern, text)
    return kept
