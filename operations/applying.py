"""``up`` and ``destroy``: only of what was approved where documents demand it, and with a record of each."""

import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from pulumi.automation import EngineEvent

from estate.documents import Loaded
from estate.evidence.observation import observe
from estate.model import Estate
from estate.openstack.errors import CloudError
from estate.vsphere.connections import ConnectionsError
from operations import approval, audit
from operations.approval import Digests, Ground, Proposal
from operations.audit import Done, Outcome, Recorder, StackRun
from operations.earlier import commit_of
from operations.errors import OperationError
from operations.parts import Part, Parts
from operations.previewing import preview, secrets_of
from operations.stack import PROGRAM, Stack, targeted
from policies.over_documents import judged
from review.digest import approval_of, contents_of
from review.engine_events import Events
from review.hiding import hidden
from review.things import named
from review.value import Preview
from toolchain.progress import Progress

_OTHERWISE = "this is otherwise than approved, and nothing was begun:"


class RefusedError(Exception):
    """Nothing was begun."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = tuple(reasons)


@dataclass(frozen=True, kw_only=True)
class Approved:
    """What was approved, as it was given."""

    what: Proposal | Digests
    content: bytes | None
    """Of the file; ``None``: only digests were given."""

    @classmethod
    def of(cls, said: str) -> "Approved":
        """A file, or both digests; ``OperationError`` if it is neither."""
        what = approval.read(said)
        return cls(what=what, content=Path(said).read_bytes() if isinstance(what, Proposal) else None)

    @property
    def digests(self) -> Digests:
        """The two digests."""
        return self.what.digests if isinstance(self.what, Proposal) else self.what


def propose(
    loaded: Loaded, parts: Parts, progress: Progress, *, only: Sequence[str] = (), plans: Path | None = None
) -> Proposal:
    """What `up` would do now, to be approved. Changes nothing.

    :param plans: a folder for the engine's plans, ``STACK.json``; secrets in them are encrypted.
    :raises RefusedError: the engine, the program or the policy pack refuses it.
    :raises OperationError: a stack cannot be reached, or there is none to preview.
    """
    previews: list[Preview] = []

    def look(part: Part, urns: Sequence[str]) -> bool:
        plan = plans / f"{part.stack.name}.json" if plans is not None else None
        if plan is not None:
            plan.touch(mode=0o600)  # the engine writes into it, and leaves its mode
        with progress.step(f"preview of stack {part.stack.name}"):
            previews.append(preview(loaded.name, part.stack, plan=plan, targets=urns))
        return previews[-1].failure is None

    if not parts.run(["preview"], progress, only=only, engine=look):
        raise RefusedError(_why(previews[-1]))
    if not previews:
        raise OperationError(f"there is nothing of {loaded.name} that can be previewed now")
    return approval.proposal(
        _ground(loaded, parts.base),
        previews,
        commit=commit_of(loaded.folder),
        made=audit.now(),
        by=audit.who().user,
    )


def _why(one: Preview) -> list[str]:
    return [
        f"stack {one.stack} cannot be previewed: {one.failure}",
        *(found.message for found in one.diagnostics if found.severity == "error"),
        *(f"{named(found.urn)}: {found.message} [{found.policy}]" for found in one.policies),
    ]


def _ground(loaded: Loaded, stack: Stack) -> Ground:
    done = subprocess.run(
        [stack.toolchain.pulumi, "version"],
        env=dict(stack.environment),
        capture_output=True,
        text=True,
        check=True,
    )
    return Ground(
        environment=loaded.name,
        cloud=stack.cloud,
        engine=done.stdout.strip().removeprefix("v"),
        contents=contents_of(loaded),
    )


@dataclass(frozen=True, kw_only=True)
class Run:
    """One ``up`` or ``destroy``."""

    loaded: Loaded
    estate: Estate
    parts: Parts
    arguments: Sequence[str]
    """For the engine; begin with its command."""
    only: Sequence[str] = ()
    approved: Approved | None = None

    def __call__(self, progress: Progress) -> bool:
        """Do it; whether it succeeded. What is raised is in the record as well.

        :raises RefusedError: it was not approved, or it is otherwise than approved.
        """
        recorder = Recorder(self._begun())
        if self.approved is not None and self.approved.content is not None:
            recorder.enclose("approved.json", self.approved.content)
        try:
            self._run(recorder, progress)
        except RefusedError as refused:
            recorder.note(outcome=Outcome.REFUSED, reasons=refused.reasons)
            raise
        except KeyboardInterrupt:
            recorder.note(outcome=Outcome.INTERRUPTED, reasons=("it was interrupted",))
            raise
        except Exception as error:
            recorder.note(outcome=Outcome.FAILED, reasons=(hidden(str(error)),))
            raise
        finally:
            recorder.note(ended=audit.now())
            progress.say(f"record of this run: {recorder.path}")
        return recorder.record.outcome is Outcome.APPLIED

    def _begun(self) -> audit.Record:
        command = self.arguments[0]
        given = self.approved
        return audit.Record(
            schema_version=audit.SCHEMA_VERSION,
            id=audit.new_id(command),
            command=command,
            arguments=tuple(hidden(one) for one in [*self.arguments[1:], *self.only]),
            environment=self.loaded.name,
            cloud=self.parts.base.cloud,
            who=audit.who(),
            started=audit.now(),
            ended=None,
            commit=commit_of(self.loaded.folder),
            outcome=Outcome.UNFINISHED,
            reasons=(),
            documents=contents_of(self.loaded).digest.documents,
            preview=None,
            approval=audit.Approval(
                required=self.estate.estate.approval == "required",
                approved=given.digests if given is not None else None,
                file=sha256(given.content).hexdigest() if given and given.content else None,
            ),
            findings=audit.findings(judged(self.loaded)),
            stacks=(),
            landings=audit.Landings(before=None, after=None),
            problems=(),
        )

    def _run(self, recorder: Recorder, progress: Progress) -> None:
        if self.approved is None and self.arguments[0] == "up" and self.estate.estate.approval == "required":
            raise RefusedError(
                [
                    f"{self.loaded.where(('estate', 'approval'))}: {self.loaded.name} is applied only as "
                    "approved (approval: required), and nothing was. Write down what is to be approved with: "
                    f"estate preview {self.loaded.name} --proposal FILE; apply it with: estate up "
                    f"{self.loaded.name} --approved FILE"
                ]
            )
        with tempfile.TemporaryDirectory(prefix="estate-") as own:  # mode 0700; plans go with it
            parts, plans = self.parts, None
            if self.approved is not None:
                plans = Path(own)
                parts = self._as_approved(self.approved, plans, recorder, progress)
            self._look(recorder, "before", progress)
            try:
                self._act(parts, plans, recorder, progress)
            finally:
                if recorder.record.stacks:  # something was begun
                    self._look(recorder, "after", progress)

    def _as_approved(self, approved: Approved, plans: Path, recorder: Recorder, progress: Progress) -> Parts:
        """The parts that were approved, if all is as it was then."""
        if different := approval.other_ground(approved.what, _ground(self.loaded, self.parts.base)):
            raise RefusedError([_OTHERWISE, *different])
        now = propose(self.loaded, self.parts, progress, only=self.only, plans=plans)
        recorder.note(preview=now.digests.preview)
        if different := approval.differences(approved.what, now):
            raise RefusedError([_OTHERWISE, *different])
        previewed = {one.stack for one in now.stacks}
        chosen = tuple(one for one in self.parts.parts if one.stack.name in previewed)
        return replace(self.parts, parts=chosen).told(approval_of(self.loaded))

    def _act(self, parts: Parts, plans: Path | None, recorder: Recorder, progress: Progress) -> None:
        def act(part: Part, urns: Sequence[str]) -> bool:
            planned = ["--plan", str(plans / f"{part.stack.name}.json"), "--refresh"] if plans else []
            return _recorded(part.stack, [*self.arguments, *planned, *targeted(urns)], recorder)

        fine = parts.run(self.arguments, progress, only=self.only, engine=act)
        if fine:
            recorder.note(outcome=Outcome.APPLIED)
        else:
            failed = recorder.record.stacks[-1]
            recorder.note(outcome=Outcome.FAILED, reasons=failed.errors or ("the engine failed",))

    def _look(self, recorder: Recorder, when: str, progress: Progress) -> None:
        """Where servers run; an audit never stops what it is about."""
        try:
            with progress.step(f"landing {when}"), self.parts.base.entered():
                rows = audit.landings(observe(self.estate))
        except (CloudError, ConnectionsError) as error:
            problem = f"where servers ran {when} it: {hidden(str(error))}"
            recorder.note(problems=(*recorder.record.problems, problem))
        else:
            recorder.note(landings=replace(recorder.record.landings, **{when: rows}))


def _recorded(stack: Stack, arguments: Sequence[str], recorder: Recorder) -> bool:
    """Run the engine on a stack and note what it did, also if it is interrupted."""
    with tempfile.TemporaryDirectory(prefix="estate-") as own:
        log = Path(own) / "events.json"
        outcome = Outcome.INTERRUPTED
        try:
            done = stack.pulumi(*arguments, "--event-log", str(log), extra={"PULUMI_DEBUG_COMMANDS": "true"})
            outcome = Outcome.FAILED if done.returncode else Outcome.APPLIED
        finally:
            done_by = stack_run(stack.name, log, outcome, set(secrets_of(stack)))
            recorder.note(stacks=(*recorder.record.stacks, done_by))
    return outcome is Outcome.APPLIED


def stack_run(stack: str, log: Path, outcome: Outcome, secrets: Collection[str] = ()) -> StackRun:
    """What an engine did, by its log of events (a JSON document on each line).

    What cannot be read, such as the last line of an engine that was killed, is among the errors.

    ``secrets``: values to hide wherever they stand.
    """
    events, unread = Events(root=str(PROGRAM), secrets=secrets), 0
    packs: tuple[str, ...] = ()
    begun, ended, failed = Counter[str](), Counter[str](), set[str]()
    for line in log.read_text().splitlines() if log.exists() else ():
        try:
            event = EngineEvent.from_json(json.loads(line))
        except (ValueError, KeyError, TypeError):
            unread += 1
            continue
        events.take(event)
        for said, counted in ((event.resource_pre_event, begun), (event.res_outputs_event, ended)):
            if said is not None and said.metadata.op != "refresh":
                counted[said.metadata.urn] += 1
        if event.summary_event is not None:
            packs = tuple(sorted(one.partition("|")[0] for one in event.summary_event.policy_packs))
        if event.res_op_failed_event is not None:
            failed.add(event.res_op_failed_event.metadata.urn)
    seen = events.preview("", stack, None)
    errors = [one.message for one in seen.diagnostics if one.severity == "error"]
    if unread:
        errors.append(f"events of the engine that could not be read: {unread}")
    return StackRun(
        stack=stack,
        outcome=outcome,
        resources=tuple(
            Done(
                operation=step.operation.value,
                type=step.type,
                name=step.name,
                urn=step.urn,
                outcome="failed"
                if step.urn in failed
                else "done"
                if ended[step.urn] >= begun[step.urn]
                else "begun",
            )
            for step in seen.steps
        ),
        packs=packs,
        policies=seen.policies,
        errors=tuple(dict.fromkeys(errors)),
    )
