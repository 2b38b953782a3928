"""The stage of an estate that stands."""

from collections.abc import Iterator

import pytest

from tests.rehearsal.intruders import Intruders
from tests.rehearsal.stage import Stage, staged


@pytest.fixture(scope="package")
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The environment of these acts."""
    folder = tmp_path_factory.mktemp("environment") / "standing"
    with staged(request.config.getoption("--environment"), folder) as stage:
        yield stage


@pytest.fixture(scope="package")
def applied(stage: Stage) -> Intruders:
    """The first ``up``, while intruders try to land on ESXi all the time; what became of them."""
    with Intruders(stage) as intruders:
        stage.up()
        intruders.more(5)
    return intruders


@pytest.fixture(scope="module")
def without_pack(stage: Stage) -> Iterator[None]:
    """For acts about gates: the pack judges at every run of the others."""
    stage.with_pack = False
    yield
    stage.with_pack = True
