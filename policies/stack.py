"""From all resources of a stack to facts: servers with the image and the flavor that they come from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar
from uuid import UUID

from estate.model import Hypervisor
from estate.placement.triple import IMAGE_TYPE, REQUIRED, trait_key
from policies import named, properties
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
from policies.named import Named
from policies.properties import SERVER, Props
from policies.spelling import host_name

_FactsT = TypeVar("_FactsT", ImageFacts, FlavorFacts)
_FACTS = (ImageFacts, FlavorFacts)
_RIGHT_IMAGE = ImageFacts(
    origin=(),
    name="",
    disk_format="vmdk",
    properties={"hypervisor_type": IMAGE_TYPE[Hypervisor.ESXI], trait_key(Hypervisor.ESXI): REQUIRED},
)
_RIGHT_FLAVOR = FlavorFacts(
    origin=(), name="", extra_specs={trait_key(Hypervisor.ESXI): REQUIRED}, public=False
)
"""Of a restricted server: what nobody can find fault with."""


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
    id: str | None = None
    """That the cloud gave it; ``None`` while it is not known."""


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
        images=_Known(
            [(one, properties.image_facts(one.urn, one.name, one.props)) for one in each(properties.IMAGE)],
            catalogue.images,
        ),
        flavors=_Known(
            [(one, properties.flavor_facts(one.urn, one.name, one.props)) for one in each(properties.FLAVOR)],
            catalogue.flavors,
        ),
        workloads={
            one.urn: properties.workload_facts(one.urn, one.name, one.props)
            for one in each(properties.WORKLOAD)
        },
        volume_types=_VolumeTypes(
            each(properties.STORAGE_ARRAY), each(properties.VOLUME_TYPE), each(properties.VOLUME), catalogue
        ),
        attachments=each(properties.ATTACHMENT),
    )
    judged = {one.urn: surroundings.server(one) for one in servers}
    return Facts(
        aggregates=tuple(properties.aggregate_facts(one.urn, one.name, one.props) for one in aggregates),
        images=surroundings.images.facts,
        flavors=surroundings.flavors.facts,
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
        hosts=catalogue.hosts,
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
    of the stack nothing is known yet: of a server that must stay on ESXi the rest is judged as if they were
    right, of others only that it stands alone or names a host can be said.
    """
    surroundings = _Surroundings(
        catalogue=catalogue,
        images=_Known([], catalogue.images),
        flavors=_Known([], catalogue.flavors),
        workloads={one.origin[0]: one for one in workloads},
        volume_types=_VolumeTypes([], [], [], catalogue),
        attachments=[],
    )
    told = surroundings.server(server)
    told = replace(told, volume_types=tuple(one for one in told.volume_types if one.serves is not None))
    if told.image is UNKNOWN or told.flavor is UNKNOWN:
        told = replace(told, missing=())
        if told.restricted is True:
            told = replace(
                told,
                image=_RIGHT_IMAGE if told.image is UNKNOWN else told.image,
                flavor=_RIGHT_FLAVOR if told.flavor is UNKNOWN else told.flavor,
            )
        else:
            told = replace(told, restricted=False)
    return Facts(servers=(told,), zones=catalogue.zones, workloads_expected=components_seen)


def _cloud(resource: Resource) -> tuple[str, str]:
    """Provider and region: a name means the same resource only in the same cloud.

    A region that is not known yet is that of this resource alone.
    """
    open_region = isinstance(resource.props.get("region"), Unknown)
    return resource.provider, resource.urn if open_region else properties.text(resource.props, "region", "")


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
        """Of a property that names a type: by what it comes from, else by its value. Of one that nobody
        describes nothing says which side it serves; without a name it is the cloud's own choice, and none.
        """
        found = tuple(self._by_urn[urn] for urn in sources if urn in self._by_urn)
        if found or not name:
            return found
        if isinstance(name, str):
            return (self._by_name.get(name, VolumeTypeFacts(name=name, serves=None)),)
        return (VolumeTypeFacts(name="", serves=None),)

    def of_volumes(self, urns: Iterable[str]) -> tuple[VolumeTypeFacts, ...]:
        """Of volumes of the stack."""
        volumes = [self._volumes[urn] for urn in urns if urn in self._volumes]
        return tuple(
            kind
            for one in volumes
            for kind in self.named(one.props.get("volumeType"), one.sources.get("volumeType", ()))
        )


