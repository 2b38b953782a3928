"""Every setting that the guarantee rests on, each of which can be taken away to see what it is for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, cast

from estate.placement import nova
from estate.placement.nova.request_filters import IMAGE_TYPES
from estate.placement.proof.situation import Situation

GLANCE_DISK_FORMATS = ("ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop")
"""Glance's own default (glance/common/config.py)."""


class Kind(StrEnum):
    """Where a setting stands."""

    NOVA_CONF = "nova.conf"
    PROVIDER = "provider.yaml"
    AGGREGATE = "aggregate"
    FLAVOR = "flavor"
    FLAVOR_ACCESS = "flavor access"
    IMAGE = "image"
    PROTECTION = "property-protections.conf"
    GLANCE_CONF = "glance-api.conf"
    CINDER_POLICY = "cinder policy"
    NOVA_POLICY = "nova policy"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting, and the situation without it."""

    kind: Kind
    subject: str
    """Aggregate, compute host, flavor or image; section of a configuration file; else empty."""
    key: str
    """Metadata key, trait, extra spec, image property, option, pattern or rule; empty for flavor access."""
    name: str
    """E.g. ``nova.conf [scheduler] enable_isolated_aggregate_filtering``."""
    instead: str | None = None
    """What stands there without it; ``None``: nothing, so that the service's default counts."""
    without: Situation


def settings(situation: Situation) -> tuple[Setting, ...]:
    """All settings, one of each kind of host."""
    return (
        *_nova_conf(situation),
        *_aggregates(situation),
        *_traits(situation),
        *_flavors(situation),
        *_images(situation),
        *_rights(situation),
    )


_LINES = {
    ("scheduler", "enable_isolated_aggregate_filtering"): None,
    ("scheduler", "query_placement_for_image_type_support"): None,
    ("scheduler", "image_metadata_prefilter"): "true",
    ("DEFAULT", "default_schedule_zone"): None,
    ("cinder", "cross_az_attach"): None,
}
"""Section and option → what stands there without it; ``None``: Nova's default."""


def _nova_conf(situation: Situation) -> Iterator[Setting]:
    conf = situation.cloud.conf
    for (section, option), instead in _LINES.items():
        value = getattr(conf, option)
        other = getattr(nova.Conf(), option) if instead is None else instead == "true"
        if value != other:
            said = f" = {str(value).lower()}" if isinstance(value, bool) else ""
            changed = replace(conf, **cast("dict[str, Any]", {option: other}))
            yield _line(situation, section, option, said, instead, changed)
    for name in conf.enabled_filters:
        kept = tuple(one for one in conf.enabled_filters if one != name)
        changed = replace(conf, enabled_filters=kept)
        yield _line(situation, "filter_scheduler", "enabled_filters", f": {name}", ",".join(kept), changed)


def _line(  # noqa: PLR0917
    situation: Situation, section: str, option: str, said: str, instead: str | None, changed: nova.Conf
) -> Setting:
    return Setting(
        kind=Kind.NOVA_CONF,
        subject=section,
        key=option,
        name=f"nova.conf [{section}] {option}{said}",
        instead=instead,
        without=_with(situation, conf=changed),
    )


def _aggregates(situation: Situation) -> Iterator[Setting]:
    for one in situation.cloud.aggregates:
        for key in one.metadata:
            changed = replace(one, metadata=_less(one.metadata, key))
            others = tuple(
                changed if other.name == one.name else other for other in situation.cloud.aggregates
            )
            yield Setting(
                kind=Kind.AGGREGATE,
                subject=one.name,
                key=key,
                name=f'aggregate "{one.name}": {key}',
                without=_with(situation, aggregates=others),
            )


