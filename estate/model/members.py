"""Workloads whose members differ, as if each group of equal members were a workload of its own.

Whoever judges or places servers takes the flat estate and need not know about differences.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from estate.model.estate import Estate
from estate.model.finding import Finding
from estate.model.subjects import subject

if TYPE_CHECKING:
    from estate.model.workloads import Workload

_PART = "/"
"""Between the name of a workload and the key of a difference; no name has it."""


def flat(estate: Estate) -> Estate:
    """The estate with a workload for each group of equal members; itself if no member differs.

    Workloads of members that differ are named ``ledger-db/ledger-db-3``, after the key of the difference.
    """
    if not any(one.differences for one in estate.workloads.values()):
        return estate
    workloads: dict[str, Workload] = {}
    names: dict[str, list[str]] = {}
    for workload in estate.workloads.values():
        for variant in workload.variants:
            name = workload.name if variant.key is None else f"{workload.name}{_PART}{variant.key}"
            workloads[name] = variant.workload.model_copy(update={"name": name})
            names.setdefault(workload.name, []).append(name)
    parts = {
        key: part.model_copy(
            update={"workloads": tuple(name for one in part.workloads for name in names.get(one, ()))}
        )
        for key, part in estate.parts.items()
    }
    return estate.model_copy(update={"workloads": workloads, "parts": parts})


def folded(estate: Estate, findings: Iterable[Finding]) -> list[Finding]:
    """Findings about the flat estate, with their places in the real one; each is said once."""
    return list(dict.fromkeys(_folded(estate, finding) for finding in findings))


def _folded(estate: Estate, finding: Finding) -> Finding:
    if len(finding.loc) < 2 or finding.loc[0] != "workloads" or _PART not in str(finding.loc[1]):
        return finding
    name, _, key = str(finding.loc[1]).partition(_PART)
    variant = next(one for one in estate.workloads[name].variants if one.key == key)
    loc = variant.place(*finding.loc[2:])
    return replace(finding, loc=loc, subject=subject(loc))
