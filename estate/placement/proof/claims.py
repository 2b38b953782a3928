"""What is proven, what is taken for granted, and what a proof says."""

from dataclasses import dataclass
from enum import StrEnum

from estate.placement import nova
from estate.placement.nova.point_releases import FIXED
from estate.placement.proof.requests import Who


class Claim(StrEnum):
    """What is proven."""

    ESXI_BY_GRANT = "esxi-by-grant"
    RESTRICTED_STAYS = "restricted-stays"
    UNTAGGED_NOWHERE = "untagged-nowhere"
    LANDS = "lands"


ASSUMPTIONS = (
    "Flavors that no document declares carry no trait of this estate: only administrators make flavors "
    "(nova/policies/flavor_extra_specs.py).",
    "An image that operators tagged for ESXi and published is a grant to all that have a flavor without "
    "trait: with the documents' own flavors it lands nowhere but by grant.",
    "What is done with a restricted workload's server begins with the image or volume that its documents "
    "name. A server that somebody makes by hand of an ESXi flavor and a blank volume lands on ESXi only, but "
    "carries nothing else: a resize to a KVM flavor, after unpinning its zone, takes it to KVM "
    "(nova/compute/api.py resize looks at the new flavor and the stored image alone). It is no workload of "
    "the documents.",
    f"nova-api looks up the flavor of a resize as the caller: {FIXED}. "
    "Before, members could resize to any private flavor whose id they knew (bug 2151256).",
    "nova-api drops the scheduler hints that begin with _nova (nova/compute/api.py create): "
    f"{FIXED}. Before, whoever may create servers could say _nova_check_type=rebuild, and Nova asked neither "
    "request filters nor placement, and of the filters those of a rebuild alone (nova/scheduler/manager.py "
    "select_destinations, filters/__init__.py _filter_one), so that every claim could be broken "
    "(CVE-2026-46448, OSSA-2026-022, bug 2151252). Documents name a release and no version: for one before "
    "2026.2 `estate check` and `estate prove` say which version it must have.",
    "Administrators name no host with force (microversions before 2.68) and reset no states: Nova then asks "
    "no scheduler (nova/compute/api.py evacuate, live_migrate).",
)
"""What the proof takes for granted, with its source."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One call, in a form that can be run."""

    operation: str
    """An ``Operation``, or ``unpin`` (PUT servers, microversion 2.104: pinned_availability_zone null)."""
    request: nova.Request | None
    """What Nova's scheduler is asked; ``None`` for ``unpin``."""


@dataclass(frozen=True, kw_only=True)
class Counterexample:
    """A way to break a claim."""

    claim: Claim
    who: Who
    workload: str | None
    steps: tuple[Step, ...]
    lands: tuple[str, ...]
    """Hosts that take the last step, two at most of those that no rule tells apart; empty where it should
    land and does not."""
    refused: tuple[str, ...] = ()
    """Of ``lands``: hosts that should take it and do not."""
    why: str
    """One sentence."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Part of the matrix: requests that look alike, and the sides that take any of them."""

    claim: Claim
    who: str
    flavor: str
    boot: str
    requests: int
    kvm: bool
    esxi: bool
    holds: bool


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What was found."""

    rows: tuple[Row, ...]
    counterexamples: tuple[Counterexample, ...]
    """One per claim and row of the matrix, the shortest; the shortest of all first."""
    requests: int
    """Decisions of different requests that were looked at."""
    not_proven: str | None = None
    """What is open before the version that the target's release must have at least; ``None``: nothing."""

    @property
    def holds(self) -> bool:
        """Whether there is no counterexample."""
        return not self.counterexamples


def step(request: nova.Request) -> Step:
    """The call that asks this."""
    return Step(operation=request.operation.value, request=request)
