"""Every request that somebody can make, up to equivalence: finite, small, and complete.

Why nothing is left out. A decision depends on the request's flavor, image properties, disk format, whether
it boots from a volume, zone or host, project, and on nothing else (``estate.placement.nova``).

- **Flavors** are a finite list: those of the documents, and one without any extra spec that stands for all
  others that do not carry this estate's traits. Only administrators make flavors. A flavor's size can only
  exclude hosts, and resizes to a smaller root disk; so those without extra spec are there in all sizes.
- **Image properties** are unbounded, but each can only exclude hosts: it adds a required trait, or a filter
  rejects because of it. There is one exception: a required trait that isolates an aggregate opens that
  aggregate. So an image of one's own stands for all others with the same disk format and the same opening
  traits that one may set; all subsets of these are tried. (Test: no other property ever adds a host.)
- **Disk formats** are those that Glance takes.
- **Volumes** keep the properties of their image and lose its disk format; a blank one has none. What
  members can write on a volume, by Glance or by Cinder, is again a subset of the opening traits.
- **Zones**: none, each zone, and for administrators ``zone:host`` in the host's own zone and in another
  one, ``zone::node`` and ``host`` of 2.74, for one host of each class that no rule can tell apart.
- **Scheduler hints** that begin with ``_nova`` never reach the scheduler (nova/compute/api.py create, in the
  versions of ``nova.point_releases``). Of the others ``group`` is read by the two filters of server groups,
  which can only exclude hosts, and the rest (``same_host``, ``different_host``, ``query``,
  ``build_near_host_ip``) by filters that are not enabled.
- **Projects** matter by the flavors that they may use and the aggregates that name them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from estate.model import Hypervisor
from estate.placement import nova
from estate.placement.nova.image_props import effective, required_traits
from estate.placement.nova.request_filters import PREFIXES
from estate.placement.nova.translated import PROPERTIES
from estate.placement.proof.situation import Offer, Picture, Situation, subsets

UNTAGGED = "own"

READ_OF_IMAGES = frozenset({"hw_architecture", "img_hv_type", "hw_vm_mode", *PREFIXES, *PROPERTIES})
"""Properties that ImagePropertiesFilter, transform_image_metadata and ResourceRequest read; others count as
aggregate keys.
"""


@dataclass(frozen=True, kw_only=True)
class Who:
    """Somebody who asks: a project and whether it is an administrator."""

    project: str
    admin: bool = False

    @property
    def label(self) -> str:
        """In words."""
        return "administrators" if self.admin else f"members of {self.project}"


@dataclass(frozen=True, kw_only=True)
class Boot:
    """What to boot from."""

    image: nova.Image | None
    source: nova.Source
    side: Hypervisor | None
    """What operators made it for; ``None``: somebody's own."""

    @property
    def label(self) -> str:
        """In words, for rows of the matrix."""
        if self.source is nova.Source.BLANK:
            return "blank volume"
        kind = "own" if self.side is None else self.side.label
        return f"{kind} {'image' if self.source is nova.Source.IMAGE else 'volume'}"


def everybody(situation: Situation) -> tuple[Who, ...]:
    """One member of each class of projects that no rule tells apart, and one administrator."""
    classes: dict[object, str] = {}
    named = {value for one in situation.cloud.aggregates for value in one.metadata.values()}
    for project in reversed(situation.projects):  # the nameless one first
        usable = frozenset(
            one.flavor.name for one in situation.offers if one.flavor.usable(project, admin=False)
        )
        granted = frozenset(one.flavor.name for one in situation.offers if project in one.granted)
        classes.setdefault((usable, granted, project if project in named else None), project)
    admin = Who(project=situation.projects[-1], admin=True)
    return (*(Who(project=project) for project in classes.values()), admin)


