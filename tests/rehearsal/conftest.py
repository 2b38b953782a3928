"""Two stages, each one environment on one sandbox: what stands, and what is taken down and built again.

The files of a folder are acts: they run in the order of their numbers.
"""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before the suite sorts by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.sandbox)
            item.add_marker(pytest.mark.timeout(900))
