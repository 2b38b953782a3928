"""Comment, SARIF, JUnit and text of a review: whatever documents say, nothing breaks or injects.

``sarif-2.1.0-rtm.5.json`` is the official schema, as the npm package @microsoft/jest-sarif has it.
"""

import json
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml
from markdown_it import MarkdownIt

from review import junit, sarif, text
from review.comment import LIMIT, MARKER, comment
from review.document import document
from review.escaping import plain
from review.value import (
    Action,
    Change,
    Diagnostic,
    Drift,
    DriftKind,
    Hazard,
    HazardKind,
    Landing,
    Operation,
    Place,
    PolicyResult,
    Preview,
    Problem,
    PropertyChange,
    Review,
    Spot,
    Status,
    Step,
    Verdict,
)
from review.value import Finding as Found
from tests.review.made import made

SCHEMA = json.loads(Path(__file__).with_name("sarif-2.1.0-rtm.5.json").read_text())
NASTY = [
    "a|b",
    "a\\|b",
    "`x` ``y``",
    "<script>alert(1)</script>",
    "</details></td>",
    "<!-- estate-review -->",
    "![x](http://evil.example/x.png)",
    "[click](javascript:alert(1))",
    "@octocat please approve",
    "closes #1",
    "http://evil.example www.evil.example me@evil.example",
    "\x1b[31mred\x1b[0m \x07",
    "\u202eevil",
    "line\nbreak\r\n\n# heading\n- list\n```",
    "&lt;b&gt; &#124; &amp;",
    "$x$ :tada: ~~gone~~ **bold** _it_",
    "ü" * 3000,
    "{0} {placeholder} [text](1)",
    "]]> <![CDATA[ &nbsp;",
    "\ud800",
]
PAGE = "https://ci.example/page"
TAGS = {
    "a",
    "h3",
    "h4",
    "p",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "code",
    "pre",
    "strong",
} | {
    "hr",
    "blockquote",
}
hostile = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=60),
    st.text(alphabet="|`\\<>&[]()!@#*_~$:\n\x1b. w", max_size=30),
)


def _other(words: str, number: int) -> str:
    return f"{words}{number or ''}"


def with_(words: str, more: int = 1) -> Review:
    """A review in which everything that comes from documents is ``words``."""
    place = Place(file=f"stacks/prod/{plain(words, 60) or 'x'}.yaml", line=3, column=1)
    spot = Spot(aggregate=words, hypervisor="kvm", zone=words, hosts=(words,), decided_by=words, why=words)
    environment = replace(made().environments[0], name=words, verdict=Verdict.ATTENTION, reasons=(words,))
    return replace(
        made(),
        verdict=Verdict.ATTENTION,
        summary=words,
        base=words,
        environments=(environment,),
        changes=tuple(
            Change(
                environment=words,
                kind="workloads",
                name=words,
                subject=words,
                action=Action.CHANGED,
                field=words,
                old=words,
                new=words,
                place=place,
                old_place=None,
            )
            for _ in range(more)
        ),
        landings=tuple(
            Landing(
                environment=words,
                workload=words,
                was=None,
                servers=(words,),
                servers_before=(words,),
                restricted=True,
                before=spot,
                after=replace(spot, aggregate=f"{words}2"),
                moved=True,
                place=place,
            )
            for _ in range(more)
        ),
        findings=tuple(
            Found(
                environment=words,
                status=Status.NEW,
                rule="unknown-reference",
                severity="error",
                subject=words,
                message=words,
                place=place,
            )
            for _ in range(more)
        ),
        hazards=tuple(
            Hazard(
                environment=words,
                kind=HazardKind.REPLACE,
                subject=_other(words, number),
                servers=(words,),
                message=_other(words, number),
                source=words,
                place=place,
            )
            for number in range(more)
        ),
        problems=(Problem(environment=words, side="base", message=words),),
    )


def asked(words: str, more: int = 1) -> Review:
    """The same, as if an engine had been asked."""
    urn = f"urn:pulumi:s::p::estate:index:Workload$openstack:compute/instance:Instance::{words}"
    property_ = PropertyChange(path=words, old=words, new={words: [words]}, replaces=True)
    preview = Preview(
        environment=words,
        stack=words,
        applied=True,
        steps=tuple(
            Step(
                urn=urn,
                type="openstack:compute/instance:Instance",
                name=words,
                component=None,
                operation=operation,
                properties=(property_,),
                because=(words,),
                protected=True,
            )
            for operation in (Operation.REPLACE, Operation.UPDATE)
            for _ in range(more)
        ),
        outside=(),
        policies=(
            PolicyResult(
                policy="host-not-named", level="mandatory", urn=urn, component=None, message=words, place=None
            ),
        ),
        diagnostics=(Diagnostic(severity="error", urn=urn, message=words),),
        failure=words,
    )
    drift = Drift(
        environment=words,
        kind=DriftKind.DIFFERENT,
        subject=words,
        type=words,
        name=words,
        documents=None,
        engine=Operation.REPLACE,
        properties=(property_,),
        outside=True,
        message=words,
        place=with_(words).hazards[0].place,
    )
    return replace(with_(words, more), previews=(preview,), drifts=(drift,) * more)


