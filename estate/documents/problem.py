"""What is wrong, and where."""

from dataclasses import dataclass
from typing import NamedTuple

from estate.model import Severity


class Position(NamedTuple):
    """A place in a document: file as it is shown to a person, line and column counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A finding with its place: ``str()`` gives the line that a person reads."""

    rule: str
    """Stable name in kebab-case, e.g. ``duplicate-key``."""
    message: str
    """What was expected, what was found, and how to mend it."""
    position: Position
    subject: str = "document"
    """The block it is about, e.g. ``workload "ledger-db"``."""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.position}: {self.subject}: {self.message}"
