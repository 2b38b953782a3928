"""What a rule is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from policies.facts import Facts, Origin


class Severity(StrEnum):
    """How bad a violation is; every rule is mandatory whatever its severity, unless it is configured."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"


class Scope(StrEnum):
    """What a rule must see to judge."""

    RESOURCE = "resource"
    """One resource alone."""
    STACK = "stack"
    """Resources together. What a single one tells by itself is judged before it is created, too."""


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One break of a rule."""

    origin: Origin
    subject: str
    """The block that it is about, e.g. ``workload "ledger-db"``."""
    field: tuple[str, ...]
    """The field of that block, as documents call it."""
    message: str
    """What was found, and what to do: the same words wherever the fact comes from."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of the pack."""

    name: str
    severity: Severity
    scope: Scope
    description: str
    """What it demands, one sentence."""
    why: str
    what_to_do: str
    source: str
    """Where the reason is written: Nova's source file or documentation."""
    judge: Callable[[Facts], Iterator[Violation]]
    in_documents: str | None = None
    """Finding of ``estate check`` that says the same of documents, if documents can break the rule at all;
    such a rule is not judged over them a second time."""
    by_components: bool = False
    """Whether what this project's components make cannot break it. What an import has left as it was found
    may, so that an exemption from it is of use although the documents do not break it."""
