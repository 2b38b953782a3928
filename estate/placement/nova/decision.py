"""Nova's decision: the hosts that a request may land on, and which rule keeps it off every other one.

The order is Nova's: nova-api, request filters, placement, host manager, filters, and for two operations the
conductor (nova/scheduler/manager.py ``select_destinations``). Weighers then order the accepted hosts; which
of them wins is not promised here, since it depends on everything else that runs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from estate.placement.nova.api import Aim, Refusal, aim_of
from estate.placement.nova.cloud import Cloud, Host
from estate.placement.nova.filters import FILTERS, NAMES_A_HOST, Filter
from estate.placement.nova.query import Impossible, Query
from estate.placement.nova.request import Operation, Request
from estate.placement.nova.request_filters import ALL_REQUEST_FILTERS
from estate.placement.nova.resource_request import flavor_traits, forbidden, required, resources
from estate.placement.nova.rule import Stage, rule

NO_CANDIDATES = (
    "Got no allocation candidates from the Placement API. This could be due to insufficient resources or a "
    "temporary occurrence as compute nodes start up."
)
"""nova/scheduler/manager.py, in these words."""


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """Why a host does not take the request."""

    rule: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What becomes of a request."""

    refusal: Refusal | None
    """Set where no host was looked at."""
    verdicts: dict[str, tuple[Rejection, ...]]
    """Every host: empty, or what rejects it. From placement all that does, from the filters the first that
    does.
    """
    log: tuple[str, ...]
    """What Nova's log says, in Nova's words."""

    @cached_property
    def accepted(self) -> frozenset[str]:
        """Hosts that may take it."""
        return frozenset(name for name, rejections in self.verdicts.items() if not rejections)

    def rejected_by(self, host: str) -> Rejection | None:
        """What decides for a host, first."""
        if self.refusal is not None:
            return Rejection(rule=self.refusal.rule, words=self.refusal.words)
        return next(iter(self.verdicts[host]), None)


@rule(
    Stage.HOSTS,
    "nova/scheduler/host_manager.py get_filtered_hosts; nova/scheduler/utils.py resources_from_request_spec",
)
def requested_hosts(host: Host, aim: Aim) -> Rejection | None:
    """A host that the request names (`zone:host`, `host`) is the only one; one that a move leaves out is
    none.
    """
    named = aim.force_host or aim.host
    node = aim.force_node or aim.node
    if named is not None and host.name.casefold() != named.casefold():
        return Rejection(rule="requested_hosts", words=f"the request names host {named}")
    if node is not None and host.node != node:
        return Rejection(rule="requested_hosts", words=f"the request names node {node}")
    if host.name == aim.ignore:
        return Rejection(
            rule="requested_hosts", words="the server runs here, and the operation leaves this host out"
        )
    return None


_GROUP_FILTERS = {
    "affinity": "ServerGroupAffinityFilter",
    "anti-affinity": "ServerGroupAntiAffinityFilter",
}


@rule(Stage.CONDUCTOR, "nova/scheduler/utils.py setup_instance_group")
def server_group_policy(cloud: Cloud, request: Request) -> Refusal | None:
    """A server of a group with policy affinity or anti-affinity is not scheduled unless the filter of that
    policy is enabled.
    """
    needed = _GROUP_FILTERS.get(request.group.policy) if request.group is not None else None
    if needed is None or needed in cloud.conf.enabled_filters:
        return None
    words = f"ServerGroup policy is not supported: {needed} not configured"
    return Refusal(rule="server_group_policy", words=words)


@rule(Stage.CONDUCTOR, "nova/conductor/tasks/live_migrate.py _check_compatible_with_source_hypervisor")
def check_compatible_with_source_hypervisor(cloud: Cloud, request: Request, host: Host) -> Rejection | None:
    """A live migration goes only to the same type of hypervisor, of the same version or newer."""
    source = cloud.by_name.get(request.on or "")
    if request.operation is not Operation.LIVE_MIGRATE or source is None:
        return None
    if source.hypervisor_type != host.hypervisor_type:
        words = f"its hypervisor type is {host.hypervisor_type}, the source's is {source.hypervisor_type}"
    elif source.hypervisor_version > host.hypervisor_version:
        words = f"its hypervisor version {host.hypervisor_version} is older than the source's"
    else:
        return None
    return Rejection(rule="check_compatible_with_source_hypervisor", words=words)


@rule(Stage.CONDUCTOR, "nova/conductor/manager.py _validate_image_traits_for_rebuild")
def validate_image_traits_for_rebuild(cloud: Cloud, request: Request, host: Host) -> Rejection | None:  # noqa: ARG001
    """A rebuild with another image needs the image's traits on the server's own provider, and none of them
    forbidden by its flavor.
    """
    if request.operation is not Operation.REBUILD:
        return None
    clash = request.image_traits & flavor_traits(request.flavor.extra_specs, "forbidden")
    missing = request.image_traits - host.traits
    if not clash and not missing:
        return None
    words = (
        f"the flavor forbids {', '.join(sorted(clash))}, which the image requires"
        if clash
        else f"the provider has no trait {', '.join(sorted(missing))}, which the image requires"
    )
    return Rejection(rule="validate_image_traits_for_rebuild", words=words)


