"""The register of restrictions: which servers must stay on ESXi, why, and who answers for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from estate.model import Estate, Finding, Severity


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One restricted workload."""

    workload: str
    servers: tuple[str, ...]
    reason: str
    evidence: str
    owner: str
    review: date
    overdue: bool


def entries(estate: Estate, day: date) -> tuple[Entry, ...]:
    """Every restricted workload, in the order of the documents."""
    return tuple(
        Entry(
            workload=name,
            servers=workload.servers,
            reason=workload.restriction.reason.value,
            evidence=workload.restriction.evidence,
            owner=workload.restriction.owner,
            review=workload.restriction.review,
            overdue=workload.restriction.review < day,
        )
        for name, workload in estate.workloads.items()
        if workload.restriction is not None
    )


def check(estate: Estate, day: date) -> Iterator[Finding]:
    """Reviews that are overdue, and a budget that is exceeded."""
    register = entries(estate, day)
    for one in register:
        if one.overdue:
            yield Finding(
                rule="restriction-review",
                message=f"expected a review by {one.review}, found none by {day}: ask {one.owner} whether it "
                "must still stay on ESXi, and say the next review.",
                loc=("workloads", one.workload, "restriction", "review"),
                subject=f'workload "{one.workload}"',
                severity=Severity.WARNING,
            )
    budget, count = estate.estate.restriction_budget, sum(len(one.servers) for one in register)
    if budget is not None and count > budget:
        yield Finding(
            rule="restriction-budget",
            message=f"expected at most {budget} servers restricted to ESXi, found {count}. Remove "
            f"restrictions "
            "that no longer hold (`estate register` lists them), or have a larger budget granted.",
            loc=("estate", "restriction_budget"),
            subject="estate",
        )
