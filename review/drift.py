"""What follows from the documents against what the engine will do.

Documents are compared with the base's; the engine compares them with its state and with what it finds. Both
say the same where the base is what is applied and nobody changed anything past the engine.
"""

from collections.abc import Iterator, Sequence

from review.engine_events import LATER
from review.resources import ResourceDiff
from review.side import Side
from review.things import DONE, block, thing
from review.value import (
    Drift,
    DriftKind,
    Operation,
    Outside,
    Preview,
    PropertyChange,
    ResourceChange,
    Step,
)

_Key = tuple[str, str]


def drifts(
    environment: str, diff: ResourceDiff, previews: Sequence[Preview], after: Side
) -> tuple[Drift, ...]:
    """By resource. Of previews that did not come to their end nothing is missed; of stacks that have nothing
    yet, all is created.
    """
    found = _Comparison(environment, diff, [one for one in previews if one.applied], after)
    return tuple(found.drifts(complete=all(one.failure is None for one in previews)))


class _Comparison:
    def __init__(
        self, environment: str, diff: ResourceDiff, previews: Sequence[Preview], after: Side
    ) -> None:
        self._environment, self._diff, self._after = environment, diff, after
        self._documents: dict[_Key, ResourceChange] = {(one.type, one.name): one for one in diff.changes}
        self._engine: dict[_Key, Step] = {
            (step.type, step.name): step for one in previews for step in one.steps
        }
        self._outside: dict[_Key, Outside] = {
            (out.type, out.name): out for one in previews for out in one.outside
        }
        self._said = {note.urn: note.message for one in previews for note in one.diagnostics}
        self._any = bool(previews)

    def drifts(self, *, complete: bool) -> Iterator[Drift]:
        for key, step in self._engine.items():
            wanted = self._documents.get(key)
            if wanted is None:
                yield self._drift(DriftKind.UNEXPECTED, step, None, step.properties)
            elif wanted.operation is not step.operation and wanted.operation is not Operation.RENAME:
                yield self._drift(DriftKind.DIFFERENT, step, wanted, _more(step, wanted))
            elif more := _more(step, wanted):
                yield self._drift(DriftKind.DIFFERENT, step, wanted, more)
        for key, wanted in self._documents.items():
            if (
                self._any
                and complete
                and key not in self._engine
                and wanted.operation is not Operation.RENAME
            ):
                yield self._missing(wanted)
        for key, out in self._outside.items():
            if key not in self._engine and key not in self._documents:
                yield self._left(out)

    def _left(self, out: Outside) -> Drift:
        changed = ", ".join(one.path for one in out.properties)
        return Drift(
            environment=self._environment,
            kind=DriftKind.LEFT,
            subject=thing(out.type, out.name),
            type=out.type,
            name=out.name,
            documents=None,
            engine=None,
            properties=out.properties,
            outside=True,
            message=f"somebody changed it past the engine ({changed}), and the engine leaves it so",
            place=self._after.place(block(out.component)),
        )

    def _drift(
        self,
        kind: DriftKind,
        step: Step,
        wanted: ResourceChange | None,
        properties: tuple[PropertyChange, ...],
    ) -> Drift:
        out = self._outside.get((step.type, step.name))
        return Drift(
            environment=self._environment,
            kind=kind,
            subject=thing(step.type, step.name),
            type=step.type,
            name=step.name,
            documents=None if wanted is None else wanted.operation,
            engine=step.operation,
            properties=() if step.operation is Operation.CREATE else properties,
            outside=out is not None,
            message=self._reason(step, out),
            place=self._after.place(block(step.component)),
        )

    def _reason(self, step: Step, out: Outside | None) -> str:
        if out is not None and out.gone:
            return "somebody removed it past the engine"
        if out is not None:
            return f"somebody changed it past the engine ({', '.join(one.path for one in out.properties)})"
        if (note := self._said.get(step.urn)) is not None:
            return note
        if needed := [one for one in self._engine.values() if one is not step and _needs(step, one)]:
            what = ", ".join(
                f"{thing(one.type, one.name)}, which will be {DONE[one.operation]}" for one in needed
            )
            return f"it needs {what}"
        if step.operation is Operation.UPDATE and not step.properties:  # a gate looks by itself
            return "the cloud is no longer as it was settled"
        return "what is applied is not what the base says"

    def _missing(self, wanted: ResourceChange) -> Drift:
        key = (wanted.type, wanted.name)
        made = (self._diff.after or {}).get(key) or (self._diff.before or {}).get(key)
        return Drift(
            environment=self._environment,
            kind=DriftKind.MISSING,
            subject=thing(wanted.type, wanted.name),
            type=wanted.type,
            name=wanted.name,
            documents=wanted.operation,
            engine=None,
            properties=(),
            outside=key in self._outside,
            message="it is so already",
            place=self._after.place(block(made.parent if made else None)),
        )


def _needs(step: Step, other: Step) -> bool:
    """Whether a property of the step will be known once the other is made: it was the other's id."""
    return other.operation in (Operation.CREATE, Operation.REPLACE) and any(
        one.new == LATER and one.old == other.name for one in step.properties
    )


def _more(step: Step, wanted: ResourceChange) -> tuple[PropertyChange, ...]:
    """Of what is updated, properties that the documents do not change."""
    if step.operation not in (Operation.UPDATE, Operation.REPLACE):
        return ()
    return tuple(one for one in step.properties if head(one.path) not in wanted.properties)


def head(path: str) -> str:
    """The resource's property that a path leads into."""
    return path.partition("[")[0].partition(".")[0]
