"""What a row says."""

from collections.abc import Callable
from dataclasses import dataclass

from estate.placement.nova import Operation
from tests.adversarial.kit import Kit

Program = Callable[[Kit], object]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way, as hand-written resources."""

    key: str
    family: str
    way: str
    rule: str
    """That refuses it at preview."""
    wrong: Program
    right: Program
    sibling: str
    """What the legal variant does."""
    operation: Operation = Operation.CREATE
    """What the edit of a running server asks of Nova."""
    sibling_operation: Operation | None = None
    """What the legal variant asks, if that is something else."""
    alone: bool = False
    """It cannot share a program: it uses this project's components, or asks a cloud at preview."""
    only: str = ""
    """Why no second layer stops it."""


@dataclass(frozen=True, kw_only=True)
class Documents:
    """One way, as documents laid over the environment ``sandbox``."""

    key: str
    way: str
    rule: str
    wrong: str
    right: str
    sibling: str
    workload: str
    """Asked about."""
    zone: str | None = None
    """That it asks for, where the documents are too wrong to be read that far."""
    restricted: bool = True
    """Whether it must stay on ESXi, whatever the documents say."""
    only: str = ""
    family: str = "documents"


def both(first: Program, second: Program) -> Program:
    """One after the other."""

    def program(kit: Kit) -> None:
        first(kit)
        second(kit)

    return program


def without(tags: dict[str, str], *keys: str) -> dict[str, str]:
    """Tags without some."""
    return {key: value for key, value in tags.items() if key not in keys}
