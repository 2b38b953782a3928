"""Nova's host filters (nova/scheduler/filters): they judge, one host at a time, what placement offers.

Each is a pure function ``(cloud, request, host) → None`` or the reason why the host fails, in the words of
Nova's log. Left out are AllHostsFilter, which passes every host, and filters
that no estate can switch on: JsonFilter, MetricsFilter,
NUMATopologyFilter, PciPassthroughFilter, and those that need the scheduler hints ``same_host``,
``different_host`` and ``cidr``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from estate.placement.nova.cloud import Aggregate, Cloud, Host
from estate.placement.nova.extra_specs_ops import match
from estate.placement.nova.image_props import KNOWN
from estate.placement.nova.request import Request
from estate.placement.nova.rule import Stage, rule

FOLDER = "nova/scheduler/filters"

Judge = Callable[[Cloud, Request, Host], str | None]


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A filter as ``enabled_filters`` names it."""

    name: str
    judge: Judge
    run_on_rebuild: bool
    """``RUN_ON_REBUILD``: whether a rebuild with another image asks it."""


FILTERS: dict[str, Filter] = {}
"""Filters by name."""


def _filter(file: str, name: str, *, run_on_rebuild: bool = False) -> Callable[[Judge], Judge]:
    def mark(judge: Judge) -> Judge:
        rule(Stage.FILTER, f"{FOLDER}/{file}.py", name=name)(judge)
        FILTERS[name] = Filter(name=name, judge=judge, run_on_rebuild=run_on_rebuild)
        return judge

    return mark


def values_by_key(aggregates: tuple[Aggregate, ...]) -> dict[str, set[str]]:
    """Values of all aggregates of a host, split at commas (filters/utils.py
    ``aggregate_metadata_get_by_host``).
    """
    found: dict[str, set[str]] = {}
    for one in aggregates:
        for key, value in one.metadata.items():
            found.setdefault(key, set()).update(part.strip() for part in value.split(","))
    return found


@_filter("compute_filter", "ComputeFilter")
def compute(cloud: Cloud, request: Request, host: Host) -> str | None:  # noqa: ARG001 - one form for all
    """The service is enabled and was heard from within `service_down_time`."""
    if not host.enabled:
        return "is disabled"
    return None if host.up else "has not been heard from in a while"


_CAPABILITIES: Mapping[str, Callable[[Host], object]] = {
    "host": lambda host: host.name,
    "nodename": lambda host: host.node,
    "hypervisor_hostname": lambda host: host.node,
    "hypervisor_type": lambda host: host.hypervisor_type,
    "hypervisor_version": lambda host: host.hypervisor_version,
    "num_instances": lambda host: host.num_instances,
    "num_io_ops": lambda host: host.num_io_ops,
    "vcpus_total": lambda host: _total(host, "VCPU"),
    "total_usable_ram_mb": lambda host: _total(host, "MEMORY_MB"),
    "total_usable_disk_gb": lambda host: _total(host, "DISK_GB"),
}
"""What the scheduler knows of a host (nova/scheduler/host_manager.py ``HostState``), as far as it is
fixed.
"""

NAMES_A_HOST = ("host", "nodename", "hypervisor_hostname")
"""Capabilities by which a flavor can name a single host."""


def _total(host: Host, resource_class: str) -> int:
    inventory = host.inventories.get(resource_class)
    return inventory.total if inventory is not None else 0


@_filter("compute_capabilities_filter", "ComputeCapabilitiesFilter")
def compute_capabilities(cloud: Cloud, request: Request, host: Host) -> str | None:  # noqa: ARG001
    """Extra specs `capabilities:X` of the flavor (or X alone, if hosts have such an attribute) match the
    host.
    """
    for key, wanted in request.flavor.extra_specs.items():
        scope, colon, capability = key.partition(":")
        if not colon:
            capability = key
        if (scope != "capabilities") if colon else (key not in _CAPABILITIES):
            continue
        if capability not in _CAPABILITIES:
            return f"fails. There are no capabilities to retrieve. ({capability})"
        found = str(_CAPABILITIES[capability](host))
        if not match(found, wanted):
            return f"fails extra_spec requirements. '{wanted}' does not match '{found}'"
    return None


@_filter("image_props_filter", "ImagePropertiesFilter", run_on_rebuild=True)
def image_properties(cloud: Cloud, request: Request, host: Host) -> str | None:
    """Architecture, hypervisor type and VM mode of the image, where it says any, are ones that the host
    advertises.

    An image without these properties passes everywhere.
    """
    props = request.image_props
    wanted = [
        value
        for value in (
            props.get("hw_architecture", cloud.conf.image_properties_default_architecture),
            props.get("img_hv_type"),
            props.get("hw_vm_mode"),
        )
        if value
    ]
    if not wanted or any(all(one in supported for one in wanted) for supported in host.supported_instances):
        return None
    return f"does not support requested instance_properties ({', '.join(wanted)})"


@_filter("aggregate_image_properties_isolation", "AggregateImagePropertiesIsolation", run_on_rebuild=True)
def aggregate_image_properties(cloud: Cloud, request: Request, host: Host) -> str | None:
    """A property of the image that is also metadata of the host's aggregates must have a value that they
    name.

    Only canonical names count (`img_hv_type`, not `hypervisor_type`). An image without the property passes.
    """
    props = request.image_props
    for key, options in values_by_key(cloud.aggregates_of[host.name]).items():
        if key in KNOWN and props.get(key) and props[key] not in options:
            return (
                f"fails image aggregate properties requirements. Property {props[key]} does not match "
                f"{', '.join(sorted(options))} ({key})"
            )
    return None


