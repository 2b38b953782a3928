"""Every row of the adversarial suite, past the pack, on a real Nova. Short sibling: tests/adversarial.

What became of them is written beside the suite (``real.json``), and shown by docs/adversarial.md.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from estate.placement.building import cloud_of
from sandbox import files
from tests.adversarial.layers import Asked
from tests.adversarial.outcomes import REAL, Outcome, outcomes
from tests.adversarial.put_past import Fate, PutPast, rearranged
from tests.estates import sandbox
from tests.rehearsal.stage import Stage

AT_ONCE = 15
"""Rows whose requests are sent together."""


@pytest.fixture
def past(stage: Stage, tmp_path: Path) -> PutPast:
    stage.up()
    return PutPast(stage.cloud, Path(stage.stack.environment["ESTATE_IMAGES"]), tmp_path)


def test_nova_and_the_evidence_do_as_predicted_of_every_row(stage: Stage, past: PutPast) -> None:
    base = cloud_of(sandbox())
    found = outcomes()
    told: dict[str, str] = {}
    plain = [one for one in found if all(asked.cloud == base for asked in one.asked)]
    for batch in batched(plain, AT_ONCE):
        told |= put_past(stage, past, batch)
    named = {one.name: one for one in base.aggregates}
    for one in found:
        if one.row.family == "aggregate":
            # The row names one host of each side: the others stay.
            wanted = [
                replace(each, hosts=each.hosts | named[each.name].hosts) if each.name in named else each
                for each in one.asked[0].cloud.aggregates
                if each not in base.aggregates
            ]
            with rearranged(stage.cloud, wanted) as refused:
                if refused:
                    told[one.row.key] = f"nova-api refuses: {refused}"
                else:
                    told |= put_past(stage, past, [one])
    files.write(REAL, json.dumps(told, indent=1, sort_keys=True) + "\n")
    assert len(told) >= 40


def batched(found: list[Outcome], size: int) -> list[list[Outcome]]:
    """So many rows at once."""
    return [found[start : start + size] for start in range(0, len(found), size)]


def put_past(stage: Stage, past: PutPast, found: list[Outcome]) -> dict[str, str]:
    """Row → what the page says of it; asserts that it is what the engine predicts."""
    asked = {one.row.key: sharpest(one) for one in found}
    fates = iter(past.fates([each for requests in asked.values() for each in requests]))
    by_row = {key: [(each, next(fates)) for each in requests] for key, requests in asked.items()}
    through = any(fate.host in each.forbidden for pairs in by_row.values() for each, fate in pairs)
    differences = {row.server: row.differences for row in stage.landings().values()} if through else {}
    past.remove()
    return {one.row.key: judged(one, by_row[one.row.key], differences) for one in found}


def sharpest(one: Outcome) -> list[Asked]:
    """Of the requests of a row those that differ to Nova: no zone is the zone of KVM (default_schedule_zone).

    Of those that aggregates may let in, the ones that would be on the wrong side if they landed.
    """
    zones = {asked.request.zone for asked in one.asked}
    asked = [each for each in one.asked if each.request.zone is not None or "az-kvm" not in zones]
    if len(asked) <= 4:
        return asked
    wrong = {True: "az-kvm", False: "az-esxi"}
    return [each for each in asked if each.request.zone == wrong[each.restricted]]


def judged(one: Outcome, pairs: list[tuple[Asked, Fate]], differences: Mapping[str, tuple[str, ...]]) -> str:
    """One row."""
    wrong_side = []
    for asked, fate in pairs:
        where = (one.row.key, asked.request, fate)
        if not asked.accepted:
            assert fate.host is None or asked.request.on, where
        elif (
            fate.host is not None and one.row.family != "aggregate"
        ):  # which has more hosts than the row says
            assert fate.host in asked.accepted, where
        if fate.host in asked.forbidden:
            wrong_side.append(fate)
    if wrong_side:
        assert one.through, one.row.key
        assert all(differences[fate.server] for fate in wrong_side)
        # A server of documents that are wrong is declared: only as somebody else's would the evidence see it.
        return "*through*" if one.row.only else "*through*; `estate landing` names it"
    if any(fate.host for _, fate in pairs):
        return "only the right side"
    return f"nowhere: {'; '.join(dict.fromkeys(fate.words for _, fate in pairs))}"
