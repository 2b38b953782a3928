"""Nova's request filters (nova/scheduler/request_filter.py): they refine the query before placement is asked.

In the order of ``ALL_REQUEST_FILTERS``. Left out are those that act only on what no estate has: routed
networks, remote-managed ports. Those that make traits of extra specs (packed virtqueues, ephemeral
encryption, virtio sound, vTPM secrets) are in ``translated``.
"""

from collections.abc import Callable

from estate.placement.nova.cloud import OWNER_NOVA, STATUS_DISABLED, Cloud
from estate.placement.nova.query import (
    ForbiddenTrait,
    MemberOf,
    NotMemberOf,
    Query,
    RequiredTrait,
    is_isolating,
    same,
)
from estate.placement.nova.request import Request
from estate.placement.nova.resource_request import all_required_traits
from estate.placement.nova.rule import RELEASES, Stage, rule

FILE = "nova/scheduler/request_filter.py"

IMAGE_TYPES = frozenset(["aki", "ami", "ari", "iso", "qcow2", "raw", "vdi", "vhd", "vhdx", "vmdk", "ploop"])
"""Disk formats for which os_traits has ``COMPUTE_IMAGE_TYPE_…`` (os_traits/compute/image.py)."""

_TENANT_KEY = "filter_tenant_id"

PREFIXES = {
    "hw_cdrom_bus": "COMPUTE_STORAGE_BUS",
    "hw_disk_bus": "COMPUTE_STORAGE_BUS",
    "hw_video_model": "COMPUTE_GRAPHICS_MODEL",
    "hw_vif_model": "COMPUTE_NET_VIF_MODEL",
    "hw_architecture": "HW_ARCH",
    "hw_emulation_architecture": "COMPUTE_ARCH",
    "hw_viommu_model": "COMPUTE_VIOMMU",
}
"""Image property → beginning of the trait that ``transform_image_metadata`` makes of it."""


@rule(Stage.REQUEST, FILE)
def require_tenant_aggregate(cloud: Cloud, request: Request, query: Query) -> None:
    """With `limit_tenants_to_placement_aggregate`, a project with aggregates of its own stays in them."""
    if not cloud.conf.limit_tenants_to_placement_aggregate:
        return
    own = frozenset(
        one.name
        for one in cloud.aggregates
        if any(same(value, request.project) for value in one.metadata.values())
        and any(key.startswith(_TENANT_KEY) for key in one.metadata)
    )
    if own:
        query.constraints.append(
            MemberOf(rule="require_tenant_aggregate", aggregates=own, wanted=f"of project {request.project}")
        )
    elif cloud.conf.placement_aggregate_required_for_tenants:
        query.refused = "No hosts available for tenant"


@rule(Stage.REQUEST, FILE)
def map_az_to_placement_aggregate(cloud: Cloud, request: Request, query: Query) -> None:
    """A request that names a zone goes to the aggregates of that zone; a zone that no aggregate has says
    nothing.
    """
    if not request.zone:
        return
    named = frozenset(
        one.name for one in cloud.aggregates if one.zone is not None and same(one.zone, request.zone)
    )
    if named:
        query.constraints.append(
            MemberOf(
                rule="map_az_to_placement_aggregate",
                aggregates=named,
                wanted=f'of availability zone "{request.zone}"',
            )
        )
        query.log.append(
            f"map_az_to_placement_aggregate request filter added aggregates {','.join(sorted(named))} "
            f"for az '{request.zone}'"
        )


@rule(Stage.REQUEST, FILE)
def require_image_type_support(cloud: Cloud, request: Request, query: Query) -> None:
    """With `query_placement_for_image_type_support`, a host must say that it boots the image's disk format.

    Not where a server boots from a volume, and not for formats that os_traits does not know.
    """
    if not cloud.conf.query_placement_for_image_type_support or request.is_bfv or request.image is None:
        return
    if request.image.disk_format.lower() not in IMAGE_TYPES:
        return
    trait = f"COMPUTE_IMAGE_TYPE_{request.image.disk_format.upper()}"
    query.constraints.append(
        RequiredTrait(
            rule="require_image_type_support",
            trait=trait,
            asked_by=f"disk format {request.image.disk_format}",
        )
    )
    query.log.append(f"require_image_type_support request filter added required trait {trait}")


