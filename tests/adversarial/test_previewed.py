"""The same rows in the real engine with the real provider: two previews of one program with all of them."""

from pathlib import Path

import pytest

from operations.stack import PACK
from policies.rules.image_and_flavor_known import NAME as CATALOGUED
from tests.adversarial.kit import catalogue
from tests.adversarial.program import TOGETHER, row_of
from tests.estates import ROOT
from tests.policies.stacks import Stack
from toolchain.engine import Toolchain, install
from toolchain.progress import Progress

# The first test may have to build the toolchain.
pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]

PROGRAM = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.adversarial.program import TOGETHER, run
run(TOGETHER, wrong=%s)
"""
KEYS = [row.key for row in TOGETHER]


@pytest.fixture(scope="module")
def toolchain() -> Toolchain:
    return install(Progress())


@pytest.fixture
def stack(toolchain: Toolchain, tmp_path: Path) -> Stack:
    return Stack(toolchain, tmp_path)


def test_the_preview_refuses_every_wrong_row_and_no_right_one(stack: Stack) -> None:
    known = stack.configuration({CATALOGUED: catalogue(KEYS)})
    said = stack.judged(PROGRAM % True, command=("preview", *known))
    by_row: dict[str, str] = {}
    for name, text in said.items():
        by_row[row_of(name)] = by_row.get(row_of(name), "") + text
    missed = {row.key: by_row.get(row.key, "") for row in TOGETHER if row.rule not in by_row.get(row.key, "")}
    assert missed == {}
    stack.write(PROGRAM % False)
    output = stack.run("preview", "--policy-pack", str(PACK), *known)
    assert "[mandatory]" not in output
    assert "[advisory]" not in output
