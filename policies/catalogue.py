"""What the pack is told from outside of the stack: facts of images, flavors and volume types, which servers
are restricted, and which violations are exempted. It comes as the configuration of one rule
(``--policy-pack-config``), whose JSON schema the engine holds against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from estate.model import Estate, Hypervisor
from estate.model.block import ResourceBlock
from estate.model.images import glance_name
from estate.model.nearest import nearest
from estate.placement.triple import flavor_extra_specs, image_properties
from policies.facts import FlavorFacts, ImageFacts, VolumeTypeFacts
from policies.spelling import host_name

_STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}


def _objects(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    inner = {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }
    return {"type": "object", "additionalProperties": inner}


SCHEMA: dict[str, dict[str, Any]] = {
    "images": {
        "description": "Id or name of an image → its disk format and properties.",
        **_objects({"diskFormat": {"type": "string"}, "properties": _STRINGS}, "diskFormat", "properties"),
    },
    "flavors": {
        "description": "Id or name of a flavor → its extra specs.",
        **_objects({"extraSpecs": _STRINGS}, "extraSpecs"),
    },
    "volumeTypes": {
        "description": "Id or name of a volume type → the side that it serves.",
        "type": "object",
        "additionalProperties": {"type": "string", "enum": [one.value for one in Hypervisor]},
    },
    "zones": {
        "description": "Availability zone → the side of its hosts.",
        "type": "object",
        "additionalProperties": {"type": "string", "enum": [one.value for one in Hypervisor]},
    },
    "hosts": {
        "description": "Host of a nova-compute service → the side of its hypervisor.",
        "type": "object",
        "additionalProperties": {"type": "string", "enum": [one.value for one in Hypervisor]},
    },
    "restricted": {"description": "Name of a server that must stay on ESXi → its reason.", **_STRINGS},
    "exemptions": {
        "description": "Violations that somebody answers for.",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "rule": {"type": "string"},
                "subject": {"type": "string"},
                "expires": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
            },
            "required": ["rule", "subject", "expires"],
            "additionalProperties": False,
        },
    },
}
"""JSON schema of each part; any may be left out."""


@dataclass(frozen=True, kw_only=True)
class Exempted:
    """A violation that somebody answers for until a day."""

    rule: str
    subject: str
    """``networks/transit``: kind and name, as the documents have them."""
    expires: str
    """ISO date: the last day on which it holds."""


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """As the rules take it; keys are ids or names."""

    images: Mapping[str, ImageFacts] = field(default_factory=dict)
    flavors: Mapping[str, FlavorFacts] = field(default_factory=dict)
    volume_types: Mapping[str, VolumeTypeFacts] = field(default_factory=dict)
    zones: Mapping[str, Hypervisor] = field(default_factory=dict)
    hosts: Mapping[str, Hypervisor] = field(default_factory=dict)
    restricted: Mapping[str, str] = field(default_factory=dict)
    exemptions: tuple[Exempted, ...] = ()

    @cached_property
    def restricted_hosts(self) -> Mapping[str, str]:
        """Host name → name of a server that must stay on ESXi."""
        return {host_name(one): one for one in self.restricted if host_name(one)}


def parsed(config: Mapping[str, Any]) -> Catalogue:
    """The catalogue that a configuration holds.

    The engine has compared each part with ``SCHEMA``, but lets parts of other names through. Raises
    ``ValueError`` for those, and for what no schema says.
    """
    for part in config:
        if part not in SCHEMA:
            raise ValueError(f'the catalogue has no part "{part}".{nearest(part, SCHEMA)}')
    for one in config.get("exemptions", ()):
        _day(one["expires"])
    return Catalogue(
        images={
            key: ImageFacts(
                origin=(), name=key, disk_format=one["diskFormat"], properties=dict(one["properties"])
            )
            for key, one in config.get("images", {}).items()
        },
        flavors={
            key: FlavorFacts(origin=(), name=key, extra_specs=dict(one["extraSpecs"]), public=None)
            for key, one in config.get("flavors", {}).items()
        },
        volume_types={
            key: VolumeTypeFacts(name=key, serves=Hypervisor(side))
            for key, side in config.get("volumeTypes", {}).items()
        },
        zones={zone: Hypervisor(side) for zone, side in config.get("zones", {}).items()},
        hosts={host: Hypervisor(side) for host, side in config.get("hosts", {}).items()},
        restricted=dict(config.get("restricted", {})),
        exemptions=tuple(Exempted(**one) for one in config.get("exemptions", ())),
    )


def _day(expires: str) -> None:
    """Raise ``ValueError`` unless it is a day."""
    try:
        date.fromisoformat(expires)
    except ValueError as error:
        raise ValueError(
            f'an exemption expires on a day of the calendar (YYYY-MM-DD), found "{expires}": {error}.'
        ) from error


@dataclass(frozen=True, kw_only=True)
class Ids:
    """Ids that a cloud gave, by the name that it shows."""

    images: Mapping[str, str] = field(default_factory=dict)
    flavors: Mapping[str, str] = field(default_factory=dict)
    volume_types: Mapping[str, str] = field(default_factory=dict)


def config_of(estate: Estate, ids: Ids | None = None) -> dict[str, Any]:
    """The configuration for an estate: by name, and by id where ``ids`` are given."""
    ids = ids or Ids()
    images = {
        glance_name(name, version): {
            "diskFormat": image.disk_format,
            "properties": image_properties(image),
        }
        for name, image in estate.images.items()
        for version in image.versions
    }
    flavors = {
        name: {"extraSpecs": flavor_extra_specs(flavor)}
        for flavor in estate.flavors.values()
        for name in _names(flavor)
    }
    volume_types = {name: kind.serves.value for kind in estate.volume_types.values() for name in _names(kind)}
    return {
        "images": {**images, **_by_id(images, ids.images)},
        "flavors": {**flavors, **_by_id(flavors, ids.flavors)},
        "volumeTypes": {**volume_types, **_by_id(volume_types, ids.volume_types)},
        "zones": {one.availability_zone: one.hypervisor.value for one in estate.aggregates.values()},
        "hosts": {
            host: one.hypervisor.value
            for one in estate.aggregates.values()
            for host in estate.compute_hosts(one)
        },
        "restricted": {
            server: workload.restriction.reason.value
            for server, workload in estate.servers().items()
            if workload.restriction is not None
        },
        "exemptions": [
            {"rule": one.rule, "subject": subject, "expires": one.expires.isoformat()}
            for one in estate.exemptions.values()
            for subject in _subjects(estate, one.subject)
        ],
    }


def _names(block: ResourceBlock) -> list[str]:
    """Nova and Cinder keep the name of what was renamed here."""
    return [block.name, *([block.was] if block.was is not None else [])]


def _subjects(estate: Estate, subject: str) -> list[str]:
    """The block, and the resources that stand for a part of it under a name of their own."""
    kind, _, name = subject.partition("/")
    parts: tuple[str, ...] = ()
    if kind == "workloads" and name in estate.workloads:
        parts = estate.workloads[name].servers
    elif kind == "images" and name in estate.images:
        parts = tuple(glance_name(name, version) for version in estate.images[name].versions)
    return list(dict.fromkeys([subject, *(f"{kind}/{part}" for part in parts)]))


def _by_id(known: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    return {ids[name]: one for name, one in known.items() if name in ids}