@_filter("aggregate_instance_extra_specs", "AggregateInstanceExtraSpecsFilter")
def aggregate_extra_specs(cloud: Cloud, request: Request, host: Host) -> str | None:
    """Extra specs `aggregate_instance_extra_specs:X` of the flavor (or X without scope) match the metadata
    of the host's aggregates.
    """
    values = values_by_key(cloud.aggregates_of[host.name])
    for key, wanted in request.flavor.extra_specs.items():
        scope, colon, name = key.partition(":")
        if colon and scope != "aggregate_instance_extra_specs":
            continue
        name = name if colon else key
        if not values.get(name):
            return f"fails flavor extra_specs requirements. Extra_spec {name} is not in aggregate."
        if not any(match(value, wanted) for value in values[name]):
            return (
                f"fails flavor extra_specs requirements. '{', '.join(sorted(values[name]))}' do not match "
                f"'{wanted}'"
            )
    return None


@_filter("aggregate_multitenancy_isolation", "AggregateMultiTenancyIsolation")
def aggregate_multitenancy(cloud: Cloud, request: Request, host: Host) -> str | None:
    """A host whose aggregates name projects (`filter_tenant_id…`) takes only those."""
    named = {
        value
        for key, values in values_by_key(cloud.aggregates_of[host.name]).items()
        if key.startswith("filter_tenant_id")
        for value in values
    }
    return "fails tenant id on aggregate" if named and request.project not in named else None


@_filter("isolated_hosts_filter", "IsolatedHostsFilter", run_on_rebuild=True)
def isolated_hosts(cloud: Cloud, request: Request, host: Host) -> str | None:
    """`isolated_images` go to `isolated_hosts`, and with `restrict_isolated_hosts_to_isolated_images`
    nothing else does.
    """
    conf = cloud.conf
    host_isolated = host.name in conf.isolated_hosts
    image_isolated = request.image is not None and request.image.name in conf.isolated_images
    if not conf.isolated_images:
        passes = not conf.restrict_isolated_hosts_to_isolated_images or not host_isolated
    elif conf.restrict_isolated_hosts_to_isolated_images:
        passes = image_isolated == host_isolated
    else:
        passes = not image_isolated or host_isolated
    if passes:
        return None
    return "is an isolated host" if host_isolated else "is not one of the isolated hosts"


@_filter("type_filter", "AggregateTypeAffinityFilter")
def aggregate_type_affinity(cloud: Cloud, request: Request, host: Host) -> str | None:
    """An aggregate with `instance_type` takes only the flavors that it names."""
    named = [
        one.metadata["instance_type"]
        for one in cloud.aggregates_of[host.name]
        if "instance_type" in one.metadata
    ]
    if not named or any(request.flavor.name in map(str.strip, one.split(",")) for one in named):
        return None
    return f"takes only the flavors {', '.join(named)}"


@_filter("num_instances_filter", "NumInstancesFilter")
def num_instances(cloud: Cloud, request: Request, host: Host) -> str | None:  # noqa: ARG001
    """Fewer servers on the host than `max_instances_per_host`."""
    return _below(host.num_instances, cloud.conf.max_instances_per_host, "num_instances check: Max instances")


@_filter("num_instances_filter", "AggregateNumInstancesFilter")
def aggregate_num_instances(cloud: Cloud, request: Request, host: Host) -> str | None:  # noqa: ARG001
    """The same, where an aggregate may set `max_instances_per_host` of its own (the smallest counts)."""
    most = _smallest(cloud, host, "max_instances_per_host", cloud.conf.max_instances_per_host)
    return _below(host.num_instances, most, "num_instances check: Max instances")


@_filter("io_ops_filter", "IoOpsFilter")
def io_ops(cloud: Cloud, request: Request, host: Host) -> str | None:  # noqa: ARG001
    """Fewer servers being built, resized or moved on the host than `max_io_ops_per_host`."""
    return _below(host.num_io_ops, cloud.conf.max_io_ops_per_host, "I/O ops check: Max IOs")


@_filter("io_ops_filter", "AggregateIoOpsFilter")
def aggregate_io_ops(cloud: Cloud, request: Request, host: Host) -> str | None:  # noqa: ARG001
    """The same, where an aggregate may set `max_io_ops_per_host` of its own (the smallest counts)."""
    most = _smallest(cloud, host, "max_io_ops_per_host", cloud.conf.max_io_ops_per_host)
    return _below(host.num_io_ops, most, "I/O ops check: Max IOs")


def _below(number: int, most: int, what: str) -> str | None:
    return None if number < most else f"fails {what} per host is set to {most}"


def _smallest(cloud: Cloud, host: Host, key: str, default: int) -> int:
    values = {one.metadata[key] for one in cloud.aggregates_of[host.name] if key in one.metadata}
    try:
        return min((int(value) for value in values), default=default)
    except ValueError:
        return default


@_filter("affinity_filter", "ServerGroupAntiAffinityFilter")
def group_anti_affinity(cloud: Cloud, request: Request, host: Host) -> str | None:  # noqa: ARG001
    """In a group with policy anti-affinity: fewer members on the host than `max_server_per_host` (1)."""
    group = request.group
    if group is None or group.policy != "anti-affinity" or request.on == host.name:
        return None
    there = group.members_on.get(host.name, 0)
    return None if there < group.max_server_per_host else f"has {there} servers of the group"


@_filter("affinity_filter", "ServerGroupAffinityFilter")
def group_affinity(cloud: Cloud, request: Request, host: Host) -> str | None:  # noqa: ARG001
    """In a group with policy affinity: a host that has members already, if any has."""
    group = request.group
    if group is None or group.policy != "affinity":
        return None
    where = {name for name, count in group.members_on.items() if count}
    return (
        None
        if not where or host.name in where
        else f"has no server of the group, which runs on {', '.join(sorted(where))}"
    )
