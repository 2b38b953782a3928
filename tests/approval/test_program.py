"""The program itself refuses to change what needs an approval and has none; here without an engine."""

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from estate.documents import load
from review.digest import APPROVED, contents_of
from tests.estates import ROOT

RUN = """
import json, runpy, sys
import pulumi
from pulumi.runtime.mocks import Mocks, set_mocks

class Nothing(Mocks):
    def new_resource(self, args): raise AssertionError("a resource was registered")
    def call(self, args): raise AssertionError("something was asked")

folder, preview, program = sys.argv[1:]
set_mocks(Nothing(), preview=preview == "preview")
pulumi.runtime.set_all_config({"estate:environment": folder})
said = []
pulumi.log.error = lambda message, *_: said.append(message)
code = 0
try:
    runpy.run_path(program, run_name="__main__")
except SystemExit as end:
    code = end.code
print(json.dumps([code, said]))
"""
"""Runs the program on mocks; no vCenter answers, so that a run that is not refused ends there."""

FURTHER = "vcenters.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = copytree(ROOT / "stacks" / "sandbox", tmp_path / "sandbox")
    file = made / "estate.yaml"
    file.write_text(file.read_text().replace("  name: sandbox\n", "  name: sandbox\n  approval: required\n"))
    return made


def run(folder: Path, mode: str = "update", **variables: str) -> str:
    """What the program says when it ends."""
    clean = {name: value for name, value in os.environ.items() if name != APPROVED}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(folder), mode, str(ROOT / "__main__.py")],
        cwd=ROOT,
        env={**clean, "ESTATE_VCENTERS": "/nowhere/vcenters.yaml", **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    code, said = json.loads(done.stdout.splitlines()[-1])
    assert code == 32
    (message,) = said
    return str(message)


def digest(folder: Path) -> str:
    return contents_of(load(folder)).digest.documents


def test_without_an_approval_nothing_is_done(folder: Path) -> None:
    said = run(folder)
    assert f"{folder}/estate.yaml:" in said
    assert 'the environment "sandbox" is applied only as approved (approval: required)' in said
    assert "estate up sandbox --approved FILE" in said


def test_a_preview_needs_none(folder: Path) -> None:
    assert FURTHER in run(folder, "preview")


def test_what_was_approved_is_done(folder: Path) -> None:
    assert FURTHER in run(folder, **{APPROVED: digest(folder)})


def test_a_changed_document_is_not_what_was_approved(folder: Path) -> None:
    before = digest(folder)
    workloads = folder / "workloads.yaml"
    workloads.write_text(workloads.read_text().replace("flavor: kvm-small", "flavor: kvm-medium", 1))
    assert digest(folder) != before
    said = run(folder, **{APPROVED: before})
    assert f"expected documents, policies, exemptions and tools of digest {before[:12]}" in said
    assert f"found {digest(folder)[:12]}" in said


def test_an_approval_counts_also_where_none_is_required(folder: Path) -> None:
    file = folder / "estate.yaml"
    file.write_text(file.read_text().replace("approval: required", "approval: optional"))
    assert FURTHER in run(folder)
    assert "which were approved; found" in run(folder, **{APPROVED: "0" * 64})
