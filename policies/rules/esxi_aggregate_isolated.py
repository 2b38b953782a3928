"""An ESXi aggregate lets in only what requires its trait."""

from collections.abc import Iterator

from estate.model import Hypervisor
from policies.facts import Facts, Unknown, aggregate_side
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules import isolation


def _judge(facts: Facts) -> Iterator[Violation]:
    for aggregate in facts.aggregates:
        if isinstance(aggregate_side(aggregate), Unknown):
            yield isolation.violation(
                aggregate,
                "metadata",
                "the aggregate's metadata cannot be known here, so nobody can tell whether its hosts are "
                "ESXi. "
                "Give it as plain values.",
            )
    yield from isolation.judge(facts, Hypervisor.ESXI)


RULE = Rule(
    name="esxi-aggregate-isolated",
    severity=Severity.CRITICAL,
    scope=Scope.RESOURCE,
    description="An ESXi aggregate is isolated by its trait and by img_hv_type.",
    why="Without trait:CUSTOM_HV_VMWARE=required every general server may land on ESXi. "
    "AggregateImagePropertiesIsolation "
    "reads the canonical name img_hv_type only; the key hypervisor_type is ignored.",
    what_to_do="Give the aggregate the metadata trait:CUSTOM_HV_VMWARE=required and img_hv_type=vmware.",
    source="nova/scheduler/request_filter.py isolate_aggregates; "
    "nova/scheduler/filters/aggregate_image_properties_isolation.py",
    judge=_judge,
    by_components=True,
)
