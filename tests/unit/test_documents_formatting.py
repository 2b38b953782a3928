"""``estate fmt``: one form, which keeps comments and meaning."""

# ruff: noqa: E501 - documents stand here in one line
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli import app
from estate.documents import load
from estate.documents.formatting import NotFormattedError, formatted
from estate.documents.nodes import parse, plain
from tests.unit.marked import BASE, folder

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("a:   {b:   c, d:  [1,2]}\ne:\n- 1\n-   2\n", "a: {b: c, d: [1, 2]}\ne:\n  - 1\n  - 2\n"),
        # A comment behind a value stays in its column, so that comments below each other stay so.
        ("# first\na: 1   \n\n# 2\nb:\n      c: 2 # third\n", "# first\na: 1\n\n# 2\nb:\n  c: 2     # third\n"),
        ("\ufeffa: 1\r\nb: 2", "a: 1\nb: 2\n"),
        ("a: 1e3\nb: 0x1F\nc: no\nd: '12'\ne: 2027-06-30\nf: \"x\"\n", None),
        ("extends: ../base\na: {b: !secret x }\nc: !remove\nd: !table d.csv\n", "extends: ../base\na: {b: !secret x}\nc: !remove\nd: !table d.csv\n"),
        ("a: |\n  # text\n  x\nb: >-\n  y\n\n  z\n", None),
        ("# only a comment\n", None),
        ("", None),
    ],
)  # fmt: skip
def test_the_form(written: str, form: str | None) -> None:
    assert formatted(written.encode(), "f") == (written if form is None else form)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("a: {b: 1,\n  # why\n  c: 2}\n", "f:2:3: document: left as it is: a comment would be lost; put it on a line of its own, outside of brackets."),
        ("# why\nd: 1 # why\na: {b: '#', # why\n  c: 2}\n", "f:3:13: document: left as it is: a comment would be lost"),
        ("a: [1\n", "f:2:1: document: expected , or ] in the list that began at 1:4"),
        ("a: &x 1\n", "f:1:4: document: anchors (&x) are not part of the language"),
    ],
)  # fmt: skip
def test_what_is_left_as_it_is(document: str, message: str) -> None:
    with pytest.raises(NotFormattedError) as error:
        formatted(document.encode(), "f")
    assert str(error.value).startswith(message)


def test_the_documents_of_this_project_are_in_form() -> None:
    for path in sorted((ROOT / "stacks" / "sandbox").glob("*.yaml")):
        assert formatted(path.read_bytes(), str(path)) == path.read_text(encoding="utf-8"), path


values = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | st.text("ab #:'\"-[]{}|>!&*?%@`,~0\n", max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc.-", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(
    value=st.dictionaries(st.text("abc", min_size=1, max_size=3), values, min_size=1, max_size=4),
    flow=st.sampled_from([True, False, None]),
    indent=st.integers(1, 9),
    comment=st.integers(0, 30),
)
def test_it_is_stable_and_means_the_same(
    value: dict[str, Any], flow: bool | None, indent: int, comment: int
) -> None:
    lines = yaml.safe_dump(value, default_flow_style=flow, indent=indent, width=10_000).splitlines()
    text = "\n".join(lines)
    if comment < len(lines):
        text = "\n".join([*lines[:comment], "# why", *lines[comment:]])
    before = parse(text.encode(), "f")
    if before.problems:
        return
    try:
        once = formatted(text.encode(), "f")
    except NotFormattedError as error:  # refused with a reason, and nothing is written
        refused = str(error)
        once = ""
    if not once and text.strip():
        assert "left as it is" in refused
        assert comment < len(lines)
        return
    after = parse(once.encode(), "f")
    assert formatted(once.encode(), "f") == once
    assert not after.problems
    assert before.root is not None
    assert after.root is not None
    assert plain(after.root) == plain(before.root)
    assert ("# why" in once) == ("# why" in text)


def test_the_command(tmp_path: Path) -> None:
    where = folder(tmp_path / "t", base=BASE, case="projects:\n    q:   {}  # mine\n")
    before = load(where).estate
    run = CliRunner().invoke
    done = run(app, ["fmt", "--check", str(where)])
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (1, "2 documents, 2 to change.")
    assert "    q:" in (where / "case.yaml").read_text()
    assert run(app, ["fmt", str(where)]).exit_code == 0
    assert (where / "case.yaml").read_text() == "projects:\n  q: {}      # mine\n"
    assert load(where).estate == before
    assert run(app, ["fmt", "--check", str(where)]).exit_code == 0

    folder(where, broken="a: [")
    done = run(app, ["fmt", str(where)])
    assert done.exit_code == 2
    assert "broken.yaml" in done.stderr
    assert run(app, ["fmt", "nowhere"]).exit_code == 2
