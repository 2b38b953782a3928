"""What is wrong with an estate, said in one form by every room."""

from dataclasses import dataclass
from enum import StrEnum

Loc = tuple[str | int, ...]
"""Where in the model: keys and list indexes from the root, e.g. ``("workloads", "ledger-db", "image")``."""


class Severity(StrEnum):
    """``error`` stops; ``warning`` is shown and counts as a finding."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong: what was expected, what was found, and how to mend it."""

    rule: str
    """Stable name in kebab-case, e.g. ``unknown-reference``."""
    message: str
    """One or more sentences for a person."""
    loc: Loc
    """Where in the model."""
    subject: str
    """The block it is about, e.g. ``workload "ledger-db"``."""
    severity: Severity = Severity.ERROR
    other: Loc | None = None
    """Where in the model the other one is, if it is about two: whoever knows places names this one too."""
