"""What the proof is about: the cloud, what people find in it, and what the documents grant to whom."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations

from estate.model import Estate, Hypervisor, Workload
from estate.model.members import flat
from estate.placement import nova
from estate.placement.building import OPERATORS, cloud_of, flavor_of, image_of, source_of
from estate.placement.guarantee import RIGHTS, Rights
from estate.placement.landing import Lander
from estate.placement.nova.query import is_isolating

ANY_PROJECT = "any-other-project"
"""Stands for every project that no document names."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A flavor, the side that the documents give it, and the projects to which they grant it."""

    flavor: nova.Flavor
    side: Hypervisor | None
    """``None``: a flavor of nobody's documents, with no extra spec and open to all."""
    granted: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An image that everybody sees, and the side that the documents make it for."""

    image: nova.Image
    side: Hypervisor


@dataclass(frozen=True, kw_only=True)
class Declared:
    """Workloads that ask Nova alike."""

    names: tuple[str, ...]
    restricted: bool
    flavor: str
    image: str
    source: nova.Source
    zone: str | None
    side: Hypervisor
    hosts: frozenset[str]
    """Hosts that the documents lead to: those of its aggregate with the size and the traits it asks for."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One cloud with its documents. Every setting in it can be taken away (``settings``)."""

    cloud: nova.Cloud
    rights: Rights
    offers: tuple[Offer, ...]
    pictures: tuple[Picture, ...]
    projects: tuple[str, ...]
    declared: tuple[Declared, ...]
    esxi: frozenset[str]
    """Hosts that are ESXi clusters, whatever the cloud's settings say."""

    @cached_property
    def kvm(self) -> frozenset[str]:
        """All other hosts."""
        return frozenset(self.cloud.by_name) - self.esxi

    @cached_property
    def offer(self) -> dict[str, Offer]:
        """Flavors by name."""
        return {one.flavor.name: one for one in self.offers}

    @cached_property
    def picture(self) -> dict[str, Picture]:
        """Images by name."""
        return {one.image.name: one for one in self.pictures}

    @cached_property
    def opening_traits(self) -> tuple[str, ...]:
        """Traits that isolate some aggregate: the only properties that can open a host to a request."""
        return tuple(
            sorted(
                {
                    key.partition(":")[2]
                    for one in self.cloud.aggregates
                    for key, value in one.metadata.items()
                    if is_isolating(key, value)
                }
                # What isolates no aggregate opens none; what the guarantee knows is tried all the same.
                | {
                    trait
                    for host in self.cloud.hosts
                    for trait in host.traits
                    if trait.startswith("CUSTOM_HV_")
                }
            )
        )

    def settable(self, *, admin: bool) -> tuple[str, ...]:
        """Opening traits that somebody can put on an image of their own (Glance's property protections)."""
        return tuple(
            trait
            for trait in self.opening_traits
            if admin
            or not any(re.match(pattern, f"trait:{trait}") for pattern in self.rights.protected_properties)
        )


def plain(pictures: Iterable[Picture], offers: Iterable[Offer]) -> tuple[Offer, ...]:
    """Flavors without extra specs, as other teams make them: the smallest that takes every image, and one for
    each larger root disk of the documents, so that every server can be resized to one.
    """
    least = max((1, *(one.image.min_disk_gb for one in pictures)))
    larger = sorted({one.flavor.root_gb for one in offers if one.flavor.root_gb > least})
    return tuple(
        Offer(flavor=nova.Flavor(name=name, vcpus=1, memory_mb=512, root_gb=disk), side=None)
        for name, disk in [("plain", least), *((f"plain-{disk}", disk) for disk in larger)]
    )


def subsets(traits: Iterable[str]) -> tuple[frozenset[str], ...]:
    """All subsets, the smallest first."""
    known = tuple(traits)
    every = chain.from_iterable(combinations(known, size) for size in range(len(known) + 1))
    return tuple(frozenset(one) for one in every)


def situation_of(estate: Estate) -> Situation:
    """The situation that the documents make. Their references must be in order, and every workload have a
    place. Members that differ ask each as they are.
    """
    estate = flat(estate)
    pictures = tuple(Picture(image=image_of(one), side=one.hypervisor) for one in estate.images.values())
    offers = [
        Offer(flavor=flavor_of(one), side=one.hypervisor, granted=_granted(one.hypervisor, one.projects))
        for one in estate.flavors.values()
    ]
    return Situation(
        cloud=cloud_of(estate),
        rights=RIGHTS,
        offers=(*offers, *plain(pictures, offers)),
        pictures=pictures,
        projects=(*estate.projects, OPERATORS, ANY_PROJECT),
        declared=_declared(estate),
        esxi=frozenset(
            host for one in estate.aggregates_of(Hypervisor.ESXI) for host in estate.compute_hosts(one)
        ),
    )


def _granted(side: Hypervisor, projects: tuple[str, ...]) -> frozenset[str]:
    return frozenset(projects) if side is Hypervisor.ESXI else frozenset()


def _declared(estate: Estate) -> tuple[Declared, ...]:
    lander = Lander(estate)
    alike: dict[tuple[object, ...], list[Workload]] = {}
    for workload in estate.workloads.values():
        key = (
            workload.image,
            workload.flavor,
            workload.availability_zone,
            source_of(workload),
            workload.restriction is None,
        )
        alike.setdefault(key, []).append(workload)
    return tuple(_class(estate, lander, members) for members in alike.values())


def _class(estate: Estate, lander: Lander, members: list[Workload]) -> Declared:
    first = members[0]
    landing = lander.landing(first)
    restricted = first.restriction is not None
    side = Hypervisor.ESXI if restricted else estate.images[first.image].hypervisor
    return Declared(
        names=tuple(one.name for one in members),
        restricted=restricted,
        flavor=first.flavor,
        image=first.image,
        source=source_of(first),
        zone=landing.zone,
        side=side,
        hosts=frozenset(landing.hosts),
    )
