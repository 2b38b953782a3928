"""What a block names must exist, and what belongs together must agree. Pure; no placement.

Fields that name other blocks carry the mark ``RefersTo``; nothing here lists them a second time.
The findings come in three sorts, because a loader that could read only a part of the documents may
still report the first two of that part: names that do not exist (given all the names that do),
blocks that exclude each other, and blocks that lack something.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import get_args

from pydantic.fields import FieldInfo

from estate.model.aggregates import OWN_TRAIT
from estate.model.block import Block, ResourceBlock
from estate.model.estate import Estate
from estate.model.finding import Finding, Loc
from estate.model.hypervisor import Hypervisor
from estate.model.nearest import nearest
from estate.model.subjects import LABELS, block_of, subject
from estate.model.words import Cidr, RefersTo
from estate.model.workloads import Volume


@dataclass(frozen=True)
class Reference:
    """One use of a name: where it stands, and the kind and name that it refers to."""

    loc: Loc
    kind: str
    name: str


def check(estate: Estate) -> list[Finding]:
    """All findings about references, membership and names that must be unique; empty if it fits together."""
    return [*unknown_names(estate), *conflicts(estate), *lacks(estate)]


def references(estate: Estate) -> Iterator[Reference]:
    """Every use of a name, in the order of the documents."""
    yield from _references(estate, ())


def unknown_names(
    estate: Estate,
    also: Mapping[str, Collection[str]] | None = None,
    *,
    beyond: Iterable[Reference] = (),
    maybe: Callable[[str, str], bool] | None = None,
) -> Iterator[Finding]:
    """References to names that do not exist.

    ``also``: by kind, names that exist beyond this estate. ``beyond``: further uses of names. ``maybe``:
    whether a kind may have a block of a name that nobody could read.
    """
    also = also or {}
    known: dict[str, set[str]] = {}
    for use in chain(references(estate), beyond):
        if use.kind not in known:
            known[use.kind] = {*getattr(estate, use.kind), *also.get(use.kind, ())}
        if use.name not in known[use.kind] and not (maybe is not None and maybe(use.kind, use.name)):
            yield Finding(
                rule="unknown-reference",
                message=f'there is no {LABELS[use.kind]} "{use.name}".{nearest(use.name, known[use.kind])}',
                loc=use.loc,
                subject=subject(use.loc),
            )


def conflicts(estate: Estate) -> Iterator[Finding]:
    """Blocks that exclude each other: they would do so whatever else the estate contained."""
    yield from _members_of_two(estate)
    yield from _zones_of_two(estate)
    yield from _switches_of_two(estate)
    yield from _names_of_two(estate)
    yield from _rules_of_two(estate)
    yield from _routes_of_two(estate)
    yield from _ranges_of_two(estate)
    yield from _renamed_from_others(estate)
    yield from _parts_of_two(estate)


def lacks(estate: Estate) -> Iterator[Finding]:
    """Blocks that need another one that is not there. Only a whole estate can be judged."""
    yield from _clusters_lack(estate)
    yield from _volume_types_lack(estate)
    yield from _isolated_aggregates_lack(estate)


@cache
def _fields(block: type[Block]) -> tuple[tuple[str, str | None], ...]:
    """Fields of a block that refer (with the kind) or that hold further blocks (with ``None``)."""
    found: list[tuple[str, str | None]] = []
    for name, field in block.model_fields.items():
        kind = next((mark.kind for mark in field.metadata if isinstance(mark, RefersTo)), None)
        if kind is not None or _holds_blocks(field):
            found.append((name, kind))
    return tuple(found)


def _holds_blocks(field: FieldInfo) -> bool:
    def inside(annotation: object) -> bool:
        if isinstance(annotation, type) and issubclass(annotation, Block):
            return True
        return any(inside(part) for part in get_args(annotation))

    return inside(field.annotation)


def _references(value: object, loc: Loc) -> Iterator[Reference]:
    match value:
        case Block():
            for field, kind in _fields(type(value)):
                inner = getattr(value, field)
                if kind is None:
                    yield from _references(inner, (*loc, field))
                elif isinstance(inner, str):
                    yield Reference((*loc, field), kind, inner)
                elif inner is not None:
                    # A name inside a list is its own place: the loader finds the item or the range.
                    yield from (Reference((*loc, field, name), kind, name) for name in inner)
        case dict():
            for key, inner in value.items():
                yield from _references(inner, (*loc, key))
        case tuple():
            for index, inner in enumerate(value):
                yield from _references(inner, (*loc, index))


def _owners(pairs: Iterable[tuple[str, Loc]]) -> Iterator[tuple[str, list[Loc]]]:
    """Members that have several owners, with all of them."""
    owners: dict[str, list[Loc]] = {}
    for member, owner in pairs:
        owners.setdefault(member, []).append(owner)
    return ((member, places) for member, places in owners.items() if len(places) > 1)


def _members_of_two(estate: Estate) -> Iterator[Finding]:
    hosts: list[tuple[str, Loc]] = [
        (host, ("aggregates", name, "host_classes", key, "hosts"))
        for name, aggregate in estate.aggregates.items()
        for key, one in aggregate.host_classes.items()
        for host in one.hosts
    ]
    for name, cluster in estate.clusters.items():
        hosts.append((cluster.compute_host, ("clusters", name, "compute_host")))
        hosts += [
            (host, ("clusters", name, "host_classes", key, "hosts"))
            for key, made in cluster.host_classes.items()
            for host in made.hosts
        ]
    for host, (first, *others) in _owners(hosts):
        for loc in others:
            yield Finding(
                rule="host-has-one-owner",
                message=f'host "{host}" belongs to {subject(first)} already; a host has one owner.',
                loc=(*loc, host),
                subject=subject(loc),
            )
    clusters: list[tuple[str, Loc]] = [
        (cluster, ("aggregates", name, "clusters"))
        for name, aggregate in estate.aggregates.items()
        for cluster in aggregate.clusters
    ]
    for cluster_name, (first, *others) in _owners(clusters):
        for loc in others:
            yield Finding(
                rule="cluster-in-one-aggregate",
                message=f'cluster "{cluster_name}" belongs to {subject(first)} already; '
                "a cluster is in exactly one aggregate.",
                loc=(*loc, cluster_name),
                subject=subject(loc),
            )


def _zones_of_two(estate: Estate) -> Iterator[Finding]:
    zones: list[tuple[str, Loc]] = [
        (one.availability_zone, ("aggregates", name, "availability_zone"))
        for name, one in estate.aggregates.items()
    ]
    for zone, (first, *others) in _owners(zones):
        for loc in others:
            yield Finding(
                rule="zone-of-one-aggregate",
                message=f'availability zone "{zone}" is the zone of {subject(first)} already; '
                "a zone that two aggregates share says nothing about the hypervisor.",
                loc=loc,
                subject=subject(loc),
            )


def _switches_of_two(estate: Estate) -> Iterator[Finding]:
    """Two names for one distributed switch: each would make it, or put the networks of the other on it."""
    switches: list[tuple[str, Loc]] = [
        (f"{one.server} {one.datacenter} {one.switch}", ("vcenters", name, "switch"))
        for name, one in estate.vcenters.items()
    ]
    for _, (first, *others) in _owners(switches):
        for loc in others:
            yield Finding(
                rule="switch-of-one-vcenter",
                message=f"{subject(first)} is the same switch of the same data center and server already. "
                "Remove one of the two, and name the other.",
                loc=loc,
                subject=subject(loc),
            )


def _names_of_two(estate: Estate) -> Iterator[Finding]:
    servers: list[tuple[str, Loc]] = [
        (server, ("workloads", name, "members") if one.members else ("workloads", name))
        for name, one in estate.workloads.items()
        for server in one.servers
    ]
    for server, (first, *others) in _owners(servers):
        for loc in others:
            yield Finding(
                rule="unique-server",
                message=f'server "{server}" is a member of {subject(first)} already.',
                loc=(*loc, server) if len(loc) > 2 else loc,
                subject=subject(loc),
            )
    for inner in ("volume_types", "datastores"):
        names: list[tuple[str, Loc]] = [
            (name, ("storage", array, inner, name))
            for array, one in estate.storage.items()
            for name in getattr(one, inner)
        ]
        for _, (first, *others) in _owners(names):
            for loc in others:
                yield Finding(
                    rule=f"unique-{LABELS[inner].replace(' ', '-')}",
                    message=f"{subject(first[:2])} has a {LABELS[inner]} of that name already.",
                    loc=loc,
                    subject=subject(loc),
                )


def _rules_of_two(estate: Estate) -> Iterator[Finding]:
    """Rules of one security group that another one says already: Neutron takes each once."""
    for name, group in estate.security_groups.items():
        first: dict[tuple[object, ...], int] = {}
        for index, rule in enumerate(group.rules):
            before = min((first[one] for one in rule.says if one in first), default=None)
            if before is not None:
                yield _said_already(
                    ("security_groups", name, "rules"),
                    index,
                    before,
                    "the rule allows what another one of the group allows already (descriptions do not "
                    "count)",
                )
            for one in rule.says:
                first.setdefault(one, index)


def _routes_of_two(estate: Estate) -> Iterator[Finding]:
    """Routes of one router to one destination: the engine knows a route by it."""
    for name, router in estate.routers.items():
        first: dict[object, int] = {}
        for index, route in enumerate(router.routes):
            before = first.setdefault(route.destination, index)
            if before != index:
                yield _said_already(
                    ("routers", name, "routes"),
                    index,
                    before,
                    f"expected one route to {route.destination}, found another one already",
                )


def _ranges_of_two(estate: Estate) -> Iterator[Finding]:
    """Ranges of two networks that one subnet pool would have to give twice: it gives each address once.

    neutron/ipam/subnet_alloc.py ``_allocate_specific_subnet``. Ranges of one network are compared elsewhere
    (``estate.placement.contradictions.network``).
    """
    taken: dict[tuple[str, int], list[tuple[Cidr, Loc]]] = {}
    for name, network in estate.networks.items():
        if not network.existing:
            for key, one in network.subnets.items():
                if one.pool is not None:
                    place: tuple[Cidr, Loc] = (one.cidr, ("networks", name, "subnets", key, "cidr"))
                    taken.setdefault((one.pool, one.cidr.version), []).append(place)
    for (pool, _), places in taken.items():
        # By first address, the larger before: what overlaps does so with the last one that holds it.
        ordered = sorted(places, key=lambda place: (int(place[0][0]), place[0].prefixlen))
        around, around_loc = ordered[0]
        for cidr, loc in ordered[1:]:
            if cidr[0] not in around:
                around, around_loc = cidr, loc
            elif loc[1] != around_loc[1]:
                yield Finding(
                    rule="range-of-one-subnet",
                    message=f"{cidr} overlaps with {around} of {subject(around_loc)}, and subnet pool "
                    f'"{pool}" gives each address once. Take another range, or name no pool.',
                    loc=loc,
                    subject=subject(loc),
                    other=around_loc,
                )


def _said_already(loc: Loc, index: int, before: int, what: str) -> Finding:
    return Finding(
        rule="said-once",
        message=f"{loc[-1]}.{index}: {what}. Remove one of the two.",
        loc=(*loc, index),
        subject=subject(loc),
        other=(*loc, before),
    )


def _renamed_from_others(estate: Estate) -> Iterator[Finding]:
    """``was`` says what is gone, and one block at most can have been it."""
    for blocks in _renameable(estate):
        names = {str(loc[-1]) for loc, _ in blocks}
        said: list[tuple[str, Loc]] = [(one.was, loc) for loc, one in blocks if one.was is not None]
        first = dict(reversed(said))
        for was, loc in said:
            wrong = None
            if was in names:
                wrong = f'expected a name that no block has any more, found "{was}", which is still there'
            elif first[was] != loc:
                wrong = (
                    f'"{was}" was renamed to {_called(first[was])} already, and can only be one of the two'
                )
            if wrong is not None:
                inside = ".".join(map(str, loc[len(block_of(loc)) :]))
                where = f"{inside}: " if inside else ""
                yield Finding(
                    rule="renamed-once",
                    message=f"{where}{wrong}. Remove was, or correct it.",
                    loc=(*loc, "was"),
                    subject=subject(loc),
                )


def _called(loc: Loc) -> str:
    """A block that may say ``was``: one inside of another is called by its own kind here."""
    return subject(loc) if block_of(loc) == loc else f'{_INNER[str(loc[-2])]} "{loc[-1]}"'


_INNER = {"volumes": "volume", "port_groups": "port group"}


def _renameable(estate: Estate) -> Iterator[list[tuple[Loc, ResourceBlock | Volume]]]:
    """Blocks that may say ``was``, in groups within which a name means one of them."""
    for kind in type(estate).model_fields:
        blocks = getattr(estate, kind)
        if isinstance(blocks, dict):
            yield [((kind, name), one) for name, one in blocks.items() if isinstance(one, ResourceBlock)]
    yield [
        (("storage", array, "volume_types", name), kind)
        for array, one in estate.storage.items()
        for name, kind in one.volume_types.items()
    ]
    for name, network in estate.networks.items():
        yield [(("networks", name, "subnets", key), one) for key, one in network.subnets.items()]
    for name, workload in estate.workloads.items():
        yield [(("workloads", name, "volumes", key), one) for key, one in workload.volumes.items()]
    for name, vcenter in estate.vcenters.items():
        if vcenter.managed_switch is not None:
            yield [
                (("vcenters", name, "managed_switch", "port_groups", key), one)
                for key, one in vcenter.managed_switch.port_groups.items()
            ]


def _parts_of_two(estate: Estate) -> Iterator[Finding]:
    owned: list[tuple[str, Loc]] = []
    for name, part in estate.parts.items():
        if part.vcenter is not None:
            owned.append((f'vcenter "{part.vcenter}"', ("parts", name, "vcenter")))
        owned += [(f'workload "{one}"', ("parts", name, "workloads", one)) for one in part.workloads]
    for what, (first, *others) in _owners(owned):
        for loc in others:
            yield Finding(
                rule="one-part",
                message=f"{what} is in {subject(first)} already; everything is in one part.",
                loc=loc,
                subject=subject(loc),
            )


def _clusters_lack(estate: Estate) -> Iterator[Finding]:
    placed = {cluster for aggregate in estate.aggregates.values() for cluster in aggregate.clusters}
    stored = {
        cluster
        for array in estate.storage.values()
        for datastore in array.datastores.values()
        for cluster in datastore.clusters
    }
    for name in estate.clusters:
        loc: Loc = ("clusters", name)
        if name not in placed:
            yield Finding(
                rule="cluster-in-one-aggregate",
                message="expected the cluster in exactly one esxi aggregate, found it in none; "
                "name it in an aggregate's clusters.",
                loc=loc,
                subject=subject(loc),
            )
        if name not in stored:
            yield Finding(
                rule="cluster-has-datastore",
                message="expected at least one shared datastore for the cluster, found none; "
                "name the cluster in a datastore's clusters (kind storage).",
                loc=loc,
                subject=subject(loc),
            )


def _volume_types_lack(estate: Estate) -> Iterator[Finding]:
    for array_name, array in estate.storage.items():
        mounted = {
            estate.clusters[cluster].vcenter
            for datastore in array.datastores.values()
            for cluster in datastore.clusters
            if cluster in estate.clusters
        }
        for name, volume_type in array.volume_types.items():
            if volume_type.serves is Hypervisor.ESXI and volume_type.vcenter not in mounted:
                loc = ("storage", array_name, "volume_types", name)
                yield Finding(
                    rule="volume-type-has-datastore",
                    message=f'array "{array_name}" presents no datastore to a cluster of '
                    f'vcenter "{volume_type.vcenter}", so volumes of this type have no place.',
                    loc=loc,
                    subject=subject(loc),
                )


def _isolated_aggregates_lack(estate: Estate) -> Iterator[Finding]:
    """Aggregates with a further trait that no flavor of their hypervisor carries: nothing could land there.

    Traits of the hypervisors themselves are judged by the policies.
    """
    for name, aggregate in estate.aggregates.items():
        carried = {
            trait
            for flavor in estate.flavors.values()
            if flavor.hypervisor is aggregate.hypervisor
            for trait in flavor.traits
        }
        for trait, key in aggregate.isolating.items():
            if trait not in carried and trait not in OWN_TRAIT.values():
                loc: Loc = ("aggregates", name, "metadata", key)
                yield Finding(
                    rule="aggregate-out-of-reach",
                    message=f"{key} keeps everything off its hosts that does not require {trait}, and no "
                    f"flavor for {aggregate.hypervisor} does. Say traits: [{trait}] in one, or remove it.",
                    loc=loc,
                    subject=subject(loc),
                )
