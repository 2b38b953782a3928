"""A review as JUnit XML: a suite for each environment, a case for each thing that can stop a change."""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from junitparser import Attr, Error, Failure, JUnitXml, TestCase, TestSuite

from review.escaping import plain
from review.reviewing import newly_short
from review.things import drifted, named, summary
from review.value import Environment, HazardKind, Place, Review, Status, Verdict

_NAME = "estate review"


class _Case(TestCase):
    """A case with its place, which GitLab links to."""

    file = Attr()
    line = Attr()


def text(review: Review) -> str:
    """The XML text."""
    whole = JUnitXml(_NAME)
    for part in review.environments:
        whole.add_testsuite(_suite(part.name, _cases(review, part)))
    problems = [one for one in review.problems if one.environment is None]
    if problems or not review.environments:
        cases = (_case("review", one.side or "review", error=one.message) for one in problems)
        whole.add_testsuite(_suite("review", cases))
    whole.update_statistics()
    written = ET.fromstring(whole.tostring())  # noqa: S314 - our own
    ET.indent(written)
    return ET.tostring(written, encoding="unicode") + "\n"


def _suite(name: str, cases: Iterator[_Case]) -> TestSuite:
    suite = TestSuite(plain(name))
    for one in cases:
        suite.add_testcase(one)
    return suite


def _cases(review: Review, part: Environment) -> Iterator[_Case]:
    """What passed as well, so that a report shows that it was looked at."""
    for problem in review.problems:
        if problem.environment == part.name:
            yield _case(part.name, f"{problem.side or 'review'} can be read", error=problem.message)
    findings = [
        one for one in review.findings if one.environment == part.name and one.status is not Status.FIXED
    ]
    for one in findings:
        standing = one.status is Status.UNCHANGED and one.severity != "error"
        said = f"{one.place}: {one.subject}: {one.message}"
        yield _case(
            part.name,
            f"{one.rule}: {one.subject}",
            failure=None if standing else said,
            out=said if standing else None,
            place=one.place,
        )
    if not findings:
        yield _case(part.name, "documents")
    if (proof := part.proof.after) is not None:
        ways = "\n".join(f"{one.claim}: {'; then '.join(one.steps)}" for one in proof.counterexamples)
        yield _case(part.name, "the guarantee holds", failure=None if proof.holds else ways)
    for room in part.headroom:
        if room.after is not None:
            homeless = ", ".join(room.after.does_not_fit)
            yield _case(
                part.name,
                f"{room.aggregate} ({room.view}): room after the loss of its largest host",
                failure=f"without a place: {homeless}" if newly_short(room) else None,
                out=f"without a place, as before: {homeless}" if homeless and not newly_short(room) else None,
            )
    yield from _engine(review, part.name)
    hazards = [
        f"{one.kind}: {one.subject}: {one.message} ({', '.join(one.servers)})"
        for one in review.hazards
        if one.environment == part.name
    ]
    refused = "\n".join(one for one in hazards if one.startswith(f"{HazardKind.REFUSED}: "))
    unknown = "not all of them are known" if part.verdict is Verdict.INCOMPLETE else None
    yield _case(part.name, "hazards", failure=refused or None, error=unknown, out="\n".join(hazards) or None)


def _engine(review: Review, environment: str) -> Iterator[_Case]:
    """A case for each stack that was previewed, for each violation there, and for drift."""
    asked = [one for one in review.previews if one.environment == environment]
    for one in asked:
        said = "\n".join(
            f"{note.severity}: {named(note.urn)}: {note.message}"
            for note in one.diagnostics
            if note.severity != "info"
        )
        yield _case(
            environment,
            f"preview of {one.stack}",
            error=None if one.failure is None else f"{one.failure}\n{said}",
            out=summary(one) if one.failure is None else None,
        )
        for violation in one.policies:
            where = f"{named(violation.urn)}: {violation.message}"
            stops = violation.level == "mandatory"
            yield _case(
                environment,
                f"{violation.policy}: {named(violation.urn)}",
                failure=where if stops else None,
                out=None if stops else where,
            )
    if asked:
        drifts = [drifted(one) for one in review.drifts if one.environment == environment]
        yield _case(environment, "the engine does what the documents say", failure="\n".join(drifts) or None)


def _case(
    suite: str,
    name: str,
    *,
    failure: str | None = None,
    error: str | None = None,
    out: str | None = None,
    place: Place | None = None,
) -> _Case:
    case = _Case(plain(name), plain(suite), 0.0)
    if failure is not None:
        case.result = [_with(Failure(plain(failure, 200)), failure)]
    if error is not None:
        case.result = [_with(Error(plain(error, 200)), error)]
    if out is not None:
        case.system_out = _lines(out)
    if place is not None:
        case.file, case.line = plain(place.file), str(place.line)
    return case


def _with(result: Failure | Error, text: str) -> Failure | Error:
    result.text = _lines(text)
    return result


def _lines(text: str) -> str:
    return "\n".join(plain(line) for line in text.split("\n"))
