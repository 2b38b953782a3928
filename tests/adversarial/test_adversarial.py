"""Every way around the guarantee is stopped at preview, and by a second layer once it got past it."""

from pathlib import Path

import pytest

from tests.adversarial.outcomes import Outcome, outcomes, page
from tests.adversarial.rows import DOCUMENTS, ROWS, Documents, Row
from tests.estates import ROOT

EVERY: tuple[Row | Documents, ...] = (*ROWS, *DOCUMENTS)
KEYS = [row.key for row in EVERY]


@pytest.fixture(scope="module")
def found() -> dict[str, Outcome]:
    return {one.row.key: one for one in outcomes()}


def test_there_are_enough_and_each_is_another() -> None:
    assert len(set(KEYS)) == len(KEYS) >= 40
    assert len({(row.family, row.way) for row in EVERY}) == len(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_it_is_refused_at_preview_by_the_rule_that_says_so(found: dict[str, Outcome], key: str) -> None:
    assert found[key].row.rule in found[key].refused_by


@pytest.mark.parametrize("key", KEYS)
def test_past_the_pack_the_scheduler_or_the_evidence_stops_it(found: dict[str, Outcome], key: str) -> None:
    one = found[key]
    assert one.asked
    assert one.layers == 2 or (one.layers == 1 and one.row.only)
    assert not one.row.only or one.layers == 1


@pytest.mark.parametrize("key", KEYS)
def test_its_legal_sibling_passes_and_lands_where_it_should(found: dict[str, Outcome], key: str) -> None:
    one = found[key]
    assert one.sibling_refused_by == ()
    assert one.sibling_asked
    assert not any(each.accepted & each.forbidden for each in one.sibling_asked)
    as_written = one.sibling_asked[0]
    assert as_written.accepted or as_written.request.zone is None


def test_the_page_is_current(found: dict[str, Outcome]) -> None:
    written = (Path(ROOT) / "docs" / "adversarial.md").read_text()
    assert written == page(list(found.values())), (
        "run: python -m tests.adversarial.outcomes > docs/adversarial.md"
    )