_CONDUCTOR = (check_compatible_with_source_hypervisor, validate_image_traits_for_rebuild)


def decide(cloud: Cloud, request: Request, *, without: frozenset[str] = frozenset()) -> Decision:
    """What Nova and placement do with a request. Pure.

    :param without: names of rules that are left out, to see what they are for.
    """
    aim = aim_of(cloud, request, without)
    if isinstance(aim, Refusal):
        return _nothing(cloud, aim)
    if "server_group_policy" not in without and (refusal := server_group_policy(cloud, request)):
        return _nothing(cloud, refusal)
    query = Query() if request.operation is Operation.REBUILD else _query(cloud, request, aim, without)
    if query.refused is not None:
        return _nothing(cloud, Refusal(rule="require_tenant_aggregate", words=query.refused))
    return _Run(cloud, request, aim, query, without).decision()


def _nothing(cloud: Cloud, refusal: Refusal) -> Decision:
    rejection = (Rejection(rule=refusal.rule, words=refusal.words),)
    return Decision(
        refusal=refusal, verdicts={host.name: rejection for host in cloud.hosts}, log=(refusal.words,)
    )


def _query(cloud: Cloud, request: Request, aim: Aim, without: frozenset[str]) -> Query:
    """Traits of flavor and image first, because they decide; then request filters in Nova's order; then
    sizes.
    """
    query = Query()
    scheduled = request if request.zone == aim.zone else replace(request, zone=aim.zone)
    if "required traits" not in without:
        query.constraints += required(request, cloud.release)
    if "forbidden traits" not in without:
        query.constraints += forbidden(request)
    for one in ALL_REQUEST_FILTERS:
        if one.__name__ not in without:
            one(cloud, scheduled, query)
    sizes = resources(request)
    if "resources" not in without:
        query.constraints += sizes
    else:
        query.constraints += [one for one in sizes if isinstance(one, Impossible)]
    return query


class _Run:
    """One pass over all hosts; hosts of one class are judged once."""

    def __init__(
        self, cloud: Cloud, request: Request, aim: Aim, query: Query, without: frozenset[str]
    ) -> None:
        self._cloud, self._request, self._aim, self._query, self._without = (
            cloud,
            request,
            aim,
            query,
            without,
        )
        named = request.group is not None or any(
            key.rpartition(":")[2] in NAMES_A_HOST for key in request.flavor.extra_specs
        )
        self._class = {name: name for name in cloud.by_name} if named else cloud.classes
        self._verdicts: dict[str, tuple[Rejection, ...]] = {}
        self._log = list(query.log)

    def decision(self) -> Decision:
        left = self._placement()
        if not left:
            named = self._aim.force_host or self._aim.host
            self._log.append(
                NO_CANDIDATES
                if named is None or any(named == host.name for host in self._cloud.hosts)
                else f"No such host - host: {named} node: {self._aim.force_node}"
            )
        left = self._filters(left)
        for check in _CONDUCTOR:
            if check.__name__ not in self._without:
                left = [
                    host for host in left if not self._reject(host, check(self._cloud, self._request, host))
                ]
        return Decision(
            refusal=None,
            verdicts={host.name: self._verdicts.get(host.name, ()) for host in self._cloud.hosts},
            log=tuple(self._log),
        )

    def _reject(self, host: Host, rejection: Rejection | None) -> bool:
        if rejection is not None:
            self._verdicts[host.name] = (rejection,)
        return rejection is not None

    def _placement(self) -> list[Host]:
        """Hosts that placement offers and the request does not exclude by name."""
        known: dict[str, tuple[Rejection, ...]] = {}
        left = []
        for host in self._cloud.hosts:
            group = self._class[host.name]
            if group not in known:
                known[group] = tuple(
                    Rejection(rule=name, words=words) for name, words in self._query.unmet(self._cloud, host)
                )
            found = known[group]
            by_name = requested_hosts(host, self._aim) if "requested_hosts" not in self._without else None
            if by_name is not None:
                found = (by_name, *found)
            if found:
                self._verdicts[host.name] = found
            else:
                left.append(host)
        return left

    def _filters(self, left: list[Host]) -> list[Host]:
        rebuild = self._request.operation is Operation.REBUILD
        if not left or (self._aim.forced and not rebuild):
            return left  # zone:host skips all filters (host_manager.py get_filtered_hosts)
        for one in self._enabled():
            if rebuild and not one.run_on_rebuild:
                continue
            left = self._filter(one, left)
            if not left:
                self._log.append(f"Filter {one.name} returned 0 hosts")
                self._log.append("Filtering removed all hosts for the request")
                break
            self._log.append(f"Filter {one.name} returned {len(left)} host(s)")
        return left

    def _filter(self, one: Filter, hosts: Iterable[Host]) -> list[Host]:
        known: dict[str, str | None] = {}
        left = []
        for host in hosts:
            group = self._class[host.name]
            if group not in known:
                known[group] = one.judge(self._cloud, self._request, host)
            words = known[group]
            if not self._reject(host, Rejection(rule=one.name, words=words) if words is not None else None):
                left.append(host)
        return left

    def _enabled(self) -> list[Filter]:
        return [
            FILTERS[name]
            for name in self._cloud.conf.enabled_filters
            if name in FILTERS and name not in self._without
        ]
