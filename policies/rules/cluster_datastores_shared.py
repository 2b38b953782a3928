"""Every host of a cluster mounts what one of them mounts."""

from collections.abc import Iterator

from policies.facts import Facts, Unknown
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation


def _judge(facts: Facts) -> Iterator[Violation]:
    for store in facts.datastores:
        mounting = _known(store.hosts)
        if mounting is None:
            yield violation(
                store, "hosts", "the hosts that mount it cannot be known here. Give them as plain values."
            )
            continue
        for cluster in facts.clusters:
            members = _known(cluster.hosts) or set()
            missing = members - mounting
            if cluster.vcenter == store.vcenter and members & mounting and missing:
                yield violation(
                    store,
                    "hosts",
                    f'expected all hosts of cluster "{cluster.name}" to mount it, found {len(missing)} of '
                    f"{len(members)} without ({', '.join(sorted(missing))}): DRS may start a server "
                    f"there. Add "
                    "them.",
                )


def _known(hosts: tuple[str | Unknown, ...] | Unknown) -> set[str] | None:
    if isinstance(hosts, Unknown) or any(isinstance(one, Unknown) for one in hosts):
        return None
    return {str(one) for one in hosts}


RULE = Rule(
    name="cluster-datastores-shared",
    severity=Severity.HIGH,
    scope=Scope.STACK,
    description="A datastore that hosts of a cluster mount is mounted by all of them.",
    why="Nova takes the datastore with the most free space of the cluster and does not ask which hosts mount "
    "it; DRS then cannot start or move the server.",
    what_to_do="Give the datastore all hosts of the cluster.",
    source="nova/virt/vmwareapi/ds_util.py; doc/source/admin/configuration/hypervisor-vmware.rst",
    judge=_judge,
    in_documents="cluster-has-datastore",
)
