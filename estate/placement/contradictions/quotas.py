"""What a project may have, and what the workloads of its parts take of it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from estate.model import Estate, Finding, Loc, Workload
from estate.model.partition import Share, partition
from estate.placement.contradictions.workloads import root_volume

if TYPE_CHECKING:
    from estate.model.projects import Limit


@dataclass
class _Taken:
    """What workloads take of their project's quota, by the keys of it."""

    compute: Counter[str] = field(default_factory=Counter)
    ports: int = 0
    volumes: Counter[str] = field(default_factory=Counter)
    sizes: Counter[str] = field(default_factory=Counter)
    """Volumes and their GiB, by volume type."""


def check(estate: Estate) -> Iterator[Finding]:
    """Findings about projects whose quota is too small for the workloads that documents put into them.

    Only parts say a project: the other workloads belong to that of the login.
    """
    taken: dict[str, _Taken] = {}
    for share in partition(estate):
        if share.project is not None:
            _take(estate, share, taken.setdefault(share.project, _Taken()))
    for name, one in taken.items():
        if name in estate.projects:
            yield from _project(estate, name, one)


def _take(estate: Estate, share: Share, taken: _Taken) -> None:
    taken.compute["server_groups"] += len(share.server_groups)
    for name in share.workloads:
        workload = estate.workloads[name]
        count = len(workload.servers)
        taken.compute["instances"] += count
        if (flavor := estate.flavors.get(workload.flavor)) is not None:
            taken.compute["cores"] += count * flavor.vcpus
            taken.compute["memory"] += count * flavor.memory
        taken.ports += count * len(workload.networks)
        for kind, size in _volumes(estate, workload):
            taken.volumes[kind] += count
            taken.sizes[kind] += count * size


def _volumes(estate: Estate, workload: Workload) -> Iterator[tuple[str, int]]:
    """Type and GiB of each volume of one server."""
    image = estate.images.get(workload.image)
    if workload.boot_volume is not None and image is not None:
        yield workload.boot_volume.type, root_volume(workload, image)
    yield from ((one.type, one.size) for one in workload.volumes.values())


def _project(estate: Estate, name: str, taken: _Taken) -> Iterator[Finding]:
    quota = estate.projects[name].quota
    asked: list[tuple[Loc, Limit, int]] = [
        (("compute", key), getattr(quota.compute, key), taken.compute[key])
        for key in ("instances", "cores", "memory", "server_groups")
    ]
    asked += [
        (("network", "ports"), quota.network.ports, taken.ports),
        (("volumes", "volumes"), quota.volumes.volumes, taken.volumes.total()),
        (("volumes", "size"), quota.volumes.size, taken.sizes.total()),
    ]
    for kind, limit in quota.volumes.types.items():
        asked += [
            (("volumes", "types", kind, "volumes"), limit.volumes, taken.volumes[kind]),
            (("volumes", "types", kind, "size"), limit.size, taken.sizes[kind]),
        ]
    for loc, there, wanted in asked:
        if isinstance(there, int) and wanted > there:
            unit = {"memory": " MiB", "size": " GiB"}.get(str(loc[-1]), "")
            yield Finding(
                rule="project-quota",
                message=f"quota.{'.'.join(map(str, loc))}: expected room for its parts' workloads, found "
                f"{wanted}{unit} asked for and {there}{unit} to give: the last ones would be refused. "
                "Raise it, or use less.",
                loc=("projects", name, "quota", *loc),
                subject=f'project "{name}"',
            )
