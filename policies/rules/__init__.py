"""All rules, in the order in which they are listed and judged."""

from policies.rule import Rule
from policies.rules import (
    aggregate_metadata_read,
    aggregate_of_computes,
    cluster_datastores_shared,
    cluster_drs,
    cluster_ha,
    data_network_dedicated,
    esxi_aggregate_isolated,
    esxi_flavor_memory,
    esxi_flavor_private,
    esxi_image_boots,
    esxi_restricted_on_esxi,
    flavor_on_one_side,
    host_not_named,
    host_on_one_side,
    image_and_flavor_known,
    image_tag_read,
    kvm_aggregate_isolated,
    kvm_image_tagged,
    ports_filtered,
    resource_inside_component,
    server_inside_workload,
    volume_on_its_side,
    zone_on_one_side,
)

MAIN = esxi_restricted_on_esxi.RULE
"""The rule that the others serve: no exemption reaches it."""

RULES: tuple[Rule, ...] = (
    MAIN,
    image_and_flavor_known.RULE,
    esxi_aggregate_isolated.RULE,
    kvm_aggregate_isolated.RULE,
    aggregate_metadata_read.RULE,
    aggregate_of_computes.RULE,
    host_on_one_side.RULE,
    zone_on_one_side.RULE,
    esxi_flavor_private.RULE,
    flavor_on_one_side.RULE,
    esxi_flavor_memory.RULE,
    image_tag_read.RULE,
    esxi_image_boots.RULE,
    kvm_image_tagged.RULE,
    server_inside_workload.RULE,
    resource_inside_component.RULE,
    host_not_named.RULE,
    volume_on_its_side.RULE,
    ports_filtered.RULE,
    cluster_drs.RULE,
    cluster_ha.RULE,
    cluster_datastores_shared.RULE,
    data_network_dedicated.RULE,
)
