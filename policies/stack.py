"""From all resources of a stack to facts: servers with the image and the flavor that they come from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from policies import properties
from policies.facts import UNKNOWN, Facts, FlavorFacts, ImageFacts, ServerFacts, Unknown
from policies.properties import Props

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
    sources: Mapping[str, tuple[str, ...]]
    """Property → URNs of the resources that its value comes from, also while it is unknown."""


def facts_of(resources: Iterable[Resource], *, components_seen: bool) -> Facts:
    """What they tell together. ``components_seen``: see ``Facts.workloads_expected``."""
    of_kind: dict[str, list[Resource]] = {}
    for one in resources:
        of_kind.setdefault(one.kind, []).append(one)

    def each(*kinds: str) -> list[Resource]:
        return [one for kind in kinds for one in of_kind.get(kind, [])]

    aggregates = each(properties.KVM_AGGREGATE, properties.ESXI_AGGREGATE, properties.AGGREGATE)
    images = {one.urn: properties.image_facts(one.urn, one.name, one.props) for one in each(properties.IMAGE)}
    flavors = {
        one.urn: properties.flavor_facts(one.urn, one.name, one.props) for one in each(properties.FLAVOR)
    }
    workloads = {
        one.urn: properties.workload_facts(one.urn, one.name, one.props) for one in each(properties.WORKLOAD)
    }
    return Facts(
        aggregates=tuple(properties.aggregate_facts(one.urn, one.name, one.props) for one in aggregates),
        images=tuple(images.values()),
        flavors=tuple(flavors.values()),
        servers=(
            *workloads.values(),
            *(_server(one, workloads, images, flavors) for one in each(properties.SERVER)),
        ),
        workloads_expected=components_seen,
    )


def _server(
    server: Resource,
    workloads: Mapping[str, ServerFacts],
    images: Mapping[str, ImageFacts],
    flavors: Mapping[str, FlavorFacts],
) -> ServerFacts:
    workload = next((workloads[urn] for urn in server.parents if urn in workloads), None)
    metadata = properties.tags(server.props.get("metadata"))
    own = UNKNOWN if isinstance(metadata, Unknown) else metadata.get(properties.RESTRICTION_KEY)
    restricted: bool | Unknown = UNKNOWN if isinstance(metadata, Unknown) else own is not None
    reason: str | None = properties.reason(own)
    if workload is not None and workload.restricted is not False:
        restricted, reason = workload.restricted, workload.reason

    flavor = _source(server, flavors, "flavorId", "flavorName")
    devices = server.props.get("blockDevices")
    if not devices:
        image = _source(server, images, "imageId", "imageName")
    elif properties.boots_from_image(devices):
        image = _source(server, images, "blockDevices")
    else:
        image = UNKNOWN  # boots from a volume: its image's tags are the volume's, and can be edited there
    if workload is not None:
        # An id that comes from elsewhere (an import, a literal): the component says what it stands for.
        image, flavor = image or workload.image, flavor or workload.flavor
    return ServerFacts(
        origin=(server.urn,),
        kind="server",
        name=properties.text(server.props, "name", server.name),
        workload=workload.workload if workload is not None else None,
        restricted=restricted,
        reason=reason,
        image=image or UNKNOWN,
        flavor=flavor or UNKNOWN,
        # The provider sends the hints as the zone if there is no zone; both take the form zone:host.
        zone=server.props.get("availabilityZone") or server.props.get("availabilityZoneHints") or None,
    )


def _source(server: Resource, known: Mapping[str, _FactsT], *keys: str) -> _FactsT | Unknown | None:
    """The resource of the stack that the properties come from or name; ``UNKNOWN``: more than one, "
    "``None``: none."""
    urns = {urn for key in keys for urn in server.sources.get(key, ()) if urn in known}
    if not urns:
        named = {server.props.get(key) for key in keys}
        urns = {urn for urn, one in known.items() if one.name in named}
    if len(urns) > 1:
        return UNKNOWN
    return known[urns.pop()] if urns else None
