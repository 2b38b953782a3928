"""Nova and placement in a few lines, with the ways of theirs that isolation depends on.

Add-host writes Nova's membership first. Without a compute node the call then fails (500); without a
resource provider it succeeds and the mirror is missing (nova/compute/api.py
``AggregateAPI.add_host_to_aggregate``, nova 34).
"""

from dataclasses import dataclass, field
from typing import Any

from openstack import exceptions

from estate.openstack.computes import NEW_SERVICE

TRAIT = "CUSTOM_HV_VMWARE"


@dataclass
class Thing:
    """An object of openstacksdk: attributes, nothing else."""

    id: str = ""
    name: str = ""
    host: str = ""
    status: str = "enabled"
    state: str = "up"
    disabled_reason: str | None = None
    service_details: dict[str, str] = field(default_factory=dict)
    uuid: str = ""
    availability_zone: str | None = None
    hosts: list[str] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass
class Answer:
    """An HTTP answer."""

    status_code: int
    body: Any = None
    text: str = ""

    def json(self) -> Any:
        return self.body


@dataclass
class Provider:
    """A resource provider."""

    traits: set[str] = field(default_factory=set)
    aggregates: set[str] = field(default_factory=set)
    generation: int = 0


class FakeCloud:
    """Stands for an openstacksdk connection: ``compute`` and ``placement`` are the same object."""

    def __init__(self) -> None:
        self.compute = self
        self.placement = self
        self._services: dict[str, Thing] = {}
        self._nodes: dict[str, Thing] = {}
        self.providers: dict[str, Provider] = {}
        self.aggregate = Thing(id="7", uuid="agg-uuid", name="vendor")
        self.others: list[Thing] = []
        self.running: list[Thing] = []
        self.calls: list[str] = []

    # How it comes to be as a test wants it.

    def add_service(self, host: str, *, status: str = "disabled", reason: str | None = NEW_SERVICE) -> None:
        self._services[host] = Thing(id=f"s-{host}", host=host, status=status, disabled_reason=reason)

    def add_node(self, host: str, name: str = "domain-c1.vc") -> None:
        self._nodes[host] = Thing(id=f"n-{host}", name=name, service_details={"host": host})

    def add_provider(self, host: str, *traits: str) -> None:
        self.providers[f"n-{host}"] = Provider(traits=set(traits))

    def add_ready(self, host: str, name: str = "domain-c1.vc") -> None:
        self.add_service(host)
        self.add_node(host, name)
        self.add_provider(host, TRAIT)

    def service(self, host: str) -> Thing:
        return self._services[host]

    # What openstacksdk offers of Nova.

    def services(self, *, binary: str, host: str | None = None) -> list[Thing]:
        assert binary == "nova-compute"
        return [one for one in self._services.values() if host in (None, one.host)]

    def aggregates(self) -> list[Thing]:
        return [self.aggregate, *self.others]

    def get_aggregate(self, aggregate: str) -> Thing:
        if aggregate != self.aggregate.id:
            raise exceptions.NotFoundException("no such aggregate")
        return self.aggregate

    def set_aggregate_metadata(self, aggregate: str, metadata: dict[str, str]) -> None:
        self.calls.append("metadata")
        self.get_aggregate(aggregate).metadata |= metadata

    def add_host_to_aggregate(self, aggregate: str, host: str) -> None:
        self.calls.append(f"add {host}")
        found = self.get_aggregate(aggregate)
        if host not in self._services:
            raise exceptions.NotFoundException(f"Compute host {host} could not be found.")
        if host in found.hosts:
            raise exceptions.ConflictException("exists")
        found.hosts.append(host)
        if host not in self._nodes:
            raise exceptions.HttpException("list index out of range", http_status=500)
        provider = self.providers.get(f"n-{host}")
        if provider is not None:
            provider.aggregates.add(found.uuid)

    def remove_host_from_aggregate(self, aggregate: str, host: str) -> None:
        self.calls.append(f"remove {host}")
        self.get_aggregate(aggregate).hosts.remove(host)
        self.providers[f"n-{host}"].aggregates.discard(self.aggregate.uuid)

    def servers(self, *, all_projects: bool, compute_host: str) -> list[Thing]:
        assert all_projects
        return [one for one in self.running if one.host == compute_host]

    # What is asked by path: services of Nova, all of placement.

    def get(self, path: str, *, params: dict[str, str], microversion: str) -> Answer:
        if path == "/os-hypervisors/detail":
            assert microversion == "2.53"
            return self._hypervisors(params)
        assert microversion == "1.19"
        if path == "/resource_providers":
            if params.get("required") not in (
                None,
                *(trait for one in self.providers.values() for trait in one.traits),
            ):
                return Answer(400, text="No such trait(s)")
            return Answer(
                200,
                {
                    "resource_providers": [
                        {"uuid": uuid}
                        for uuid, one in self.providers.items()
                        if params.get("required") in (None, *one.traits)
                        and params.get("member_of") in (None, *one.aggregates)
                    ]
                },
            )
        provider = self.providers.get(path.split("/")[2])
        if provider is None:
            return Answer(404)
        if path.endswith("/traits"):
            return Answer(200, {"traits": sorted(provider.traits)})
        return Answer(
            200,
            {
                "aggregates": sorted(provider.aggregates),
                "resource_provider_generation": provider.generation,
            },
        )

    def _hypervisors(self, params: dict[str, str]) -> Answer:
        """Two a page, with a link to the next while there is one."""
        nodes = list(self._nodes.values())
        ids = [one.id for one in nodes]
        start = ids.index(params["marker"]) + 1 if "marker" in params else 0
        shown = [
            {"id": one.id, "hypervisor_hostname": one.name, "service": one.service_details}
            for one in nodes[start : start + 2]
        ]
        more = {"hypervisors_links": [{"rel": "next"}]} if start + 2 < len(nodes) else {}
        return Answer(200, {"hypervisors": shown, **more})

    def delete(self, path: str, *, microversion: str) -> Answer:
        assert microversion == "2.53"
        service = next(one for one in self._services.values() if one.id == path.split("/")[2])
        self.calls.append(f"delete {service.host}")
        del self._services[service.host]
        return Answer(204)

    def put(self, path: str, *, json: dict[str, Any], microversion: str) -> Answer:
        if path.startswith("/os-services/"):
            assert microversion == "2.53"
            service = next(one for one in self._services.values() if one.id == path.split("/")[2])
            self.calls.append(f"{json['status']} {service.host}")
            service.status, service.disabled_reason = json["status"], json.get("disabled_reason")
            return Answer(200)
        provider = self.providers[path.split("/")[2]]
        if json["resource_provider_generation"] != provider.generation:
            return Answer(409)
        self.calls.append(f"mirror {path.split('/')[2]}")
        provider.aggregates, provider.generation = set(json["aggregates"]), provider.generation + 1
        return Answer(200)
