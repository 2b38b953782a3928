"""What became of every row, layer by layer, and the page ``docs/adversarial.md`` that shows it.

``python -m tests.adversarial.outcomes > docs/adversarial.md``
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from estate.documents import load
from estate.model import Estate, Severity
from policies.over_documents import judged
from policies.rules.image_and_flavor_known import NAME as CATALOGUED
from review.registration import Registration
from tests.adversarial.kit import catalogue
from tests.adversarial.layers import Asked, asked_by, asked_of
from tests.adversarial.program import recorded, row_of
from tests.adversarial.rows import DOCUMENTS, ROWS, Documents, Row
from tests.estates import ROOT, sandbox
from tests.policies.pack import running, shown

REAL = Path(__file__).with_name("real.json")
"""What a real Nova did with the rows, by key: written by tests/long/test_adversarial.py."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the layers say of one row."""

    row: Row | Documents
    refused_by: tuple[str, ...]
    """Rules that refuse the wrong variant at preview."""
    sibling_refused_by: tuple[str, ...]
    asked: tuple[Asked, ...]
    """What Nova is asked once the wrong variant got past the pack."""
    sibling_asked: tuple[Asked, ...]
    estate: Estate
    """What the evidence compares with."""

    @property
    def through(self) -> tuple[tuple[Asked, str], ...]:
        """Requests that hosts of the wrong side take, each with one of them."""
        return tuple((one, min(taken)) for one in self.asked if (taken := one.accepted & one.forbidden))

    @property
    def evidence(self) -> tuple[tuple[str, ...], ...]:
        """What ``estate landing`` says of each that got through."""
        return tuple(one.evidence(self.estate, host) for one, host in self.through)

    @property
    def layers(self) -> int:
        """How many layers stop it or notice it."""
        scheduler = not self.through
        noticed = bool(self.through) and all(self.evidence)
        return bool(self.refused_by) + scheduler + noticed


def outcomes() -> list[Outcome]:
    """Of all rows, in their order."""
    return [*_programs(), *map(_documents, DOCUMENTS)]


def _programs() -> Iterator[Outcome]:
    refused = {wrong: _violations(wrong=wrong) for wrong in (True, False)}
    made = {wrong: _by_row(recorded(wrong=wrong, preview=False)) for wrong in (True, False)}
    for row in ROWS:
        yield Outcome(
            row=row,
            refused_by=refused[True].get(row.key, ()),
            sibling_refused_by=refused[False].get(row.key, ()),
            asked=tuple(asked_by(row, made[True].get(row.key, ()), row.operation)),
            sibling_asked=tuple(
                asked_by(row, made[False].get(row.key, ()), row.sibling_operation or row.operation)
            ),
            estate=sandbox(),
        )


def _violations(*, wrong: bool) -> dict[str, tuple[str, ...]]:
    """Row → rules that refuse its variant, by the pack's own process."""
    found: dict[str, set[str]] = {}
    for program in recorded(wrong=wrong, preview=True):
        with running() as pack:
            pack.configure({CATALOGUED: catalogue([row.key for row in ROWS])})
            for one in pack.analyze(*shown(program)):
                assert one.mandatory
                found.setdefault(row_of(one.name), set()).add(one.rule)
    return {row: tuple(sorted(rules)) for row, rules in found.items()}


def _by_row(programs: Sequence[dict[str, Registration]]) -> dict[str, list[Registration]]:
    found: dict[str, list[Registration]] = {}
    for program in programs:
        for one in program.values():
            found.setdefault(row_of(one.name), []).append(one)
    return found


def _documents(row: Documents) -> Outcome:
    (refused, draft), (sibling_refused, sibling) = (_judged(text) for text in (row.wrong, row.right))
    assert sibling is not None
    return Outcome(
        row=row,
        refused_by=refused,
        sibling_refused_by=sibling_refused,
        asked=tuple(asked_of(row, draft, wrong=True)),
        sibling_asked=tuple(asked_of(row, sibling, wrong=False)),
        estate=draft if draft is not None and row.workload in draft.workloads else sandbox(),
    )


def _judged(text: str) -> tuple[tuple[str, ...], Estate | None]:
    """Rules that refuse documents over those of ``sandbox``, and the estate as far as it can be read."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "documents"
        folder.mkdir()
        (folder / "over.yaml").write_text(f"extends: {ROOT / 'stacks' / 'sandbox'}\n{text}\n")
        loaded = load(folder)
        found = {one.rule for one in judged(loaded) if one.severity is Severity.ERROR}
    return tuple(sorted(found)), loaded.draft


_HEAD = """\
# Ways around the guarantee, tried

<!-- Made by `python -m tests.adversarial.outcomes > docs/adversarial.md`; a test compares them. -->

Each row is one way to get a server that must stay on ESXi onto KVM, or something else onto ESXi. It is
written down twice (`tests/adversarial/rows`): as it must not be, and as its sibling, the smallest variant
that is legal and passes every layer.

- **Preview**: the rules of the policy pack that refuse it, asked over the engine's own protocol and in the
  real engine; of documents, the rules by which `estate check` and the program refuse them.
- **Scheduler**: what Nova does with it once it got past the pack, in every zone that it could name, by the
  placement engine: whether hosts accept it, and the rules that keep it off the wrong side. *Through* means
  that a host of the wrong side takes it.
- **A real Nova**: the same requests, sent to the Nova of a sandbox where the environment `sandbox` runs
  (`tests/long/test_adversarial.py`; documents that would make another cloud are not asked about;
  empty where no long test has sent it yet).
- **Evidence**: what `estate landing` then says.

"""


def page(found: Sequence[Outcome]) -> str:
    """The whole page."""
    real = json.loads(REAL.read_text()) if REAL.exists() else {}
    lines = [_HEAD, f"{len(found)} ways.\n"]
    for family, rows in groupby(found, key=lambda one: one.row.family):
        lines += [
            f"\n## {family.capitalize()}\n\n",
            "| way | preview: refused by | scheduler | a real Nova | evidence | legal sibling |\n",
            "|---|---|---|---|---|---|\n",
            *(_line(one, real.get(one.row.key, "")) for one in rows),
        ]
    return "".join(lines)


def _line(one: Outcome, real: str) -> str:
    cells = (
        one.row.way,
        ", ".join(
            f"[{rule}](policies.md#{rule})" if isinstance(one.row, Row) else rule for rule in one.refused_by
        ),
        _scheduler(one),
        real,
        _evidence(one),
        one.row.sibling,
    )
    return f"| {' | '.join(cells)} |\n"


def _evidence(one: Outcome) -> str:
    if not one.through:
        return ""
    said = dict.fromkeys(said for each in one.evidence for said in each)
    return "; ".join(said) or f"nothing: {one.row.only}"


def _scheduler(one: Outcome) -> str:
    if one.through:
        return f"*through*: {', '.join(sorted({host for _, host in one.through}))} takes it"
    rules = ", ".join(
        f"`{rule}`" for rule in dict.fromkeys(rule for each in one.asked for rule in each.rules)
    )
    own_side = any(each.accepted for each in one.asked)
    return f"{'only the right side' if own_side else 'nowhere'}: {rules}"


if __name__ == "__main__":
    print(page(outcomes()), end="")
