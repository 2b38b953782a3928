"""From all resources of a stack to facts: servers with the image and the flavor that they come from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from estate.model import Hypervisor
from policies import properties
from policies.catalogue import Catalogue
from policies.facts import (
    UNKNOWN,
    Facts,
    FlavorFacts,
    GroupFacts,
    ImageFacts,
    Missing,
    ServerFacts,
    Unknown,
    VolumeTypeFacts,
)
from policies.properties import SERVER, Props

_FactsT = TypeVar("_FactsT", ImageFacts, FlavorFacts)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack."""

    kind: str
    urn: str
    name: str
    props: Props
    parents: tuple[str, ...]
    """URNs, the nearest first."""
    provider: str
    """URN of the provider that makes it; empty for a component."""
    sources: Mapping[str, tuple[str, ...]]
    """Property → URNs of the resources that its value comes from, also while it is unknown."""


def facts_of(resources: Iterable[Resource], catalogue: Catalogue, *, components_seen: bool) -> Facts:
    """What they tell together, and with the catalogue. ``components_seen``: see
    ``Facts.workloads_expected``.
    """
    known = list(resources)
    of_kind: dict[str, list[Resource]] = {}
    for one in known:
        of_kind.setdefault(one.kind, []).append(one)

    def each(*kinds: str) -> list[Resource]:
        return [one for kind in kinds for one in of_kind.get(kind, [])]

    servers = each(SERVER)
    aggregates = each(properties.KVM_AGGREGATE, properties.ESXI_AGGREGATE, properties.AGGREGATE)
    surroundings = _Surroundings(
        catalogue=catalogue,
        images={
            one.urn: properties.image_facts(one.urn, one.name, one.props) for one in each(properties.IMAGE)
        },
        flavors={
            one.urn: properties.flavor_facts(one.urn, one.name, one.props) for one in each(properties.FLAVOR)
        },
        workloads={
            one.urn: properties.workload_facts(one.urn, one.name, one.props)
            for one in each(properties.WORKLOAD)
        },
        volume_types=_VolumeTypes(
            each(properties.STORAGE_ARRAY), each(properties.VOLUME_TYPE), each(properties.VOLUME), catalogue
        ),
        attachments=each(properties.ATTACHMENT),
        clouds={one.urn: _cloud(one) for one in each(properties.IMAGE, properties.FLAVOR)},
    )
    judged = {one.urn: surroundings.server(one) for one in servers}
    return Facts(
        aggregates=tuple(properties.aggregate_facts(one.urn, one.name, one.props) for one in aggregates),
        images=tuple(surroundings.images.values()),
        flavors=tuple(surroundings.flavors.values()),
        servers=(
            *(surroundings.workload(one) for one in each(properties.WORKLOAD)),
            *judged.values(),
        ),
        clusters=tuple(
            properties.cluster_facts(one.urn, one.name, one.props, one.provider)
            for one in each(properties.CLUSTER)
        ),
        datastores=tuple(
            properties.datastore_facts(one.urn, one.name, one.props, one.provider)
            for one in each(properties.NAS_DATASTORE)
        ),
        switches=tuple(
            properties.switch_facts(one.urn, one.name, one.props, one.provider)
            for one in each(properties.DISTRIBUTED_SWITCH, properties.HOST_SWITCH)
        ),
        hand_written=tuple(
            made for one in known for made in properties.hand_written(one.kind, one.urn, one.name, one.props)
        ),
        esxi_hosts=frozenset(
            [properties.text(one.props, "hostname", "") for one in each(properties.ESXI_HOST)]
            + [
                host
                for one in each(properties.ESXI_CLUSTER)
                for host in one.props.get("hosts") or ()
                if isinstance(host, str)
            ]
        ),
        zones=catalogue.zones,
        groups=tuple(
            GroupFacts(
                origin=(one.urn,),
                name=properties.text(one.props, "name", one.name),
                policy=one.props.get("policies"),
                members=tuple(
                    judged[server.urn]
                    for server in servers
                    if one.urn in server.sources.get("schedulerHints", ())
                ),
            )
            for one in each(properties.SERVER_GROUP)
        ),
        workloads_expected=components_seen,
    )