class _Known(Generic[_FactsT]):
    """Images or flavors: of a stack, and of the catalogue."""

    def __init__(self, made: list[tuple[Resource, _FactsT]], catalogue: Mapping[str, _FactsT]) -> None:
        self._made: dict[str, tuple[Resource, _FactsT]] = {one[0].urn: one for one in made}
        self._catalogue: Mapping[str, _FactsT] = catalogue
        self._by_id: dict[str, list[Resource]] = {}
        self._by_name: dict[str, list[Resource]] = {}
        for resource, _ in made:
            for one in _ids(resource):
                self._by_id.setdefault(one, []).append(resource)
            name = resource.props.get("name", resource.name)
            if isinstance(name, str):
                self._by_name.setdefault(name, []).append(resource)

    @property
    def facts(self) -> tuple[_FactsT, ...]:
        """Of those of the stack."""
        return tuple(facts for _, facts in self._made.values())

    def of(self, server: Resource, said: Iterable[Named]) -> _FactsT | Unknown | None:
        """What all of these properties of a server lead to.

        ``UNKNOWN``: more than one, or one that cannot be told yet; ``None``: something that is neither in
        the stack nor in the catalogue.
        """
        found = [self._one(server, one) for one in said]
        if any(one is None for one in found):
            return None
        return _alike([one for one in found if one is not None])

    def unread(self, server: Resource, said: Iterable[Named]) -> str | None:
        """The id or name that leads to nothing; ``None`` where not even that is known."""
        value = next((one.value for one in said if not isinstance(self._one(server, one), _FACTS)), None)
        return value if isinstance(value, str) and value else None

    def _one(self, server: Resource, said: Named) -> _FactsT | Unknown | None:
        sources = server.sources.get(said.key, ())
        if isinstance(said.value, Unknown):
            return self._unknown(said, sources)
        if not isinstance(said.value, str):
            return None
        # What a known value comes from says nothing: a program can make any text of any output.
        own = _cloud(server)
        found = [
            self._made[one.urn][1]
            for one in (self._by_id if said.by_id else self._by_name).get(said.value, ())
            if one.urn in sources or _cloud(one) == own
        ]
        if found:
            return _alike(found)
        # The catalogue has ids and names side by side; whatever is named like an id is another thing.
        return None if not said.by_id and _is_id(said.value) else self._catalogue.get(said.value)

    def _unknown(self, said: Named, sources: tuple[str, ...]) -> _FactsT | Unknown | None:
        """Of a value that is not known yet: the one resource that it comes from.

        The engine does not tell an id from what ``apply`` makes of it. It does tell a name: at preview the
        provider has that of a new resource already, so that only one which the resource itself does not know
        yet can be missing.
        """
        # Of block devices the engine names the sources of all of them together: of several images that are
        # not known one may come from anything among them.
        urns = [urn for urn in sources if urn in self._made]
        if not urns:
            return None
        if len(urns) > 1 or (len(sources) > 1 and not said.among_known):
            return UNKNOWN
        resource, facts = self._made[urns[0]]
        plain = said.by_id or isinstance(resource.props.get("name"), Unknown)
        return facts if plain else UNKNOWN


def _ids(resource: Resource) -> set[str]:
    """Ids of an image or a flavor: that the cloud gave, or that the program chose."""
    key = "imageId" if resource.kind == properties.IMAGE else "flavorId"
    return {one for one in (resource.id, resource.props.get(key)) if isinstance(one, str)}


