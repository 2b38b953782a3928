"""What the workloads of a project's part cannot use: its members see less than an administrator."""

from collections.abc import Collection, Iterator

from estate.model import Estate, Finding, Loc, Workload
from estate.model.partition import Share, partition
from estate.placement.building import private
from estate.placement.contradictions.words import about


def check(estate: Estate) -> Iterator[Finding]:
    """Findings about references over the border of a part, in the order of the parts."""
    for share in partition(estate):
        if share.project is not None:
            for name in share.workloads:
                yield from _workload(estate, share, share.project, estate.workloads[name])


def _workload(estate: Estate, share: Share, project: str, workload: Workload) -> Iterator[Finding]:
    def finding(loc: Loc, message: str) -> Finding:
        return about(
            workload, "out-of-reach", loc, f'part "{share.name}" is of project "{project}": {message}'
        )

    for name in workload.networks:
        network = estate.networks.get(name)
        if network is not None and not network.shared and project not in network.shared_with:
            yield finding(
                ("networks", name),
                f'network "{name}" is not shared with it. Say shared_with: {project} there.',
            )
    flavor = estate.flavors.get(workload.flavor)
    if flavor is not None and private(flavor) and project not in flavor.projects:
        yield finding(
            ("flavor",),
            f'flavor "{flavor.name}" is not for it. Add it to the projects of that flavor, or use '
            f"{_usable(estate, project)}.",
        )
    types: list[tuple[Loc, str]] = [
        (("volumes", key, "type"), one.type) for key, one in workload.volumes.items()
    ]
    if workload.boot_volume is not None:
        types.append((("boot_volume", "type"), workload.boot_volume.type))
    for loc, kind in types:
        projects = estate.volume_types[kind].projects if kind in estate.volume_types else ()
        if projects and project not in projects:
            yield finding(loc, f'volume type "{kind}" is not for it. Add it to the projects of that type.')
    group = workload.server_group
    if group in estate.server_groups and group not in share.server_groups:
        yield finding(
            ("server_group",),
            f'server group "{group}" has members in other parts '
            f"({_others(estate, group, share.workloads)}), and Nova shows a group to its own project only. "
            "Make it a group for each part.",
        )


def _usable(estate: Estate, project: str) -> str:
    usable = [one.name for one in estate.flavors.values() if not private(one) or project in one.projects]
    return f"one of {', '.join(usable)}" if usable else "another one"


def _others(estate: Estate, group: str | None, own: Collection[str]) -> str:
    return ", ".join(
        name for name, one in estate.workloads.items() if one.server_group == group and name not in own
    )
