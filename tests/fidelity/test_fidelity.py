"""The engine and Nova's own code agree about clouds and requests of chance: some; ``tests/long`` has all."""

import pytest

from estate.placement.nova import RULES
from tests.fidelity import plan, record
from tests.fidelity.record import Record

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """What Nova answers to questions by which every rule decides at least once."""
    with record.running("test-fidelity", tmp_path_factory.mktemp("nova")) as nova:
        return record.ask(nova, plan.few())


def test_nova_says_what_the_engine_says(found: Record) -> None:
    assert found.differing == []


@pytest.mark.parametrize("rule", RULES)
def test_without_a_rule_they_differ(found: Record, rule: str) -> None:
    assert found.noticed(rule)
