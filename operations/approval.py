"""What is approved before it is applied: a proposal with two digests; and what is otherwise than approved.

The digest of the documents stands for the resolved model, policies, exemptions and tools; the digest of the
preview for what the engine will do to each resource of each stack, and on which cloud. Neither has times,
ciphertexts or values of secrets in it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from estate.model.subjects import subject
from operations.errors import OperationError
from policies.rules import RULES
from review.digest import Contents, sha256
from review.things import thing, told
from review.value import Operation, Preview, Step, Value, schema_of

SCHEMA_VERSION = 1

_DIGESTS = re.compile(r"([0-9a-f]{64}):([0-9a-f]{64})")


@dataclass(frozen=True, kw_only=True)
class Digests(Value):
    """The two digests of what is approved, or applied."""

    documents: str
    """SHA-256 of the resolved model, policies, exemptions and tools."""
    preview: str
    """SHA-256 of what the engine will do, in all stacks."""

    def __str__(self) -> str:
        return f"{self.documents}:{self.preview}"


@dataclass(frozen=True, kw_only=True)
class StackSteps(Value):
    """What the engine will do to one stack."""

    stack: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class Ground(Value):
    """What a preview stands on."""

    environment: str
    cloud: str
    """`sandbox`, or the name of the cloud in `clouds.yaml`."""
    engine: str
    """Version of Pulumi's engine."""
    contents: Contents
    """What the documents' digest is made of."""


@dataclass(frozen=True, kw_only=True)
class Proposal(Value):
    """What is to be approved."""

    schema_version: int
    """Raised when a key is renamed, removed or given another meaning."""
    commit: str | None
    """Of the documents; null: they are in no repository, or not as a commit has them."""
    made: str
    """When (UTC)."""
    by: str
    """Login name of who ran the preview."""
    digests: Digests
    ground: Ground
    stacks: tuple[StackSteps, ...]
    """In the order in which they are applied."""


_ADAPTER = TypeAdapter(Proposal)


def proposal(
    ground: Ground, previews: Sequence[Preview], *, commit: str | None, made: str, by: str
) -> Proposal:
    """What these previews come to."""
    stacks = tuple(StackSteps(stack=one.stack, steps=one.steps) for one in previews)
    return Proposal(
        schema_version=SCHEMA_VERSION,
        commit=commit,
        made=made,
        by=by,
        digests=_digests(ground, stacks),
        ground=ground,
        stacks=stacks,
    )


def _digests(ground: Ground, stacks: tuple[StackSteps, ...]) -> Digests:
    steps = _STEPS.dump_python(stacks, mode="json", by_alias=True)
    return Digests(
        documents=ground.contents.digest.documents,
        preview=sha256([ground.environment, ground.cloud, ground.engine, steps]),
    )


_STEPS = TypeAdapter(tuple[StackSteps, ...])


def text(one: Proposal) -> str:
    """The file that is approved."""
    return json.dumps(_ADAPTER.dump_python(one, mode="json", by_alias=True), indent=2) + "\n"


def schema() -> dict[str, Any]:
    """Its JSON schema: ``python -m operations.approval > docs/schema/approval.schema.json``."""
    return schema_of(_ADAPTER)


def read(said: str) -> Proposal | Digests:
    """What was approved: a file, or both digests with a colon between them.

    Raises ``OperationError`` if it is neither, or if the file's digests are not those of its content.
    """
    if found := _DIGESTS.fullmatch(said):
        return Digests(documents=found[1], preview=found[2])
    try:
        one = _ADAPTER.validate_json(Path(said).read_bytes())
    except OSError as error:
        raise OperationError(
            f"expected a file that was approved, or both digests as DOCUMENTS:PREVIEW; {said}: "
            f"{error.strerror}"
        ) from error
    except ValidationError as error:
        wrong = error.errors()[0]
        place = ".".join(map(str, wrong["loc"])) or "the whole"
        raise OperationError(
            f"{said} is no file that `estate preview --proposal` wrote: {place}: {wrong['msg']}"
        ) from error
    if one.schema_version != SCHEMA_VERSION:
        raise OperationError(
            f"{said}: expected schemaVersion {SCHEMA_VERSION}, found {one.schema_version}; propose again"
        )
    if one.digests != _digests(one.ground, one.stacks):
        raise OperationError(
            f"{said} was changed after it was written: its digests are not those of its content"
        )
    return one