def _traits(situation: Situation) -> Iterator[Setting]:
    cloud = situation.cloud
    for name in dict.fromkeys(cloud.classes.values()):
        for trait in sorted(one for one in cloud.by_name[name].traits if one.startswith("CUSTOM_")):
            hosts = tuple(
                replace(host, traits=host.traits - {trait}) if host.name == name else host
                for host in cloud.hosts
            )
            yield Setting(
                kind=Kind.PROVIDER,
                subject=name,
                key=trait,
                name=f"provider.yaml of {name}: {trait}",
                without=replace(situation, cloud=replace(cloud, hosts=hosts)),
            )


def _flavors(situation: Situation) -> Iterator[Setting]:
    for one in situation.offers:
        for key in one.flavor.extra_specs:
            if key.startswith("trait:"):
                changed = replace(one.flavor, extra_specs=_less(one.flavor.extra_specs, key))
                yield Setting(
                    kind=Kind.FLAVOR,
                    subject=one.flavor.name,
                    key=key,
                    name=f'flavor "{one.flavor.name}": extra spec {key}',
                    without=_with_flavor(situation, changed),
                )
        if one.flavor.projects is not None:
            yield Setting(
                kind=Kind.FLAVOR_ACCESS,
                subject=one.flavor.name,
                key="",
                name=f'flavor "{one.flavor.name}": access for its projects only',
                without=_with_flavor(situation, replace(one.flavor, projects=None)),
            )


def _with_flavor(situation: Situation, changed: nova.Flavor) -> Situation:
    offers = tuple(
        replace(one, flavor=changed) if one.flavor.name == changed.name else one for one in situation.offers
    )
    return replace(situation, offers=offers)


def _images(situation: Situation) -> Iterator[Setting]:
    for one in situation.pictures:
        for key in one.image.properties:
            if key.startswith("trait:") or key in ("hypervisor_type", "img_hv_type"):
                image = replace(one.image, properties=_less(one.image.properties, key))
                yield Setting(
                    kind=Kind.IMAGE,
                    subject=one.image.name,
                    key=key,
                    name=f'image "{one.image.name}": {key}',
                    without=replace(
                        situation,
                        pictures=tuple(
                            replace(other, image=image) if other is one else other
                            for other in situation.pictures
                        ),
                    ),
                )


def _rights(situation: Situation) -> Iterator[Setting]:
    rights = situation.rights
    for pattern in rights.protected_properties:
        kept = tuple(one for one in rights.protected_properties if one != pattern)
        yield Setting(
            kind=Kind.PROTECTION,
            subject="",
            key=pattern,
            name=f"property-protections.conf {pattern}",
            without=replace(situation, rights=replace(rights, protected_properties=kept)),
        )
    if set(rights.disk_formats) < IMAGE_TYPES:
        yield Setting(
            kind=Kind.GLANCE_CONF,
            subject="image_format",
            key="disk_formats",
            name="glance-api.conf [image_format] disk_formats",
            without=replace(situation, rights=replace(rights, disk_formats=GLANCE_DISK_FORMATS)),
        )
    if not rights.volume_image_metadata:
        yield Setting(
            kind=Kind.CINDER_POLICY,
            subject="",
            key="volume_extension:volume_image_metadata:set",
            name="cinder policy volume_extension:volume_image_metadata:set",
            without=replace(situation, rights=replace(rights, volume_image_metadata=True)),
        )
    conf = situation.cloud.conf
    if not conf.rebuild:
        yield Setting(
            kind=Kind.NOVA_POLICY,
            subject="",
            key="os_compute_api:servers:rebuild",
            name="nova policy os_compute_api:servers:rebuild",
            without=_with(situation, conf=replace(conf, rebuild=True)),
        )


def _with(
    situation: Situation,
    *,
    conf: nova.Conf | None = None,
    aggregates: tuple[nova.Aggregate, ...] | None = None,
) -> Situation:
    cloud = situation.cloud
    return replace(
        situation,
        cloud=replace(
            cloud,
            conf=cloud.conf if conf is None else conf,
            aggregates=cloud.aggregates if aggregates is None else aggregates,
        ),
    )


def _less(mapping: Mapping[str, str], key: str) -> dict[str, str]:
    return {name: value for name, value in mapping.items() if name != key}
