"""Words that the findings about workloads share."""

from collections.abc import Iterable

from estate.model import Finding, Hypervisor, Loc, Workload


def about(workload: Workload, rule: str, field: Loc, message: str) -> Finding:
    """A finding about a field of a workload."""
    return Finding(
        rule=rule,
        message=message,
        loc=("workloads", workload.name, *field),
        subject=f'workload "{workload.name}"',
    )


def use_one(kind: str, hypervisor: Hypervisor, names: Iterable[str]) -> str:
    """``Use a flavor for KVM: a, b.``, or that there is none."""
    shown = ", ".join(sorted(names))
    return (
        f"Use {kind} for {hypervisor.label}: {shown}."
        if shown
        else f"There is no {kind} for {hypervisor.label}."
    )
