"""Every setting that the guarantee rests on, each of which can be taken away to see what it is for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from estate.placement import nova
from estate.placement.nova.request_filters import IMAGE_TYPES
from estate.placement.proof.situation import Situation

GLANCE_DISK_FORMATS = ("ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop")
"""Glance's own default (glance/common/config.py)."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting, and the situation without it."""

    name: str
    """E.g. ``nova.conf [scheduler] enable_isolated_aggregate_filtering``."""
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


def _nova_conf(situation: Situation) -> Iterator[Setting]:
    conf = situation.cloud.conf
    changes: dict[str, nova.Conf] = {
        "[scheduler] enable_isolated_aggregate_filtering = true": replace(
            conf, enable_isolated_aggregate_filtering=False
        ),
        "[scheduler] query_placement_for_image_type_support = true": replace(
            conf, query_placement_for_image_type_support=False
        ),
        "[scheduler] image_metadata_prefilter = false": replace(conf, image_metadata_prefilter=True),
        "[DEFAULT] default_schedule_zone": replace(conf, default_schedule_zone=None),
        "[cinder] cross_az_attach = false": replace(conf, cross_az_attach=True),
    }
    for name in conf.enabled_filters:
        kept = tuple(one for one in conf.enabled_filters if one != name)
        changes[f"[filter_scheduler] enabled_filters: {name}"] = replace(conf, enabled_filters=kept)
    for name, changed in changes.items():
        if changed != conf:
            yield Setting(name=f"nova.conf {name}", without=_with(situation, conf=changed))


def _aggregates(situation: Situation) -> Iterator[Setting]:
    for one in situation.cloud.aggregates:
        for key in one.metadata:
            changed = replace(one, metadata=_less(one.metadata, key))
            others = tuple(
                changed if other.name == one.name else other for other in situation.cloud.aggregates
            )
            yield Setting(name=f'aggregate "{one.name}": {key}', without=_with(situation, aggregates=others))


def _traits(situation: Situation) -> Iterator[Setting]:
    cloud = situation.cloud
    for name in dict.fromkeys(cloud.classes.values()):
        for trait in sorted(one for one in cloud.by_name[name].traits if one.startswith("CUSTOM_")):
            hosts = tuple(
                replace(host, traits=host.traits - {trait}) if host.name == name else host
                for host in cloud.hosts
            )
            yield Setting(
                name=f"provider.yaml of {name}: {trait}",
                without=replace(situation, cloud=replace(cloud, hosts=hosts)),
            )


def _flavors(situation: Situation) -> Iterator[Setting]:
    for one in situation.offers:
        changes = {
            f"extra spec {key}": replace(one.flavor, extra_specs=_less(one.flavor.extra_specs, key))
            for key in one.flavor.extra_specs
            if key.startswith("trait:")
        }
        if one.flavor.projects is not None:
            changes["access for its projects only"] = replace(one.flavor, projects=None)
        for name, flavor in changes.items():
            yield Setting(
                name=f'flavor "{one.flavor.name}": {name}',
                without=replace(
                    situation,
                    offers=tuple(
                        replace(other, flavor=flavor) if other is one else other for other in situation.offers
                    ),
                ),
            )


def _images(situation: Situation) -> Iterator[Setting]:
    for one in situation.pictures:
        for key in one.image.properties:
            if key.startswith("trait:") or key in ("hypervisor_type", "img_hv_type"):
                image = replace(one.image, properties=_less(one.image.properties, key))
                yield Setting(
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
            name=f"property-protections.conf {pattern}",
            without=replace(situation, rights=replace(rights, protected_properties=kept)),
        )
    if set(rights.disk_formats) < IMAGE_TYPES:
        yield Setting(
            name="glance-api.conf [image_format] disk_formats",
            without=replace(situation, rights=replace(rights, disk_formats=GLANCE_DISK_FORMATS)),
        )
    if not rights.volume_image_metadata:
        yield Setting(
            name="cinder policy volume_extension:volume_image_metadata:set",
            without=replace(situation, rights=replace(rights, volume_image_metadata=True)),
        )
    if not rights.reimage:
        yield Setting(
            name="cinder policy volume:reimage",
            without=replace(situation, rights=replace(rights, reimage=True)),
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
