"""HA restarts the servers of a lost ESXi host, and keeps room for them."""

from collections.abc import Iterator

from policies.facts import ClusterFacts, Facts
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation


def _judge(facts: Facts) -> Iterator[Violation]:
    for cluster in facts.clusters:
        yield from (violation(cluster, "ha", message) for message in _faults(cluster))


def _faults(cluster: ClusterFacts) -> Iterator[str]:
    if cluster.ha is not True:
        found = "off" if cluster.ha is False else "a value that cannot be known here"
        yield f"expected vSphere HA on, found {found}: Nova cannot evacuate from ESXi. Say ha_enabled true."
    elif cluster.admission_control is not True:
        found = "disabled" if cluster.admission_control is False else "a value that cannot be known here"
        yield (
            f"expected admission control, found {found}: nothing is kept free for the servers of a lost "
            f"host. "
            "Say ha_admission_control_policy resourcePercentage."
        )


RULE = Rule(
    name="cluster-ha",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    description="A vSphere cluster has HA with admission control.",
    why="Nova's VMware driver cannot evacuate: only vSphere brings the servers of a lost ESXi host back, on "
    "ESXi.",
    what_to_do="Set ha_enabled to true and leave admission control on.",
    source="nova/virt/vmwareapi/driver.py supports_evacuate; vSphere ClusterDasConfigInfo",
    judge=_judge,
    in_documents="cluster-ha",
    by_components=True,
)
