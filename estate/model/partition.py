"""Which stack makes which block: an environment in parts, or whole."""

from collections.abc import Iterable
from dataclasses import dataclass

from estate.model.estate import Estate
from estate.model.hypervisor import Hypervisor
from estate.model.parts import DRS_RULES, PLATFORM


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one stack makes; names of blocks, in the order of the documents."""

    name: str
    """``platform``, ``drs-rules``, or as the documents call the part."""
    whole: bool = False
    """Whether there is no other."""
    project: str | None = None
    """The project that it is applied in, by one of its members; ``None``: by the operators."""
    platform: bool = False
    """Whether it makes what only an administrator can: aggregates, networks, storage, images, …"""
    vcenters: tuple[str, ...] = ()
    """vCenters whose switches and clusters it makes."""
    workloads: tuple[str, ...] = ()
    keypairs: tuple[str, ...] = ()
    """Of the login that applies it, so that two parts may each have one."""
    server_groups: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    """Server groups whose members on ESXi it keeps on different hosts."""
    reaches: tuple[str, ...] = ()
    """vCenters that it connects to, at every preview."""
    needs: tuple[str, ...] = ()
    """Parts that must be there before it."""


def partition(estate: Estate) -> tuple[Share, ...]:
    """The stacks of an environment, in the order in which they are applied: each needs only earlier ones.

    Every block is in one of them; what no part has is the platform's. Without ``parts`` there is one
    stack. Names that do not exist are skipped (``estate.model.references`` says them).
    """
    if not estate.parts:
        return (whole(estate),)
    apart = _apart(estate)
    vsphere = [
        Share(name=name, vcenters=(part.vcenter,), reaches=(part.vcenter,))
        for name, part in estate.parts.items()
        if part.vcenter is not None
    ]
    taken = {name for one in vsphere for name in one.vcenters}
    own = tuple(name for name in estate.vcenters if name not in taken)
    projects = [
        Share(
            name=name,
            project=part.project,
            needs=(PLATFORM,),
            workloads=workloads,
            keypairs=_keypairs(estate, workloads),
            server_groups=_groups(estate, workloads),
        )
        for name, part in estate.parts.items()
        if part.project is not None
        for workloads in [tuple(one for one in estate.workloads if one in part.workloads)]
    ]
    held = {name for one in projects for name in one.workloads}
    rest = tuple(name for name in estate.workloads if name not in held)
    kept = {name for one in projects for name in one.keypairs} - {*_keypairs(estate, rest)}
    grouped = {name for one in projects for name in one.server_groups}
    # A rule needs its members and a vCenter: the platform's stack has both only if no part took any.
    at_once = not held and not taken
    platform = Share(
        name=PLATFORM,
        platform=True,
        vcenters=own,
        workloads=rest,
        keypairs=tuple(name for name in estate.keypairs if name not in kept),
        server_groups=tuple(name for name in estate.server_groups if name not in grouped),
        apart=apart if at_once else (),
        reaches=own,
        needs=tuple(one.name for one in vsphere),
    )
    rules = Share(
        name=DRS_RULES,
        apart=apart,
        reaches=tuple(estate.vcenters),
        needs=(*platform.needs, PLATFORM, *(one.name for one in projects)),
    )
    return (*vsphere, platform, *projects, *([rules] if apart and not at_once else []))


def whole(estate: Estate) -> Share:
    """All of it in one stack, whatever the documents say of parts."""
    return Share(
        name=PLATFORM,
        whole=True,
        platform=True,
        vcenters=tuple(estate.vcenters),
        workloads=tuple(estate.workloads),
        keypairs=tuple(estate.keypairs),
        server_groups=tuple(estate.server_groups),
        apart=_apart(estate),
        reaches=tuple(estate.vcenters),
    )


def project_of(estate: Estate) -> dict[str, str]:
    """Workload → project that its servers belong to, of those that a part gives one."""
    return {
        name: one.project for one in partition(estate) if one.project is not None for name in one.workloads
    }


def _apart(estate: Estate) -> tuple[str, ...]:
    """Server groups that need a DRS rule."""
    members: dict[str, int] = {}
    for workload in estate.workloads.values():
        image = estate.images.get(workload.image)
        if workload.server_group and image is not None and image.hypervisor is Hypervisor.ESXI:
            members[workload.server_group] = members.get(workload.server_group, 0) + len(workload.servers)
    return tuple(
        name for name, one in estate.server_groups.items() if one.policy.apart and members.get(name, 0) > 1
    )


def _keypairs(estate: Estate, workloads: Iterable[str]) -> tuple[str, ...]:
    used = {one.workload.keypair for name in workloads for one in estate.workloads[name].variants}
    return tuple(name for name in estate.keypairs if name in used)


def _groups(estate: Estate, workloads: Iterable[str]) -> tuple[str, ...]:
    """Server groups whose members are all among these workloads."""
    inside = set(workloads)
    used = {estate.workloads[name].server_group for name in inside}
    shared = {one.server_group for name, one in estate.workloads.items() if name not in inside}
    return tuple(name for name in estate.server_groups if name in used - shared)
