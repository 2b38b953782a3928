"""The stage of an estate that is taken down and built again."""

from collections.abc import Iterator

import pytest

from tests.rehearsal.stage import Stage, staged

LIKE_OTHERS = ("web-2", "api-1", "queue")
"""Workloads that show nothing that another does not; each is made and removed here several times."""


@pytest.fixture(scope="package")
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The environment of these acts."""
    folder = tmp_path_factory.mktemp("environment") / "rebuilt"
    with staged(request.config.getoption("--environment"), folder) as stage:
        stage.with_pack = False  # not what these acts are about
        for name in LIKE_OTHERS:
            stage.edit("workloads.yaml", "workloads", name, value=None)
        yield stage


@pytest.fixture(scope="package")
def applied(stage: Stage) -> None:
    """All is there; the act before may have applied it."""
    if not stage.resources():
        stage.up()
