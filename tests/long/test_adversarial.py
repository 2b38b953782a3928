"""Every row of the adversarial suite, past the pack, on a real Nova. Short sibling: tests/adversarial.

What became of them is written beside the suite (``real.json``), and shown by docs/adversarial.md.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from estate.placement.building import cloud_of
from sandbox import files
from tests.adversarial.layers import Asked
from tests.adversarial.outcomes import REAL, Outcome, outcomes
from tests.adversarial.put_past import MARK, Fate, PutPast, rearranged
from tests.estates import sandbox
from tests.rehearsal.conftest import Stage


@pytest.fixture
def past(stage: Stage, tmp_path: Path) -> PutPast:
    stage.up()
    return PutPast(stage.cloud, Path(stage.stack.environment["ESTATE_IMAGES"]), tmp_path)


def test_nova_and_the_evidence_do_as_predicted_of_every_row(stage: Stage, past: PutPast) -> None:
    base = cloud_of(sandbox())
    found = outcomes()
    plain = [one for one in found if all(asked.cloud == base for asked in one.asked)]
    told = {}
    for one in plain:
        fates = past.fates(one.asked)
        told[one.row.key] = judged(one, one.asked, fates, stage)
        past.remove()
    for one in found:
        if one.row.family == "aggregate":
            own = [each for each in one.asked[0].cloud.aggregates if each not in base.aggregates]
            named = {each.name: each for each in base.aggregates}
            # The row names one host of each: the others stay.
            wanted = [
                replace(
                    each, hosts=each.hosts | (named[each.name].hosts if each.name in named else frozenset())
                )
                for each in own
            ]
            with rearranged(stage.cloud, wanted) as refused:
                if refused:
                    told[one.row.key] = f"nova-api refuses: {refused}"
                    continue
                told[one.row.key] = judged(one, one.asked, past.fates(one.asked), stage)
                past.remove()
    files.write(REAL, json.dumps(told, indent=1, sort_keys=True) + "\n")
    assert len(told) >= 40


def judged(one: Outcome, asked: tuple[Asked, ...], fates: list[Fate], stage: Stage) -> str:
    """What the page says of it; asserts that it is what the engine predicts."""
    wrong_side = False
    for request, fate in zip(asked, fates, strict=True):
        where = (one.row.key, request.request, fate)
        if not request.accepted:
            assert fate.host is None or request.request.on, where
        elif fate.host is not None:
            assert fate.host in request.accepted or one.row.family == "aggregate", where
        wrong_side |= fate.host is not None and fate.host in request.forbidden
    if not wrong_side:
        landed = any(fate.host for fate in fates)
        return "only the right side" if landed else f"nowhere: {fates[0].words}"
    rows = stage.landings()
    seen = {row.server: row.differences for row in rows.values()}
    noticed = [said for server, said in seen.items() if server.startswith(MARK)]
    assert noticed
    assert all(noticed)
    return "*through*, and `estate landing` says so"
