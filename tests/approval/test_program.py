"""The program itself refuses to change what needs an approval and has none; here without an engine."""

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

from estate.documents import load
from review.digest import contents_of
from tests.estates import ROOT

RUN = """
import json, os, runpy, sys
import pulumi
from pulumi.runtime.mocks import Mocks, set_mocks

class Nothing(Mocks):
    def new_resource(self, args): raise AssertionError("a resource was registered")
    def call(self, args): raise AssertionError("something was asked")

program, cases = sys.argv[1], json.loads(sys.argv[2])
answers = []
for folder, preview, approved in cases:
    set_mocks(Nothing(), preview=preview)
    pulumi.runtime.set_all_config({"estate:environment": folder})
    os.environ.pop("ESTATE_APPROVED", None)
    if approved is not None:
        os.environ["ESTATE_APPROVED"] = approved
    said = []
    pulumi.log.error = lambda message, *_: said.append(message)
    try:
        runpy.run_path(program, run_name="__main__")
    except SystemExit as end:
        answers.append([end.code, *said])
print(json.dumps(answers))
"""
"""Runs the program on mocks, once for each case; no vCenter answers, so that a run that is not refused ends
there."""

FURTHER = "/nowhere/vcenters.yaml"


def folder(place: Path, approval: str, *changes: tuple[str, str]) -> Path:
    """A copy of the environment ``sandbox``."""
    made = copytree(ROOT / "stacks" / "sandbox", place / "sandbox")
    for file, old, new in (
        ("estate.yaml", "  name: sandbox\n", f"  name: sandbox\n  approval: {approval}\n"),
        *(("workloads.yaml", *change) for change in changes),
    ):
        text = (made / file).read_text()
        assert old in text
        (made / file).write_text(text.replace(old, new, 1))
    return made


def digest(documents: Path) -> str:
    return contents_of(load(documents)).digest.documents


def test_the_program_applies_only_what_was_approved(tmp_path: Path) -> None:
    required = folder(tmp_path / "required", "required")
    changed = folder(tmp_path / "changed", "required", ("flavor: kvm-small", "flavor: kvm-medium"))
    optional = folder(tmp_path / "optional", "optional")
    before, after = digest(required), digest(changed)
    cases: dict[str, tuple[Path, bool, str | None]] = {
        "no approval": (required, False, None),
        "a preview": (required, True, None),
        "as approved": (required, False, before),
        "a changed document": (changed, False, before),
        "none needed": (optional, False, None),
        "none needed, another given": (optional, False, "0" * 64),
    }
    given = json.dumps(
        [(str(documents), preview, approved) for documents, preview, approved in cases.values()]
    )
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(ROOT / "__main__.py"), given],
        cwd=ROOT,
        env={**os.environ, "ESTATE_VCENTERS": FURTHER},
        capture_output=True,
        text=True,
        check=True,
    )
    answers = dict(zip(cases, json.loads(done.stdout.splitlines()[-1]), strict=True))
    assert {code for code, _ in answers.values()} == {32}
    said = {case: message for case, (_, message) in answers.items()}

    assert said["no approval"].startswith(f"{required}/estate.yaml:")
    assert 'the environment "sandbox" is applied only as approved (approval: required)' in said["no approval"]
    assert "estate up sandbox --approved FILE" in said["no approval"]
    assert f"policies, exemptions and tools of digest {before[:12]}" in said["a changed document"]
    assert f"found {after[:12]}" in said["a changed document"]
    assert "which were approved; found" in said["none needed, another given"]
    for case in ("a preview", "as approved", "none needed"):
        assert FURTHER in said[case]
