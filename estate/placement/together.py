"""Servers that must all run on one host, and so come before the others of their aggregate."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from estate.model import Estate
from estate.model.server_groups import Policy
from estate.placement.prediction import Prediction


@dataclass(frozen=True)
class Bound:
    """What must share a host in one aggregate; names in the order of the documents."""

    groups: dict[str, None] = field(default_factory=dict)
    workloads: dict[str, None] = field(default_factory=dict)


def bound_together(estate: Estate, predictions: Mapping[str, Prediction]) -> dict[str, Bound]:
    """Aggregate → server groups of hard affinity with several members there (ServerGroupAffinityFilter,
    nova/scheduler/filters/affinity_filter.py), and the workloads that these belong to.
    """
    servers = estate.servers()
    members = Counter(one.server_group for one in servers.values())
    hard = {
        name
        for name, one in estate.server_groups.items()
        if one.policy is Policy.AFFINITY and members[name] > 1
    }
    found: dict[str, Bound] = {}
    for server, workload in servers.items():
        name = workload.server_group
        if name in hard:
            bound = found.setdefault(predictions[server].aggregate, Bound())
            bound.groups[name] = None
            bound.workloads[workload.name] = None
    return found
