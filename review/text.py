"""A review for a terminal: the verdict, then what matters, in short lists."""

from collections.abc import Iterator

from review.escaping import plain
from review.struck import by_block
from review.things import DONE, drifted, lost, named, summary, thing, told
from review.value import Action, Change, Review, Status


def text(review: Review) -> str:
    """The whole text."""
    return "\n".join(plain(line) for line in _lines(review)) + "\n"


def _lines(review: Review) -> Iterator[str]:
    yield f"{review.verdict.upper()}: {review.summary}"
    yield f"{review.base} → {review.head}, digest {review.digest[:12]}"
    problems = {one.message for one in review.problems}  # said at the end
    for part in review.environments:
        changes = [one for one in review.changes if one.environment == part.name]
        yield ""
        reasons = [f"; {one}" for one in part.reasons if one not in problems]
        yield f"{part.name}: {part.verdict}{''.join(reasons)}"
        for change in changes:
            yield f"  {_change(change)}"
        for landing in review.landings:
            if landing.environment == part.name and landing.moved and landing.before and landing.after:
                yield (
                    f"  {landing.workload}: lands on {landing.after.aggregate or 'no host'} instead of "
                    f"{landing.before.aggregate or 'no host'} ({landing.after.decided_by})"
                )
        for struck in by_block(one for one in review.hazards if one.environment == part.name):
            servers = f" [{len(struck.servers)} servers]" if len(struck.servers) > 1 else ""
            said = f"{', '.join(struck.subjects)}: {'; '.join(struck.messages)}"
            yield f"  {', '.join(struck.kinds)}: {said}{servers}"
        yield from _engine(review, part.name)
        for finding in review.findings:
            if finding.environment == part.name and finding.status is not Status.UNCHANGED:
                said = f"{finding.subject}: {finding.message} [{finding.rule}]"
                yield f"  {finding.status}: {finding.place}: {said}"
    yield from [""] if review.problems else []
    for problem in review.problems:
        yield f"{problem.environment or 'review'}: {problem.side or ''} {problem.message}"


def _engine(review: Review, environment: str) -> Iterator[str]:
    for preview in review.previews:
        if preview.environment == environment:
            yield f"  engine, {preview.stack}: {summary(preview)}"
            for step, reason in lost(preview):
                yield f"    {thing(step.type, step.name)} {DONE[step.operation]}: {reason}"
            for violation in preview.policies:
                where = named(violation.urn)
                yield f"    {violation.level}: {where}: {violation.message} [{violation.policy}]"
            for one in preview.diagnostics:
                if one.severity != "info":
                    yield f"    {one.severity}: {named(one.urn)}: {one.message}"
    for drift in review.drifts:
        if drift.environment == environment:
            changes = "".join(f"; {told(one)}" for one in drift.properties)
            yield f"  drift: {drifted(drift)}{changes}"


def _change(one: Change) -> str:
    match one.action:
        case Action.ADDED:
            return f"+ {one.subject}: {one.new}"
        case Action.REMOVED:
            return f"- {one.subject}"
        case Action.RENAMED:
            return f"~ {one.subject}: was {one.old}"
    return f"~ {one.subject}: {one.field}: {one.old or '-'} → {one.new or '-'} ({one.place})"