def _is_id(text: str) -> bool:
    """Whether it is an id as Glance and Nova give them."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _alike(found: Sequence[_FactsT | Unknown]) -> _FactsT | Unknown:
    """The one that is found, or one of several that say the same."""
    first = found[0]
    if isinstance(first, Unknown):
        return UNKNOWN
    for one in found[1:]:
        if isinstance(one, Unknown) or replace(one, name="", origin=()) != replace(first, name="", origin=()):
            return UNKNOWN
    return first


@dataclass(frozen=True, kw_only=True)
class _Surroundings:
    """What servers are judged by, by URN."""

    catalogue: Catalogue
    images: _Known[ImageFacts]
    flavors: _Known[FlavorFacts]
    workloads: Mapping[str, ServerFacts]
    volume_types: _VolumeTypes
    attachments: list[Resource]

    def workload(self, resource: Resource) -> ServerFacts:
        named = resource.props.get("volumeTypes") or ()
        kinds = tuple(kind for name in named for kind in self.volume_types.named(name))
        return replace(self.workloads[resource.urn], volume_types=kinds)

    def server(self, server: Resource) -> ServerFacts:
        above = next((self.workloads[urn] for urn in server.parents if urn in self.workloads), None)
        name = properties.text(server.props, "name", server.name)
        restricted, reason = self._restriction(server, name)
        if above is not None and above.restricted is not False:
            restricted, reason = above.restricted, above.reason
        # The servers that a workload names are those that it makes: the engine takes no second one of that
        # name in there. Of any other below it the workload says nothing.
        workload = above if above is not None and server.name in above.members else None

        said = named.image(server.props)
        image = UNKNOWN if isinstance(said, Unknown) else self.images.of(server, said)
        flavors = named.flavor(server.props)
        flavor = self.flavors.of(server, flavors)
        missing: list[Missing] = []
        if workload is not None:
            # An id that comes from elsewhere (an import, a literal): the component says what it stands for.
            image, flavor = image or workload.image, flavor or workload.flavor
        else:
            if not isinstance(said, Unknown) and not isinstance(image, ImageFacts):
                missing.append(Missing(kind="image", named=self.images.unread(server, said)))
            if not isinstance(flavor, FlavorFacts):
                missing.append(Missing(kind="flavor", named=self.flavors.unread(server, flavors)))
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
            missing=tuple(missing),
            misspelt_key=properties.misspelt_key(properties.tags(server.props.get("metadata"))),
            internal_hint=properties.internal_hint(server.props),
            registered_as=self._registered_as(server, name),
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
        if own is None and self.catalogue.restricted and isinstance(server.props.get("name"), Unknown):
            return UNKNOWN, properties.reason(UNKNOWN)  # the register may have it
        return own is not None, properties.reason(own)

    def _registered_as(self, server: Resource, name: str) -> str | None:
        """The server of the register that is probably meant by a name that is not in there."""
        names = (name, server.name)
        if any(one in self.catalogue.restricted for one in names):
            return None
        registered = self.catalogue.restricted_hosts
        return next((registered[host] for one in names if (host := host_name(one)) in registered), None)

    def _volume_types(self, server: Resource) -> tuple[VolumeTypeFacts, ...]:
        devices = server.props.get("blockDevices")
        types = [
            kind
            for one in (devices if isinstance(devices, tuple) else ())
            if isinstance(one, Mapping)
            for kind in self.volume_types.named(
                one.get("volumeType"),
                server.sources.get("blockDevices", ()) if one.get("volumeType") is UNKNOWN else (),
            )
        ]
        types += self.volume_types.of_volumes(server.sources.get("blockDevices", ()))
        for one in self.attachments:
            if server.urn in one.sources.get("instanceId", ()):
                types += self.volume_types.of_volumes(one.sources.get("volumeId", ()))
        return tuple(dict.fromkeys(types))