@rule(Stage.REQUEST, FILE)
def compute_status_filter(cloud: Cloud, request: Request, query: Query) -> None:  # noqa: ARG001 - one form for all
    """No host whose service is disabled (its provider carries `COMPUTE_STATUS_DISABLED`)."""
    query.constraints.append(
        ForbiddenTrait(rule="compute_status_filter", trait=STATUS_DISABLED, asked_by="every request")
    )
    query.log.append(f"compute_status_filter request filter added forbidden trait {STATUS_DISABLED}")


@rule(Stage.REQUEST, FILE)
def isolate_aggregates(cloud: Cloud, request: Request, query: Query) -> None:
    """With `enable_isolated_aggregate_filtering`, no aggregate with `trait:X=required` unless flavor or image
    require X.
    """
    if not cloud.conf.enable_isolated_aggregate_filtering:
        return
    carried = [f"trait:{trait}" for trait in all_required_traits(request)]
    isolated = frozenset(
        one.name
        for one in cloud.aggregates
        if any(
            is_isolating(key, value) and not any(same(key, other) for other in carried)
            for key, value in one.metadata.items()
        )
    )
    if isolated:
        query.constraints.append(
            NotMemberOf(
                rule="isolate_aggregates",
                aggregates=isolated,
                why="this one requires "
                + (", ".join(key.removeprefix("trait:") for key in sorted(carried)) or "no trait"),
            )
        )


@rule(Stage.REQUEST, FILE)
def transform_image_metadata(cloud: Cloud, request: Request, query: Query) -> None:
    """With `image_metadata_prefilter`, bus, video and NIC models of the image become traits, which libvirt
    alone reports.
    """
    if not cloud.conf.image_metadata_prefilter:
        return
    for key, prefix in PREFIXES.items():
        value = request.image_props.get(key)
        if value:
            trait = f"{prefix}_{value.replace('-', '_').upper()}"
            query.constraints.append(
                RequiredTrait(
                    rule="transform_image_metadata", trait=trait, asked_by=f"image property {key} = {value}"
                )
            )
            query.log.append(f"transform_image_metadata request filter added required trait {trait}")


@rule(Stage.REQUEST, FILE)
def accelerators_filter(cloud: Cloud, request: Request, query: Query) -> None:  # noqa: ARG001
    """A flavor with `accel:device_profile` needs a host that supports accelerators."""
    if request.flavor.extra_specs.get("accel:device_profile"):
        query.constraints.append(
            RequiredTrait(
                rule="accelerators_filter", trait="COMPUTE_ACCELERATORS", asked_by="accel:device_profile"
            )
        )
        query.log.append("accelerators_filter request filter added required trait COMPUTE_ACCELERATORS")


@rule(Stage.REQUEST, FILE, since="2026.2")
def owner_nova_filter(cloud: Cloud, request: Request, query: Query) -> None:  # noqa: ARG001
    """Only providers that Nova itself made (`OWNER_NOVA`), once every nova-compute is of 2026.2."""
    if cloud.release in RELEASES[RELEASES.index("2026.2") :]:
        query.constraints.append(
            RequiredTrait(rule="owner_nova_filter", trait=OWNER_NOVA, asked_by="every request")
        )


ALL_REQUEST_FILTERS: tuple[Callable[[Cloud, Request, Query], None], ...] = (
    require_tenant_aggregate,
    map_az_to_placement_aggregate,
    require_image_type_support,
    compute_status_filter,
    isolate_aggregates,
    transform_image_metadata,
    accelerators_filter,
    owner_nova_filter,
)
