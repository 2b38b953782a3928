"""Exemptions: which findings somebody answers for, and which exemptions are no good."""

from collections.abc import Iterable, Iterator
from datetime import date

from estate.model import Estate, Exemption, Finding, Severity
from estate.model.nearest import nearest
from policies.rules import MAIN, RULES

_OF_FOUND = {rule.name for rule in RULES if rule.by_components}
"""Rules that documents keep, and that what an import has left as it was found may break all the same."""


def apply(estate: Estate, found: Iterable[Finding], day: date) -> list[Finding]:
    """What remains of findings of rules, and what is wrong with the exemptions themselves."""
    remaining = list(found)
    wrong: list[Finding] = []
    for name, one in estate.exemptions.items():
        faults = list(_faults(estate, one))
        if not faults and one.expires < day:
            faults = [
                _finding(
                    name,
                    "exemption-expired",
                    "expires",
                    f"expected a day not before {day}, found {one.expires}: the exemption no longer holds. "
                    f"Mend {one.subject}, or have it decided anew.",
                    Severity.WARNING,
                )
            ]
        elif not faults:
            kept = [finding for finding in remaining if not _covers(one, finding)]
            if len(kept) == len(remaining) and one.rule not in _OF_FOUND:
                faults = [
                    _finding(
                        name,
                        "exemption-unused",
                        "",
                        f"{one.subject} does not break {one.rule}; the exemption can be removed.",
                        Severity.WARNING,
                    )
                ]
            remaining = kept
        wrong += faults
    return [*remaining, *wrong]


def rule_fault(rule: str) -> str | None:
    """Why a rule can have no exemption; ``None`` if it can."""
    names = {one.name for one in RULES}
    if rule not in names:
        return f'there is no rule "{rule}".{nearest(rule, names)} `estate policies` lists them.'
    if rule == MAIN.name:
        return (
            f"{MAIN.name} has no exemptions: it is the guarantee itself. Remove the workload's "
            f"restriction, if "
            "it no longer holds."
        )
    return None


def _faults(estate: Estate, one: Exemption) -> Iterator[Finding]:
    fault = rule_fault(one.rule)
    if fault is not None:
        yield _finding(one.name, "exemption-rule", "rule", fault)
    kind, _, block = one.subject.partition("/")
    blocks = getattr(estate, kind, None) if kind in type(estate).model_fields else None
    if not isinstance(blocks, dict) or block not in blocks:
        near = nearest(block, blocks) if isinstance(blocks, dict) else ""
        yield _finding(one.name, "exemption-subject", "subject", f'there is no block "{one.subject}".{near}')


def _covers(one: Exemption, finding: Finding) -> bool:
    return finding.rule == one.rule and finding.loc[:2] == tuple(one.subject.split("/"))


def _finding(name: str, rule: str, field: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(
        rule=rule,
        message=message,
        loc=("exemptions", name, field) if field else ("exemptions", name),
        subject=f'exemption "{name}"',
        severity=severity,
    )
