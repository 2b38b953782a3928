"""Events of the engine's preview → a value that is the same whenever the same would be done.

What an engine event has beyond that (sequence, times, ciphertexts, pickled providers) is left out; ids of
resources become their names. Shapes: ``sdk/go/common/apitype/events.go`` of Pulumi.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import JsonValue

from review.hiding import HIDDEN, hidden, is_secret
from review.value import Diagnostic, Operation, Outside, PolicyResult, Preview, PropertyChange, Step

if TYPE_CHECKING:
    from pulumi.automation import DiagnosticEvent, EngineEvent
    from pulumi.automation.events import StepEventMetadata

LATER = "(known after apply)"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands for a value that is not known yet (``pkg/resource/stack/deployment.go``)."""
_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key of what marks a mapping as more than one (``sdk/go/common/resource/sig``)."""
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - marks one
_ASSETS = ("c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7")
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_PATH = re.compile(r'\.?([^.\[\]]+)|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]')
"""A word of a property path (``sdk/go/common/resource/property_path.go``)."""
_ALL = re.compile("all[A-Z]")
"""Outputs that say all that there is, such as ``allMetadata``."""
_LONGEST = 200
"""Characters of a text that is shown as it is."""

_OPERATIONS = {
    "create": Operation.CREATE,
    "update": Operation.UPDATE,
    "delete": Operation.DELETE,
    "import": Operation.IMPORT,
    "discard": Operation.FORGET,
    **dict.fromkeys(
        (
            "replace",
            "create-replacement",
            "delete-replaced",
            "discard-replaced",
            "import-replacement",
            "remove-pending-replace",
        ),
        Operation.REPLACE,
    ),
}
"""Of the engine → ours; others (same, read, refresh) change nothing."""


_ROOT = "pulumi:pulumi:Stack"
_PROVIDER = "pulumi:providers:"
_OURS = "estate:index:"


class Events:
    """What the engine says, gathered while it runs, from whichever thread."""

    def __init__(self, *, root: str = "", secrets: Collection[str] = ()) -> None:
        """``root``: folder that paths are told without. ``secrets``: values to hide wherever they stand."""
        self._root = root
        self._secrets = sorted((one for one in secrets if len(one) >= _SHORTEST), key=len, reverse=True)
        self._steps: dict[str, list[StepEventMetadata]] = {}
        self._found: dict[str, StepEventMetadata] = {}
        self._parents: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._diagnostics: set[Diagnostic] = set()
        self._policies: set[PolicyResult] = set()
        self._applied = False

    def take(self, event: "EngineEvent") -> None:
        """One event."""
        if (before := event.resource_pre_event) is not None:
            self._known(before.metadata)
            self._planned(before.metadata)
        if (after := event.res_outputs_event) is not None:
            self._known(after.metadata)
            if _changed_outside(after.metadata):
                self._found[after.metadata.urn] = after.metadata
        if (said := event.diagnostic_event) is not None:
            self._noted(said)
        if (policy := event.policy_event) is not None:
            found = PolicyResult(
                policy=policy.policy_name,
                level=policy.enforcement_level,
                urn=policy.resource_urn or None,
                component=None,
                message=self.told(policy.message),
                place=None,
            )
            self._policies.add(found)

    def _known(self, step: "StepEventMetadata") -> None:
        for state in (step.old, step.new):
            if state is not None:
                self._parents[step.urn] = state.parent
                if state.custom and _UUID.fullmatch(state.id):
                    self._names[state.id] = _name(step.urn)

    def _planned(self, step: "StepEventMetadata") -> None:
        if step.type == _ROOT or step.type.startswith(_PROVIDER):
            return
        self._applied |= step.old is not None
        state = step.new or step.old
        if state is not None and state.custom and step.op in _OPERATIONS:
            self._steps.setdefault(step.urn, []).append(step)

    def _noted(self, said: "DiagnosticEvent") -> None:
        """Of what is only information what a resource says, such as a gate that has drifted."""
        wanted = said.severity in _SEVERITIES or (said.urn and _ROOT not in said.urn and not said.ephemeral)
        if wanted and (message := self.told(said.message)) and message != _FAILED:
            severity = said.severity.partition("#")[0]
            self._diagnostics.add(Diagnostic(severity=severity, urn=said.urn or None, message=message))

    def told(self, message: str) -> str:
        """A message for people, without secrets, our own path, and what only a terminal needs."""
        text = message.replace(f"{self._root}/", "") if self._root else message
        return hidden(self._without_secrets(text)).strip()

    def preview(self, environment: str, stack: str, failure: str | None) -> Preview:
        """All of it; ``failure``: the engine's last words if it did not come to its end."""
        return Preview(
            environment=environment,
            stack=stack,
            applied=self._applied,
            steps=tuple(self._step(urn, found) for urn, found in sorted(self._steps.items())),
            outside=tuple(
                one for _, found in sorted(self._found.items()) if (one := self._outside(found)) is not None
            ),
            policies=tuple(
                replace(one, component=self._component(one.urn))
                for one in sorted(self._policies, key=lambda one: (one.urn or "", one.policy, one.message))
            ),
            diagnostics=tuple(
                sorted(self._diagnostics, key=lambda one: (one.urn or "", one.severity, one.message))
            ),
            failure=None if failure is None else self._failure(failure),
        )

    def _failure(self, words: str) -> str:
        if refused := sum(one.level == "mandatory" for one in self._policies):
            return f"the policy pack refuses it: {refused} mandatory violation{'' if refused == 1 else 's'}"
        errors = sorted(one.message for one in self._diagnostics if one.severity == "error")
        lines = [line.removeprefix("error: ") for line in self.told(words).splitlines() if line.strip()]
        reasons = [one.splitlines()[0] for one in (*errors, *reversed(lines)) if one != _FAILED]
        return next(iter(reasons), "it said nothing")

    def _step(self, urn: str, found: Sequence["StepEventMetadata"]) -> Step:
        """A replacement is several events of the engine: what is created, replaced and deleted."""
        states = [state for event in found for state in (event.old, event.new) if state is not None]
        properties = {one.path: one for event in found for one in self._properties(event)}
        heads = [_words(one.path)[0] for one in properties.values() if one.replaces]
        keys = [key for event in found for key in event.keys or ()]
        return Step(
            urn=urn,
            type=found[0].type,
            name=_name(urn),
            component=self._component(urn),
            operation=_OPERATIONS[found[0].op],
            properties=tuple(properties[path] for path in sorted(properties)),
            because=tuple(sorted({*keys, *map(str, heads)})),
            protected=any(one.protect for one in states),
        )

    def _component(self, urn: str | None) -> str | None:
        while urn and not _type(urn).startswith(_OURS):
            urn = self._parents.get(urn)
        return urn or None

    def _outside(self, found: "StepEventMetadata") -> Outside | None:
        """What the refresh of a resource found; ``None``: it is as the state says."""
        changes = [
            *self._properties(found),
            *(
                self._change(words, ".".join(map(str, words)), old, new)
                for words, old, new in _unmanaged(found)
            ),
        ]
        properties = tuple(sorted(changes, key=lambda one: one.path))
        if found.new is not None and not properties:
            return None
        return Outside(
            urn=found.urn,
            type=found.type,
            name=_name(found.urn),
            component=self._component(found.urn),
            gone=found.new is None,
            properties=properties,
        )

    def _properties(self, step: "StepEventMetadata") -> Iterator[PropertyChange]:
        old, new = step.old, step.new
        if new is not None and (old is None or step.op in _MADE):
            for name, value in _said(new.inputs or {}):
                yield self._change((name,), name, None, value)
            return
        if new is None or old is None:
            return
        for path, diff in (step.detailed_diff or {}).items():
            words = _words(path)
            if str(words[0]).startswith("__"):
                continue
            before = (old.inputs, old.outputs) if diff.input_diff else (old.outputs, old.inputs)
            yield self._change(
                words,
                path,
                _first(words, *before),
                _first(words, new.inputs, *([new.outputs] if step.op == "refresh" else [])),
                replaces=diff.diff_kind.value.endswith("-replace"),
            )
        if not step.detailed_diff:
            for name in step.diffs or self._differing(step):
                if not name.startswith("__"):
                    was, now = _first((name,), old.inputs, old.outputs), _first((name,), new.inputs)
                    yield self._change((name,), name, was, now, replaces=name in (step.keys or ()))

    def _differing(self, step: "StepEventMetadata") -> list[str]:
        """Inputs that change, of gates: these say no more than that something does."""
        if step.op == "refresh" or step.old is None or step.new is None:
            return []
        old, new = (dict(_said(state.inputs or {})) for state in (step.old, step.new))
        return [
            name for name in sorted({*old, *new}) if self._value(old.get(name)) != self._value(new.get(name))
        ]

    def _change(
        self, words: "_Words", path: str, old: JsonValue, new: JsonValue, *, replaces: bool = False
    ) -> PropertyChange:
        secret = any(isinstance(word, str) and is_secret(word) for word in words)
        values = [HIDDEN if secret and one is not None else self._value(one) for one in (old, new)]
        return PropertyChange(path=path, old=values[0], new=values[1], replaces=replaces)

    def _value(self, value: JsonValue) -> JsonValue:
        match value:
            case str():
                return self._text(value)
            case list():
                return [self._value(one) for one in value]
            case dict() if value.get(_SIGNATURE) == _SECRET:
                return HIDDEN
            case dict() if value.get(_SIGNATURE) in _ASSETS:
                return f"(file, sha256 {value.get('hash')})"
            case dict():
                return {key: HIDDEN if is_secret(key) else self._value(one) for key, one in _said(value)}
        return value

    def _text(self, text: str) -> str:
        if text == _UNKNOWN:
            return LATER
        if "\n" in text or len(text) > _LONGEST:
            digest = hashlib.sha256(text.encode()).hexdigest()[:16]
            return f"({len(text.splitlines())} lines, sha256 {digest}…)"
        named = _UUID.sub(lambda found: self._names.get(found[0], found[0]), text)
        return hidden(self._without_secrets(named))

    def _without_secrets(self, text: str) -> str:
        for one in self._secrets:
            text = text.replace(one, HIDDEN)
        return text


