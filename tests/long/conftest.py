"""What takes long, and the record of each such test's last run: ``last-run.json``, to be committed."""

import json
import platform
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import psutil
import pytest

from operations import rehearsal
from operations.stack import PROGRAM
from sandbox import files, lifecycle
from tests.rehearsal.stage import Stage

HERE = Path(__file__).parent
RECORD = HERE / "last-run.json"

seconds: dict[str, float] = {}
outcomes: dict[str, str] = {}


@pytest.hookimpl(tryfirst=True)  # before the suite sorts by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.sandbox)
            item.add_marker(pytest.mark.long)
            item.add_marker(pytest.mark.timeout(7200))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A sandbox of its own, of a copy of the environment ``sandbox``, with an empty stack."""
    documents = copytree(PROGRAM / "stacks" / "sandbox", tmp_path / "long")
    try:
        yield Stage(documents)
    finally:
        lifecycle.stop(rehearsal.key(documents))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if not report.nodeid.startswith(f"tests/{HERE.name}/"):
        return
    test = report.nodeid.partition("@")[0]
    seconds[test] = seconds.get(test, 0) + report.duration
    if outcomes.get(test, "passed") == "passed":
        outcomes[test] = report.outcome


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what ran, beside what did not run this time."""
    if not outcomes or hasattr(session.config, "workerinput"):
        return
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    memory = round(psutil.virtual_memory().total / 2**30)
    changes = _git("status", "--porcelain", "--untracked-files=no", "--", ".", f":(exclude){RECORD}")
    ran = {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": _git("rev-parse", "--short=12", "HEAD") + (" with changes" if changes else ""),
        "machine": f"{psutil.cpu_count()} cores, {memory} GiB, Python {platform.python_version()}",
    }
    for test, outcome in outcomes.items():
        record[test] = ran | {"seconds": round(seconds[test]), "outcome": outcome}
    files.write(RECORD, json.dumps(record, indent=2, sort_keys=True) + "\n")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=PROGRAM, capture_output=True, text=True, check=False)
    return done.stdout.strip()