def flavors(situation: Situation, *, root_gb: int = 0) -> tuple[Offer, ...]:
    """One flavor of each class: same extra specs, same access, same grant. The smallest stands for all; of
    those with a root disk of at least ``root_gb``, if there are any: a server's is never made smaller.
    """
    classes: dict[object, Offer] = {}

    def size(one: Offer) -> tuple[bool, int, int, int]:
        flavor = one.flavor
        return flavor.root_gb < root_gb, flavor.vcpus, flavor.memory_mb, flavor.root_gb

    for one in sorted(situation.offers, key=size):
        classes.setdefault(flavor_class(one), one)
    return tuple(classes.values())


def flavor_class(one: Offer) -> object:
    """Equal for flavors that no rule tells apart, but for their size."""
    return tuple(sorted(one.flavor.extra_specs.items())), one.flavor.projects, one.side, one.granted


def boots(situation: Situation, who: Who) -> tuple[Boot, ...]:
    """Everything that somebody can boot from, one of each class."""
    return (*_own(situation, who), *_public(situation))


def images(situation: Situation, who: Who) -> tuple[Boot, ...]:
    """Images alone: what a rebuild takes."""
    return tuple(one for one in boots(situation, who) if one.source is nova.Source.IMAGE)


def _own(situation: Situation, who: Who) -> Iterator[Boot]:
    yield Boot(image=None, source=nova.Source.BLANK, side=None)
    on_images = situation.settable(admin=who.admin)
    for traits in subsets(on_images):
        for disk_format in _formats(situation):
            yield Boot(image=_image(disk_format, traits), source=nova.Source.IMAGE, side=None)
    writable = who.admin or situation.rights.volume_image_metadata
    for traits in subsets(situation.opening_traits if writable else on_images):
        if traits:  # without any it is a blank volume
            yield Boot(image=_image("raw", traits), source=nova.Source.VOLUME, side=None)


def _image(disk_format: str, traits: frozenset[str]) -> nova.Image:
    return nova.Image(
        name=" ".join([UNTAGGED, disk_format, *sorted(traits)]),
        disk_format=disk_format,
        properties={f"trait:{trait}": "required" for trait in sorted(traits)},
    )


def _formats(situation: Situation) -> tuple[str, ...]:
    """One disk format of each class: offered by the same hosts, booted by the same drivers."""
    classes: dict[object, str] = {}
    for disk_format in situation.rights.disk_formats:
        trait = f"COMPUTE_IMAGE_TYPE_{disk_format.upper()}"
        key = tuple(
            (trait in host.traits, host.boots is None or disk_format in host.boots)
            for host in situation.cloud.hosts
        )
        classes.setdefault(key, disk_format)
    return tuple(classes.values())


def _public(situation: Situation) -> Iterator[Boot]:
    seen: set[object] = set()
    for one in situation.pictures:
        image, key = one.image, image_class(situation, one)
        if key not in seen:
            seen.add(key)
            yield Boot(image=image, source=nova.Source.IMAGE, side=one.side)
            yield Boot(image=image, source=nova.Source.VOLUME, side=one.side)


def image_class(situation: Situation, one: Picture) -> object:
    """Equal for images that no rule tells apart: what filters read of them, traits, format and side."""
    keys = {key for each in situation.cloud.aggregates for key in each.metadata} | READ_OF_IMAGES
    properties = one.image.properties
    read = {(key, value) for key, value in effective(properties).items() if key in keys}
    name = one.image.name if one.image.name in situation.cloud.conf.isolated_images else None
    return one.image.disk_format, frozenset(read), required_traits(properties), one.side, name


def zones(situation: Situation, who: Who) -> tuple[dict[str, str], ...]:
    """Every form of naming where to go, as keywords of a request; the shortest first."""
    cloud = situation.cloud
    found: list[dict[str, str]] = [{}, *({"zone": zone} for zone in sorted(cloud.zones))]
    if not who.admin:
        return tuple(found)
    for name in dict.fromkeys(cloud.classes.values()):
        own = cloud.zone_of[name]
        found += [{"zone": f"{zone}:{name}"} for zone in sorted({own} | set(sorted(cloud.zones - {own})[:1]))]
        found += [{"zone": f"{own}::{cloud.by_name[name].node}"}, {"host": name}]
    return tuple(found)
