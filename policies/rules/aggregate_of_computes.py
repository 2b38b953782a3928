"""Aggregates have nova-compute services as members."""

from collections.abc import Iterator

from estate.model.words import folded
from policies.facts import Facts, Unknown
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation


def _judge(facts: Facts) -> Iterator[Violation]:
    for aggregate in facts.aggregates:
        hosts = () if isinstance(aggregate.hosts, Unknown) else aggregate.hosts
        known = {folded(one) for one in facts.esxi_hosts}
        for host in sorted({one for one in hosts if isinstance(one, str) and folded(one) in known}):
            yield violation(
                aggregate,
                "hosts",
                f'"{host}" is an ESXi host, which Nova does not know: a cluster is one hypervisor to '
                f"it. Name the "
                "nova-compute that speaks for the cluster ([DEFAULT] host).",
            )


RULE = Rule(
    name="aggregate-of-computes",
    severity=Severity.HIGH,
    scope=Scope.STACK,
    description="Members of an aggregate are nova-compute services, not ESXi hosts.",
    why="To Nova a vSphere cluster is one host, named after its nova-compute. An aggregate without it "
    "isolates "
    "nothing.",
    what_to_do="Name the host of the cluster's nova-compute.",
    source="nova/virt/vmwareapi/driver.py; doc/source/admin/configuration/hypervisor-vmware.rst",
    judge=_judge,
    in_documents="host-has-one-owner",
)