def alone(
    server: Resource, workloads: Iterable[ServerFacts], catalogue: Catalogue, *, components_seen: bool
) -> Facts:
    """What a server tells before it is created, with the workloads that were shown before it.

    Of its image and flavor the catalogue may know something, or its workload. Where they are other resources
    of the stack nothing is known yet, and only that it stands alone or names a host can be said.
    """
    surroundings = _Surroundings(
        catalogue=catalogue,
        images={},
        flavors={},
        workloads={one.origin[0]: one for one in workloads},
        volume_types=_VolumeTypes([], [], [], catalogue),
        attachments=[],
        clouds={},
    )
    told = surroundings.server(server)
    if told.image is UNKNOWN or told.flavor is UNKNOWN:
        told = replace(told, restricted=False, missing=())
    return Facts(servers=(told,), zones=catalogue.zones, workloads_expected=components_seen)


def _cloud(resource: Resource) -> tuple[str, str]:
    """Provider and region: a name means the same resource only in the same cloud."""
    return resource.provider, properties.text(resource.props, "region", "")


class _VolumeTypes:
    """Volume types of a stack, of its volumes, and of the catalogue."""

    def __init__(
        self, arrays: list[Resource], kinds: list[Resource], volumes: list[Resource], catalogue: Catalogue
    ) -> None:
        self._volumes = {one.urn: one for one in volumes}
        made = {one.urn: properties.volume_type_facts(one.name, one.props) for one in kinds}
        declared = {
            str(name): VolumeTypeFacts(name=str(name), serves=Hypervisor(facts["serves"]))
            for array in arrays
            for name, facts in array.props.get("volumeTypes", {}).items()
        }
        self._by_urn = {urn: declared.get(one.name, one) for urn, one in made.items()}
        self._by_name = {
            **catalogue.volume_types,
            **{one.name: one for one in self._by_urn.values()},
            **declared,
        }

    def named(self, name: object, sources: Iterable[str] = ()) -> tuple[VolumeTypeFacts, ...]:
        """Of a property that names a type: by what it comes from, else by its value."""
        found = tuple(self._by_urn[urn] for urn in sources if urn in self._by_urn)
        if not found and isinstance(name, str) and name in self._by_name:
            return (self._by_name[name],)
        return found

    def of_volumes(self, urns: Iterable[str]) -> tuple[VolumeTypeFacts, ...]:
        """Of volumes of the stack."""
        volumes = [self._volumes[urn] for urn in urns if urn in self._volumes]
        return tuple(
            kind
            for one in volumes
            for kind in self.named(one.props.get("volumeType"), one.sources.get("volumeType", ()))
        )


