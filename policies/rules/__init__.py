"""All rules, in the order in which they are listed and judged."""

from policies.rule import Rule
from policies.rules import (
    esxi_aggregate_isolated,
    esxi_flavor_private,
    esxi_restricted_on_esxi,
    host_on_one_side,
    kvm_aggregate_isolated,
    server_inside_workload,
)

RULES: tuple[Rule, ...] = (
    esxi_restricted_on_esxi.RULE,
    esxi_aggregate_isolated.RULE,
    kvm_aggregate_isolated.RULE,
    host_on_one_side.RULE,
    esxi_flavor_private.RULE,
    server_inside_workload.RULE,
)
