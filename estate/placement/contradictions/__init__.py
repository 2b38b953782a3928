"""Documents that contradict themselves: what can be placed nowhere, or not where it must be.

One file per subject. Names that do not resolve are judged by ``estate.model.references`` and skipped
here. The duty to stay on ESXi is the policy pack's own subject (``policies``), which says it in the same
words everywhere.
"""

from estate.model import Estate, Finding, Severity
from estate.model.members import flat, folded
from estate.placement.contradictions import (
    capacity,
    compute,
    flavors,
    hosts,
    images,
    landing,
    network,
    parts,
    quotas,
    release,
    server_groups,
    storage,
    workloads,
)

_SUBJECTS = (
    release,
    compute,
    hosts,
    network,
    images,
    capacity,
    flavors,
    server_groups,
    workloads,
    storage,
    parts,
    quotas,
)


def check(estate: Estate) -> list[Finding]:
    """All contradictions, subject by subject, each in the order of the documents; empty if there is none."""
    alike = flat(estate)
    found = [finding for subject in _SUBJECTS for finding in subject.check(alike)]
    blamed = frozenset(one.loc[:2] for one in found if one.severity is Severity.ERROR)
    return folded(estate, [*found, *landing.check(alike, blamed)])