_SHORTEST = 4
"""Characters of a secret that is looked for in texts: a shorter one would hide half of them."""
_MADE = {"create", "import"}
_FAILED = "preview failed"
"""The engine's last error, which says nothing by itself."""
_SEVERITIES = {"warning", "error"}
_Words = Sequence[str | int]


def _words(path: str) -> _Words:
    found: list[str | int] = []
    for word in _PATH.finditer(path):
        plain, quoted, index = word.groups()
        found.append(int(index) if index is not None else plain if plain is not None else quoted)
    return found or [path]


def _first(words: _Words, *places: Mapping[str, JsonValue] | None) -> JsonValue:
    """The value at a path in the first place that has one."""
    for place in places:
        value: JsonValue = dict(place or {})
        for word in words:
            if isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET:
                break
            if isinstance(value, dict):
                value = value.get(str(word))
            elif isinstance(value, list) and isinstance(word, int) and word < len(value):
                value = value[word]
            else:
                value = None
        if value is not None:
            return value
    return None


def _said(inputs: Mapping[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    """Inputs that the program gave: what a plugin filled in may name a folder of this machine."""
    defaults = inputs.get("__defaults")
    for name, value in sorted(inputs.items()):
        filled_in = isinstance(defaults, list) and name in defaults
        if not (filled_in or name.startswith("__") or name == _SIGNATURE):
            yield name, value


def _changed_outside(step: "StepEventMetadata") -> bool:
    """Whether a refresh found something else than the state says."""
    if step.op != "refresh" or step.old is None:
        return False
    return step.new is None or bool(step.detailed_diff or step.diffs) or any(_unmanaged(step))


def _unmanaged(step: "StepEventMetadata") -> Iterator[tuple[_Words, JsonValue, JsonValue]]:
    """What differs of all metadata, tags, … of a resource: its plugin sets back only those of the program
    that it reads (terraform-provider-openstack: ``metadata`` of a server is set and never read,
    ``all_metadata`` read and never set).
    """
    if step.old is None or step.new is None:
        return
    old, new = step.old.outputs or {}, step.new.outputs or {}
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if not _ALL.match(name) or before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            for key in sorted({*before, *after}):
                if before.get(key) != after.get(key):
                    yield (name, key), before.get(key), after.get(key)
        elif before is not None and _sorted(before) != _sorted(after):
            yield (name,), before, after


def _sorted(value: JsonValue) -> JsonValue:
    """Lists of such outputs are sets."""
    return sorted(value, key=str) if isinstance(value, list) else value


def _type(urn: str) -> str:
    return urn.split("::", 3)[2].rpartition("$")[2]


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]
