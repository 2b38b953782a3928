"""A KVM aggregate lets in only what requires its trait: the other way round."""

from collections.abc import Iterator

from estate.model import Hypervisor
from policies.facts import Facts
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules import isolation


def _judge(facts: Facts) -> Iterator[Violation]:
    yield from isolation.judge(facts, Hypervisor.KVM)


RULE = Rule(
    name="kvm-aggregate-isolated",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    description="A KVM aggregate is isolated by its trait and by img_hv_type.",
    why="With both sides isolated a request that carries no trait lands nowhere, so that a forgotten tag "
    "is noticed at "
    "once and not by an auditor.",
    what_to_do="Give the aggregate the metadata trait:CUSTOM_HV_KVM=required and img_hv_type=qemu.",
    source="nova/scheduler/request_filter.py isolate_aggregates",
    judge=_judge,
    by_components=True,
)