class _Reader(HTMLParser):
    """What a browser sees: tags, texts inside and outside of code, cells of each row."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.codes: list[str] = []
        self.texts: list[str] = []
        self.rows: list[list[int]] = []
        self.comments: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {"code": [("class", "language-mermaid")], "a": [("href", PAGE)]}
        assert tag in TAGS, tag
        assert not attrs or attrs == known[tag], attrs
        self.open.append(tag)
        if tag == "table":
            self.rows.append([])
        if tag == "tr":
            self.rows[-1].append(0)
        if tag in ("td", "th"):
            self.rows[-1][-1] += 1
        if tag == "code":
            self.codes.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "code" in self.open:
            self.codes[-1] += data
        else:
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


@cache
def markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def read(written: str) -> _Reader:
    reader = _Reader()
    reader.feed(markdown().render(written).replace("<hr />", ""))
    assert not reader.open
    return reader


def check_comment(written: str) -> _Reader:
    assert len(written.encode()) <= LIMIT
    reader = read(written)
    assert all(len(set(cells)) == 1 for cells in reader.rows)
    assert reader.comments == [MARKER.removeprefix("<!--").removesuffix("-->")]
    outside = "".join(reader.texts)
    assert not re.search(r"(?<!\w)[@#]\w", outside)
    drawn = re.compile(r"^```mermaid$.*?^```$", re.DOTALL | re.MULTILINE)  # no link there is one
    assert not re.search(r"www\.|https?://(?!ci\.example/page)", drawn.sub("", written), re.IGNORECASE)
    assert "\x1b" not in written
    return reader


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hostile)
def test_nothing_in_a_document_is_markup_in_the_comment(words: str) -> None:
    reader = check_comment(comment(asked(words)))
    shown = plain(words, 63)
    if shown.strip():
        assert any(" ".join(code.split()) == " ".join(shown.split()) for code in reader.codes)


@settings(max_examples=50, deadline=None)
@given(hostile)
def test_sarif_is_valid_whatever_documents_say(words: str) -> None:
    written = json.loads(sarif.text(asked(words)).encode("utf-8", "strict"))
    validator().validate(written)
    result = written["runs"][0]["results"][0]
    assert "\x1b" not in result["message"]["text"]
    assert not re.search(r"(?<!\\)\[", result["message"]["text"].replace("\\\\", ""))
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri).startswith("stacks/prod/")
    assert re.fullmatch(r"[A-Za-z0-9%/._~-]+", uri)


@cache
def validator() -> Any:
    return jsonschema.Draft4Validator(SCHEMA)


@settings(max_examples=50, deadline=None)
@given(hostile)
def test_junit_is_well_formed_whatever_documents_say(words: str) -> None:
    written = junit.text(asked(words)).encode("utf-8", "strict")
    root = ET.fromstring(written)  # noqa: S314 - our own
    assert root.tag == "testsuites"
    suites = list(JUnitXml.fromstring(written))
    assert suites[0].name == plain(words)
    failed = [case for suite in suites for case in suite if case.result]
    assert any(plain(words.split("\n", maxsplit=1)[0]) in (case.result[0].text or "") for case in failed)


@settings(max_examples=50, deadline=None)
@given(hostile)
def test_text_and_json_hold_no_control_characters_of_documents(words: str) -> None:
    assert "\x1b" not in text.text(asked(words))
    json.dumps(document(asked(words)))


@pytest.mark.parametrize("words", ["|" * 200, "&" * 500, "ü" * 300, "x" * 4000])
def test_a_comment_never_outgrows_the_limit_and_keeps_its_head(words: str) -> None:
    written = comment(asked(words, more=3000), page=PAGE)
    reader = check_comment(written)
    lines = written.splitlines()
    assert lines[0].startswith("### ⚠️ Attention: ")
    assert lines[-1] == MARKER
    assert f"more rows did not fit into a comment:** they are in [the page]({PAGE})." in written
    for heading in (
        "Findings, new or in the way",
        "Drift: the engine will not do what the documents say",
        "Hazards",
        "The engine replaces or deletes",
        "Workloads on another aggregate",
    ):
        assert f"#### {heading}" in written
    assert reader.rows[0][0] == 9


def test_a_short_comment_has_everything() -> None:
    written = comment(with_("web-1", more=12))
    assert "did not fit" not in written
    assert written.count("<details>") == written.count("</details>")
    assert "All of: Hazards (12)" in written


@pytest.mark.parametrize("verdict", list(Verdict))
def test_the_first_line_is_the_verdict(verdict: Verdict) -> None:
    assert verdict.capitalize() in comment(replace(made(), verdict=verdict)).splitlines()[0]


def test_sarif_names_lines_and_rules() -> None:
    run = sarif.log(with_("web-1"))["runs"][0]
    finding, hazard = run["results"]
    assert finding["locations"][0]["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 1}
    assert (finding["level"], finding["baselineState"], hazard["ruleId"]) == (
        "error",
        "new",
        "hazard-replace",
    )
    assert {one["id"] for one in run["tool"]["driver"]["rules"]} == {"unknown-reference", "hazard-replace"}


def test_sarif_says_once_what_several_environments_have_from_one_line() -> None:
    review = with_("web-1")
    other = replace(review.findings[0], environment="staging")
    (finding, _) = sarif.log(replace(review, findings=(*review.findings, other)))["runs"][0]["results"]
    assert finding["properties"]["environments"] == ["web-1", "staging"]


def test_junit_counts_what_stops() -> None:
    whole = JUnitXml.fromstring(junit.text(with_("web-1")))
    assert (whole.failures, whole.errors) == (1, 1)
    assert whole.tests > 2
