"""Engine and Nova over hundreds of decisions. Short sibling: tests/rehearsal/rebuilt/test_5_fidelity.py."""

from pathlib import Path

from estate.placement.nova import RULES
from tests.fidelity import plan, record


def test_engine_and_nova_agree_and_every_rule_is_needed(tmp_path: Path) -> None:
    with record.running("long-fidelity", tmp_path) as nova:
        found = record.ask(nova, plan.questions())
    print(found)

    assert found.differing == []
    assert len(found.answers) >= 500
    assert found.clouds >= 25
    assert 0.3 <= found.refused <= 0.7
    assert {name: count for name, count in found.decided.items() if count < 10} == {}
    assert [name for name, count in found.translated.items() if not count] == []
    assert [rule for rule in RULES if not found.noticed(rule)] == []
