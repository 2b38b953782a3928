"""Options of the whole suite, and which tests may run side by side.

``make test`` gives pytest four workers. A file stays on one of them, in its order; so do all acts on one
stage of the rehearsal, which share a sandbox. Without ``-n`` everything runs one after the other.
"""

import os
from pathlib import Path

import pytest

from operations.audit import FOLDER
from policies.clock import VARIABLE

# Reviews and exemptions of the environments fall due one day; what the tests say must not.
os.environ.setdefault(VARIABLE, "2026-11-01")

TOGETHER = ("rehearsal/standing", "rehearsal/rebuilt", "sandbox")
"""Folders of this one whose files share something that is made once per session."""

HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--environment",
        metavar="FOLDER",
        help="rehearse this folder on its running sandbox, not a fresh copy; it is left running",
    )


@pytest.fixture(scope="session", autouse=True)
def records_apart(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Records of runs do not come among a person's own."""
    os.environ[FOLDER] = str(tmp_path_factory.mktemp("records"))


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Other ways of sharing the tests among workers would break the order of the acts."""
    if config.getoption("numprocesses", None) and config.option.dist != "loadgroup":
        raise pytest.UsageError("-n shares the tests by group: say --dist loadgroup, too")
    config.option.loadscopereorder = False


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        file = item.path.relative_to(HERE)
        group = file.parent if str(file.parent) in TOGETHER else file
        item.add_marker(pytest.mark.xdist_group(str(group)))
    if hasattr(config, "workerinput"):
        # What takes long begins first, so that the quick ones fill all workers to the end.
        items.sort(key=_haste)


def _haste(item: pytest.Item) -> int:
    return next((rank for rank, name in enumerate(("sandbox", "engine")) if item.get_closest_marker(name)), 2)
