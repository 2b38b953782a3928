"""Act 5, the last: the engine and Nova's own code agree about clouds and requests of chance: some of them.

``tests/long`` asks all. It takes this stage's sandbox, because to start one takes longer than to ask; it is
of no further use afterwards.
"""

from collections.abc import Iterator

import pytest

from estate.placement.nova import RULES
from operations import rehearsal
from sandbox import lifecycle
from tests.fidelity import plan, record
from tests.fidelity.nova_services import NovaServices
from tests.fidelity.record import Record


@pytest.fixture(scope="module")
def nova(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NovaServices]:
    folder = tmp_path_factory.mktemp("nova")
    if request.config.getoption("--environment"):  # which is left running
        with record.running("test-fidelity", folder) as nova:
            yield nova
        return
    stage = request.getfixturevalue("stage")
    with record.on(lifecycle.folder(rehearsal.key(stage.documents)), folder) as nova:
        yield nova


@pytest.fixture(scope="module")
def found(nova: NovaServices) -> Record:
    """What Nova answers to questions by which every rule decides at least once."""
    return record.ask(nova, plan.few())


def test_nova_says_what_the_engine_says(found: Record) -> None:
    assert found.differing == []


@pytest.mark.parametrize("rule", RULES)
def test_without_a_rule_they_differ(found: Record, rule: str) -> None:
    assert found.noticed(rule)
