"""What the platform's stack has made, as a member of a project finds it: by name, with no more rights.

By name and not by reference to the platform's stack: that would need its state, with all that is in it.
Nobody else can take the names: only administrators make flavors and public images, and a network or a
security group that is there twice is an error. What decides where a server lands is compared with the
documents.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from estate.model import Estate, Workload
from estate.model.images import glance_name
from estate.model.partition import Share
from estate.openstack.connection import cloud_faults
from estate.openstack.errors import CloudError
from estate.openstack.sdk import Connection
from estate.placement.triple import flavor_extra_specs, image_properties


@dataclass(frozen=True, kw_only=True)
class Existing:
    """Ids by name; a block that was renamed may have its earlier name in the cloud."""

    images: Mapping[str, str] = field(default_factory=dict)
    """By name in Glance."""
    flavors: Mapping[str, str] = field(default_factory=dict)
    networks: Mapping[str, str] = field(default_factory=dict)
    security_groups: Mapping[str, str] = field(default_factory=dict)
    volume_types: Mapping[str, str] = field(default_factory=dict)
    """Name → name in Cinder."""
    ports: Mapping[str, str] = field(default_factory=dict)
    """Ports with fixed addresses, ``SERVER/NETWORK``."""


def find(cloud: Connection, estate: Estate, share: Share) -> Existing:
    """All that the workloads of a project's part refer to. Needs a member of the project.

    Raises ``CloudError`` with everything that is missing, there twice, or not as the documents say.
    """
    workloads = [one.workload for name in share.workloads for one in estate.workloads[name].variants]
    with cloud_faults():
        seen = {
            "image": _images(cloud),
            "flavor": list(cloud.compute.flavors(details=True, get_extra_specs=True)),
            "network": list(cloud.network.networks()),
            "security group": list(cloud.network.security_groups()),
            "volume type": list(cloud.block_storage.types()),
            "port": list(cloud.network.ports(project_id=cloud.current_project_id)),
        }
    wanted: dict[str, dict[str, dict[str, str]]] = {
        "image": dict(_image(estate, one) for one in workloads),
        "flavor": {one.flavor: flavor_extra_specs(estate.flavors[one.flavor]) for one in workloads},
        "network": {name: {} for one in workloads for name in one.networks},
        "security group": {name: {} for one in workloads for name in one.security_groups},
        "volume type": {
            name: {}
            for one in workloads
            for name in [
                *(volume.type for volume in one.volumes.values()),
                *([one.boot_volume.type] if one.boot_volume else []),
            ]
        },
        "port": {
            f"{server}/{network}": {}
            for one in workloads
            for network in one.addresses
            for server in one.servers
        },
    }
    # Nova and Cinder know no rename: what was renamed keeps its name there.
    was = {name: one.was for name, one in (*estate.flavors.items(), *estate.volume_types.items())}
    wrong: list[str] = []
    found = {kind: _found(kind, names, was, seen[kind], wrong) for kind, names in wanted.items()}
    if wrong:
        raise CloudError(
            f'part "{share.name}" does not find what it stands on: {"; ".join(wrong)}. Apply the platform\'s '
            "part, or take back what was changed by hand."
        )
    return Existing(
        images=_ids(found["image"]),
        flavors=_ids(found["flavor"]),
        networks=_ids(found["network"]),
        security_groups=_ids(found["security group"]),
        volume_types={name: str(one.name) for name, one in found["volume type"].items()},
        ports=_ids(found["port"]),
    )


def _ids(found: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(one.id) for name, one in found.items()}


def _images(cloud: Connection) -> list[Any]:
    """Public ones, which only administrators make; older versions are hidden."""
    return [
        one for hidden in (False, True) for one in cloud.image.images(visibility="public", is_hidden=hidden)
    ]


def _image(estate: Estate, workload: Workload) -> tuple[str, dict[str, str]]:
    """Name in Glance and what the image must say."""
    image = estate.images[workload.image]
    name = glance_name(image.name, workload.image_version or image.version)
    return name, {"disk_format": image.disk_format, **image_properties(image)}


def _found(
    kind: str,
    wanted: Mapping[str, Mapping[str, str]],
    was: Mapping[str, str | None],
    seen: Iterable[Any],
    wrong: list[str],
) -> dict[str, Any]:
    """Each wanted object, if it says what it must; else a sentence more in ``wrong``."""
    named: dict[str, list[Any]] = {}
    for one in seen:
        named.setdefault(one.name, []).append(one)
    found = {}
    for name, must in wanted.items():
        before = was.get(name) if kind in ("flavor", "volume type") else None
        all_ = named.get(name) or named.get(before or "", [])
        if len(all_) != 1:
            wrong.append(f'{kind} "{name}" is {"there more than once" if all_ else "not there"}')
            continue
        (one,) = all_
        said = _said(kind, one)
        other = [
            f"{key}={value} (found {said.get(key, 'none')})"
            for key, value in must.items()
            if str(said.get(key)) != value
        ]
        if other:
            wrong.append(f'{kind} "{name}" should say {", ".join(other)}')
        found[name] = one
    return found


def _said(kind: str, one: Any) -> Mapping[str, Any]:  # noqa: ANN401 - objects of openstacksdk
    if kind == "flavor":
        return one.extra_specs or {}
    if kind == "image":  # openstacksdk has attributes of its own for properties that it knows
        return {**one.to_dict(original_names=True), **(one.properties or {})}
    return {}
