"""DRS places the servers of a cluster."""

from collections.abc import Iterator

from policies.facts import Facts, Unknown
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation


def _judge(facts: Facts) -> Iterator[Violation]:
    for cluster in facts.clusters:
        if cluster.drs != "fullyAutomated":
            known = "off" if cluster.drs is None else cluster.drs
            found = "a value that cannot be known here" if isinstance(known, Unknown) else known
            yield violation(
                cluster,
                "drs",
                f"expected DRS fullyAutomated, found {found}: Nova names no ESXi host at boot. Say "
                f"drs_enabled "
                "true and drs_automation_level fullyAutomated.",
            )


RULE = Rule(
    name="cluster-drs",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    description="A vSphere cluster has DRS, fully automated.",
    why="Nova's VMware driver asks vCenter for a machine without naming a host; without DRS vCenter refuses, "
    "or waits for a person.",
    what_to_do="Set drs_enabled to true and drs_automation_level to fullyAutomated.",
    source="nova/virt/vmwareapi/vm_util.py create_vm; doc/source/admin/configuration/hypervisor-vmware.rst",
    judge=_judge,
    in_documents="cluster-drs",
    by_components=True,
)