def other_ground(approved: Proposal | Digests, now: Ground) -> tuple[str, ...]:
    """What can be told before any preview: documents, policies, exemptions and tools, a sentence each."""
    if isinstance(approved, Proposal):
        return tuple(_ground(approved.ground, now)) if approved.ground != now else ()
    if approved.documents == (found := now.contents.digest.documents):
        return ()
    return (
        f"the digest of the documents is {found}: documents, policies, exemptions or tools are not those "
        "that were approved",
    )


def differences(approved: Proposal | Digests, now: Proposal) -> tuple[str, ...]:
    """What is otherwise than approved, a sentence each; empty if it is the same."""
    different = other_ground(approved, now.ground)
    if isinstance(approved, Proposal):
        return (*different, *_steps(approved.stacks, now.stacks))
    if approved.preview == now.digests.preview:
        return different
    return (
        *different,
        f"the digest of the preview is {now.digests.preview}: the engine would not do what was approved",
    )


def _ground(approved: Ground, now: Ground) -> Iterator[str]:
    for what, old, new in (
        ("environment", approved.environment, now.environment),
        ("cloud", approved.cloud, now.cloud),
        ("tool pulumi (engine)", approved.engine, now.engine),
    ):
        if old != new:
            yield f'{what}: "{old}" was approved, this is "{new}"'
    was, found = approved.contents, now.contents
    yield from _each(was.blocks, found.blocks, _block)
    yield from _each(was.user_data, found.user_data, lambda name: f'user data of server "{name}"')
    yield from _each(was.policies, found.policies, _policy)
    yield from _each(was.exemptions, found.exemptions, lambda name: subject(("exemptions", name)))
    for name in sorted(was.tools.keys() | found.tools.keys()):
        before, after = (tools.get(name, "none") for tools in (was.tools, found.tools))
        if before != after:
            yield f"tool {name}: {before} was approved, {after} is here"


def _block(key: str) -> str:
    return subject(tuple(key.split("/", 1)))


def _policy(file: str) -> str:
    name = Path(file).stem.replace("_", "-")
    return f"policy {name} ({file})" if any(one.name == name for one in RULES) else f"policy pack ({file})"


def _each(was: Mapping[str, str], now: Mapping[str, str], named: Callable[[str], str]) -> Iterator[str]:
    for name in sorted(was.keys() | now.keys()):
        if name not in was:
            yield f"{named(name)}: it was not there when this was approved"
        elif name not in now:
            yield f"{named(name)}: it was approved, and is gone"
        elif was[name] != now[name]:
            yield f"{named(name)}: not as it was approved"


def _steps(was: tuple[StackSteps, ...], now: tuple[StackSteps, ...]) -> Iterator[str]:
    old = {one.stack: {step.urn: step for step in one.steps} for one in was}
    new = {one.stack: {step.urn: step for step in one.steps} for one in now}
    for stack in dict.fromkeys([*old, *new]):
        if stack not in new:
            yield f"stack {stack}: it was approved, and is not in this run"
        elif stack not in old:
            yield f"stack {stack}: it was not previewed when this was approved"
        else:
            for urn in sorted(old[stack].keys() | new[stack].keys()):
                yield from _step(stack, old[stack].get(urn), new[stack].get(urn))


def _step(stack: str, was: Step | None, now: Step | None) -> Iterator[str]:
    known = was or now
    assert known is not None
    which = f"stack {stack}: {thing(known.type, known.name)}"
    if was is None:
        yield f"{which}: nothing was approved, due is {_due(now)}"
    elif now is None:
        yield f"{which}: {_due(was)} was approved, nothing is due"
    elif (was.operation, _paths(was)) != (now.operation, _paths(now)):
        yield f"{which}: {_due(was)} was approved, due is {_due(now)}"
    elif was != now:
        old = {one.path: one for one in was.properties}
        for one in now.properties:
            if one != old[one.path]:
                yield f"{which}: {told(old[one.path])} was approved, due is {told(one)}"
        if was.properties == now.properties:
            yield f"{which}: {_due(was)} was approved with other protection or other causes"


def _due(step: Step | None) -> str:
    assert step is not None
    if step.operation in (Operation.CREATE, Operation.DELETE) or not step.properties:
        return step.operation.value
    return f"{step.operation.value} ({', '.join(_paths(step))})"


def _paths(step: Step) -> tuple[str, ...]:
    return tuple(one.path for one in step.properties)


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