@dataclass(frozen=True, kw_only=True)
class _Surroundings:
    """What servers are judged by, by URN."""

    catalogue: Catalogue
    images: Mapping[str, ImageFacts]
    flavors: Mapping[str, FlavorFacts]
    workloads: Mapping[str, ServerFacts]
    volume_types: _VolumeTypes
    attachments: list[Resource]
    clouds: Mapping[str, tuple[str, str]]

    def workload(self, resource: Resource) -> ServerFacts:
        named = resource.props.get("volumeTypes") or ()
        kinds = tuple(kind for name in named for kind in self.volume_types.named(name))
        return replace(self.workloads[resource.urn], volume_types=kinds)

    def server(self, server: Resource) -> ServerFacts:
        workload = next((self.workloads[urn] for urn in server.parents if urn in self.workloads), None)
        name = properties.text(server.props, "name", server.name)
        restricted, reason = self._restriction(server, name)
        if workload is not None and workload.restricted is not False:
            restricted, reason = workload.restricted, workload.reason

        devices = server.props.get("blockDevices")
        keys: tuple[str, ...] = ("imageId", "imageName")
        literals = [server.props.get(key) for key in keys]
        boots_from_image = not devices or properties.boots_from_image(devices)
        if devices and boots_from_image:
            keys, literals = ("blockDevices",), [one.get("uuid") for one in devices]
        image = self._source(server, self.images, self.catalogue.images, keys, literals)
        if not boots_from_image:
            image = UNKNOWN  # from a volume: its image's tags are the volume's, and can be edited there
        keys = ("flavorId", "flavorName")
        named = [server.props.get(key) for key in keys]
        flavor = self._source(server, self.flavors, self.catalogue.flavors, keys, named)
        missing: tuple[Missing, ...] = ()
        if workload is not None:
            # An id that comes from elsewhere (an import, a literal): the component says what it stands for.
            image, flavor = image or workload.image, flavor or workload.flavor
        else:
            missing = tuple(
                Missing(kind=kind, named=next((one for one in given if isinstance(one, str)), None))
                for kind, found, given in (("image", image, literals), ("flavor", flavor, named))
                if found is None or (found is UNKNOWN and (kind == "flavor" or boots_from_image))
            )
        return ServerFacts(
            origin=(server.urn,),
            kind="server",
            name=name,
            workload=workload.workload if workload is not None else None,
            restricted=restricted,
            reason=reason,
            image=image or UNKNOWN,
            flavor=flavor or UNKNOWN,
            zone=properties.zone(server.props),
            host=server.props.get("hypervisorHostname") or None,
            volume_types=self._volume_types(server),
            missing=missing,
            misspelt_key=properties.misspelt_key(properties.tags(server.props.get("metadata"))),
        )

    def _restriction(self, server: Resource, name: str) -> tuple[bool | Unknown, str | None]:
        """By the catalogue's register, else by its own metadata."""
        # The provider adds a random ending to the name of a resource that gives its server none.
        for one in (name, server.name):
            if one in self.catalogue.restricted:
                return True, self.catalogue.restricted[one]
        metadata = properties.tags(server.props.get("metadata"))
        if isinstance(metadata, Unknown):
            return UNKNOWN, properties.reason(UNKNOWN)
        own = metadata.get(properties.RESTRICTION_KEY)
        return own is not None, properties.reason(own)

    def _volume_types(self, server: Resource) -> tuple[VolumeTypeFacts, ...]:
        devices = server.props.get("blockDevices")
        types = [
            kind
            for one in (devices if isinstance(devices, tuple) else ())
            if isinstance(one, Mapping)
            for kind in self.volume_types.named(one.get("volumeType"))
        ]
        types += self.volume_types.of_volumes(server.sources.get("blockDevices", ()))
        for one in self.attachments:
            if server.urn in one.sources.get("instanceId", ()):
                types += self.volume_types.of_volumes(one.sources.get("volumeId", ()))
        return tuple(dict.fromkeys(types))

    def _source(
        self,
        server: Resource,
        known: Mapping[str, _FactsT],
        catalogue: Mapping[str, _FactsT],
        keys: Iterable[str],
        literals: Iterable[object],
    ) -> _FactsT | Unknown | None:
        """What the properties come from or name, in the stack or in the catalogue.

        ``UNKNOWN``: more than one; ``None``: none.
        """
        urns = {urn for key in keys for urn in server.sources.get(key, ()) if urn in known}
        given = {one for one in literals if isinstance(one, str)}
        if not urns:
            own = _cloud(server)
            urns = {urn for urn, one in known.items() if one.name in given and self.clouds[urn] == own}
        found = [known[urn] for urn in sorted(urns)] or [
            catalogue[one] for one in sorted(given & catalogue.keys())
        ]
        if len(found) > 1 and any(
            replace(one, name="", origin=()) != replace(found[0], name="", origin=()) for one in found
        ):
            return UNKNOWN
        return found[0] if found else None
