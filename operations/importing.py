"""What the documents mean and the cloud has already comes into the stack; nothing is changed in the cloud."""

import json
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from components.gates.gate import IMPORTING, LEFT
from estate.adoption import left
from estate.documents import load
from estate.openstack.connection import cloud_faults, connect
from operations import recovery
from operations.errors import OperationError
from operations.identity import find, wanted
from operations.stack import Stack
from review.digest import approval_of
from toolchain.progress import Progress

_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What a preview shows for a text that is not known yet (sdk/go/common/resource/plugin/rpc.go)."""
_IMPORTING = "estate:importing"
"""Key of the stack's configuration while an import is under way: what it takes in."""
_IMPORTED = "estate:imported"
"""Key of the stack's configuration: ``TYPE::NAME`` → property paths that are left as they were found."""
_ROUNDS = 3
_RAW_STATE = "__pulumi_raw_state_delta"
"""What the bridge to Terraform keeps beside outputs; it fits no others, and does without
(pulumi-terraform-bridge, pkg/tfbridge/rawstate.go)."""
_Step = Mapping[str, Any]
"""A step of a preview (sdk/go/common/display ``PreviewStep``)."""


@dataclass(frozen=True, kw_only=True, order=True)
class Kept:
    """A field of a resource that is noted in the state, or left as it was found."""

    how: str
    """``noted`` or ``left``."""
    type: str
    name: str
    field: str
    """Property path."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What came into a stack."""

    counts: Mapping[str, int]
    """Resource type → how many."""
    there_already: int
    """Resources of a cloud or a vCenter that the stack had before."""
    kept: tuple[Kept, ...]


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A rule of the policy pack that a resource breaks."""

    rule: str
    urn: str
    message: str


@dataclass(frozen=True)
class Verified:
    """What a preview says after an import."""

    changes: tuple[str, ...]
    """A line for each resource that would change; none if the import is whole."""
    violations: tuple[Violation, ...]


class Import:
    """One import."""

    def __init__(
        self,
        stack: Stack,
        progress: Progress,
        hints: Mapping[str, Mapping[str, str]],
        unnamed: Collection[str] = (),
    ) -> None:
        """Nothing is done yet.

        :param hints: Pulumi type → name → id, for what has another name in the cloud.
        :param unnamed: ``TYPE::NAME`` of those that have none there.
        """
        self._stack = stack
        self._progress = progress
        self._hints = hints
        self._unnamed = unnamed
        self._found: dict[str, str] = {}
        self._missing: list[str] = []
        self._kept: dict[tuple[str, str], Kept] = {}
        self._before = 0
        self._new: set[str] = set(_configured(stack.config_file).get(_IMPORTING, ()))
        """``TYPE::NAME`` of what this import, or one that was interrupted, takes in."""

    def bring_in(self) -> None:
        """Import, note and leave. Raises ``OperationError`` if the engine cannot, or must not."""
        with self._progress.step("Find what the documents mean") as step:
            steps = self._preview(ids={})
            self._refuse_what_would_go(steps)
            self._identify(steps)
            self._refuse_what_is_not_there()
            self._new |= {_key(one["urn"]) for one in steps if one["op"] == "create"}
            step.note(f"{len(self._found)} to import, {self._before} there already")
        if not self._new:
            return
        if any(one["op"] == "create" for one in steps):
            with self._progress.step(f"Import {len(self._found)} resources"):
                _configure(self._stack.config_file, {_IMPORTING: sorted(self._new)})
                self._up()
        self._compare_again()
        for _ in range(_ROUNDS):
            with self._progress.step("Compare with what was found") as step:
                steps = [
                    one for one in self._preview() if one["op"] != "same" and _key(one["urn"]) in self._new
                ]
                # While other things differ, what a gate refers to may seem to be another one.
                more = self._keep([one for one in steps if not _of_a_gate(one)]) or self._keep(steps)
                step.note(f"{more} fields to note or leave")
            if not more:
                break
        _configure(self._stack.config_file, {_IMPORTING: None})

    def imported(self) -> Imported:
        """What came of it."""
        return Imported(
            counts=Counter(key.partition("::")[0] for key in self._found),
            there_already=self._before,
            kept=tuple(sorted(self._kept.values())),
        )

    def verified(self) -> Verified:
        """What a preview with the policy pack says now."""
        with self._progress.step("Preview") as step:
            done = self._stack.pulumi(
                "preview", "--json", quiet=True, extra={"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"}
            )
            events = list(_events(done.stdout))
            steps = [one["resourcePreEvent"]["metadata"] for one in events if "resourcePreEvent" in one]
            broken = [one["policyEvent"] for one in events if "policyEvent" in one]
            violations = tuple(
                Violation(rule=one["policyName"], urn=one["resourceUrn"], message=one["message"].strip())
                for one in broken
                if one["enforcementLevel"] == "mandatory"
            )
            if done.returncode and not violations:
                raise OperationError(f"the engine cannot preview this:\n{_errors(done.stdout)}")
            changes = tuple(_line(one) for one in steps if one["op"] != "same")
            step.note(f"{len(changes)} changes, {len(violations)} violations")
        return Verified(changes, violations)

    def _preview(self, ids: Mapping[str, str] | None = None) -> list[_Step]:
        done = self._pulumi("preview", "--json", "--show-sames", ids=ids)
        # Programs and plugins may write lines before and after the one document.
        start = re.search(r"^\{$", done.stdout, re.MULTILINE)
        if done.returncode or start is None:
            raise OperationError(f"the engine cannot preview this:\n{_diagnostics(done.stdout, start)}")
        document, _ = json.JSONDecoder().raw_decode(done.stdout, start.start())
        return list(document.get("steps") or [])

    def _pulumi(self, *arguments: str, ids: Mapping[str, str] | None) -> subprocess.CompletedProcess[str]:
        """Run pulumi without the policy pack; with ``ids`` as an import, so that nothing changes anywhere.

        Nobody has to approve an import, therefore.
        """
        if ids is None:
            return self._stack.pulumi(*arguments, policies=False, quiet=True)
        with tempfile.NamedTemporaryFile("w", prefix="ids-", suffix=".json") as file:
            json.dump({"ids": ids, "unnamed": sorted(self._unnamed)}, file)
            file.flush()
            extra = {IMPORTING: file.name, **approval_of(load(self._stack.documents))}
            return self._stack.pulumi(*arguments, policies=False, quiet=True, extra=extra)

    def _refuse_what_would_go(self, steps: Sequence[_Step]) -> None:
        """An import deletes nothing, so that the stack must have nothing that the documents do not say."""
        if gone := [one["urn"] for one in steps if one["op"] not in ("same", "create", "update")]:
            raise OperationError(
                f"stack {self._stack.name} has {len(gone)} resources that the documents no longer describe, "
                f"such as {_key(gone[0])}; bring both together first (estate preview)"
            )

    def _identify(self, steps: Sequence[_Step]) -> None:
        """Ids of everything that the stack does not have yet."""
        known: dict[str, str] = {}
        with self._stack.entered(), cloud_faults():
            cloud = connect()
            for one in steps:
                resource = one.get("newState") or {}
                if one["op"] == "same" and (identity := one["oldState"].get("id")):
                    known[one["urn"]] = identity
                    self._before += _of_a_cloud(resource)
                if one["op"] != "create" or not _of_a_cloud(resource):
                    continue
                inputs = {
                    key: _filled(key, value, resource, known) for key, value in resource["inputs"].items()
                }
                hint = self._hints.get(resource["type"], {}).get(one["urn"].rpartition("::")[2])
                taken = frozenset(
                    of for urn, of in known.items() if _key(urn).startswith(f"{resource['type']}::")
                )
                identity = hint or find(cloud, wanted({**resource, "inputs": inputs}), taken, to_import=True)
                if identity is None:
                    self._missing.append(_key(one["urn"]))
                    continue
                known[one["urn"]] = identity
                self._found[_key(one["urn"])] = identity

    def _refuse_what_is_not_there(self) -> None:
        """An import makes nothing, so that the documents must say nothing that is not there."""
        if self._missing:
            raise OperationError(
                f"the cloud has no {', '.join(self._missing[:5])}"
                f"{f' and {len(self._missing) - 5} more' if len(self._missing) > 5 else ''}, which the "
                "documents describe, and an import makes nothing: take it out of the documents, import, "
                "and put it back"
            )

    def _up(self) -> None:
        """Take them in. The program's gates do nothing, and nothing that the stack has is compared."""
        done = self._pulumi("up", "--yes", "--skip-preview", ids=self._found)
        if done.returncode:
            raise OperationError(
                "the engine could not import all; what it has taken stays, import again:\n"
                f"{_errors(done.stdout)}"
            )

    def _compare_again(self) -> None:
        """The engine goes by what a resource was last registered with, also when it reads it anew."""
        exported = recovery.export(self._stack)
        for one in exported["deployment"]["resources"]:
            if one.get("ignoreChanges"):
                one["ignoreChanges"] = [path for path in one["ignoreChanges"] if path != left.ALL]
        recovery.put(self._stack, exported)

    def _keep(self, steps: Sequence[_Step]) -> int:
        """Note what is not read back, leave what is otherwise; how many fields that were."""
        noted: dict[str, dict[str, Any]] = {}
        leaving: dict[str, list[str]] = {}
        before = len(self._kept)
        for one in steps:
            resource, urn = one.get("newState") or {}, one["urn"]
            kind, name = _key(urn).split("::", 1)
            defaulted = resource["inputs"].get("__defaults") or ()
            for path in _differing(one):
                if (entry := left.field(left.NOTED, kind, path)) is not None:
                    if entry.shown_by and not _is_there(one, entry):
                        continue
                    noted.setdefault(urn, {})[entry.name] = resource["inputs"].get(entry.name)
                    self._kept[urn, entry.name] = Kept(
                        how="noted", type=kind, name=name, field=entry.name, reason=entry.reason
                    )
                elif (entry := left.field(left.LEFT, kind, path, defaulted)) is not None:
                    if not _can_be_left(one, path):
                        noted.setdefault(urn, {})[left.top(path)] = {}
                    leaving.setdefault(_key(urn), []).append(path)
                    self._kept[urn, path] = Kept(
                        how="left", type=kind, name=name, field=path, reason=entry.reason
                    )
                    if kind.startswith(left.GATES):
                        noted.setdefault(urn, {})[LEFT] = True
        if noted:
            self._note(noted)
        if leaving:
            known = _configured(self._stack.config_file).get(_IMPORTED, {})
            left_now = {key: sorted({*known.get(key, []), *paths}) for key, paths in leaving.items()}
            _configure(self._stack.config_file, {_IMPORTED: {**known, **left_now}})
        return len(self._kept) - before

    def _note(self, noted: Mapping[str, Mapping[str, Any]]) -> None:
        """Put values into the state, as a create would have."""
        exported = recovery.export(self._stack)
        for one in exported["deployment"]["resources"]:
            if one["urn"] in noted:
                for side in ("inputs", "outputs"):
                    values = {**one[side], **noted[one["urn"]]}
                    one[side] = {key: value for key, value in values.items() if value is not None}
                one["outputs"].pop(_RAW_STATE, None)
        recovery.put(self._stack, exported)
        # The rest of what was noted in part, e.g. the addresses of a server's ports.
        done = self._stack.pulumi("refresh", "--yes", "--skip-preview", quiet=True)
        if done.returncode:
            raise OperationError(f"the engine cannot read what it imported:\n{_errors(done.stdout)}")


def _of_a_cloud(resource: Mapping[str, Any]) -> bool:
    """Whether it is an object of a cloud or a vCenter, and not a component, a provider or a gate."""
    return bool(resource.get("custom")) and not resource["type"].startswith(("pulumi:", "pulumi-python:"))


def _key(urn: str) -> str:
    """``TYPE::NAME``."""
    _, _, types, name = urn.split("::", 3)
    return f"{types.rpartition('$')[2]}::{name}"


def _filled(key: str, value: Any, resource: Mapping[str, Any], known: Mapping[str, str]) -> Any:  # noqa: ANN401
    """An input; where a preview does not know it yet, the id of the resource that it comes from."""
    if value != _UNKNOWN:
        return value
    sources = (resource.get("propertyDependencies") or {}).get(key) or []
    return next((known[urn] for urn in sources if urn in known), value)


def _events(output: str) -> Iterator[dict[str, Any]]:
    """The engine's events, one a line; programs and plugins may write others between them."""
    for line in output.splitlines():
        if line.startswith('{"sequence"'):
            yield json.loads(line)


def _of_a_gate(step: _Step) -> bool:
    return _key(step["urn"]).startswith(left.GATES)


def _is_there(step: _Step, field: left.Field) -> bool:
    """Whether all that is asked for in a field is among what its output tells."""
    asked = step["newState"]["inputs"].get(field.name) or []
    # Of an address Neutron may be asked with the subnet it is in.
    wanted = [one.get("ipAddress") if isinstance(one, Mapping) else one for one in asked]
    told = (step["oldState"].get("outputs") or {}).get(field.shown_by) or []
    return set(filter(None, wanted)) <= set(told)


def _differing(step: _Step) -> list[str]:
    """Property paths that a step would change."""
    if _of_a_gate(step):
        return [left.ALL] if step["op"] == "update" else []
    return sorted(
        {
            *(step.get("detailedDiff") or {}),
            *([] if step.get("detailedDiff") else step.get("diffReasons") or []),
        }
    )


def _can_be_left(step: _Step, path: str) -> bool:
    """Whether the engine can leave a part of a property: the state must have the mapping, be it empty."""
    inputs = (step.get("oldState") or {}).get("inputs") or {}
    return path == left.top(path) or isinstance(inputs.get(left.top(path)), Mapping)


def _configured(file: Path) -> dict[str, Any]:
    """The stack's configuration."""
    document = (YAML().load(file) if file.exists() else None) or {}
    return dict(document.get("config") or {})


def _configure(file: Path, values: Mapping[str, Any]) -> None:
    """Set values of the stack's configuration, or take them away (``None``); comments stay."""
    yaml = YAML()
    document = (yaml.load(file) if file.exists() else None) or {}
    config = document.setdefault("config", {})
    for key, value in values.items():
        if value is None:
            config.pop(key, None)
        else:
            config[key] = value
    with file.open("w") as out:
        yaml.dump(document, out)


def _line(step: _Step) -> str:
    paths = ", ".join(_differing(step))
    return f"{step['op']} {_key(step['urn'])}{f': {paths}' if paths else ''}"


def _errors(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if "error" in line.lower()]
    return "\n".join(dict.fromkeys(lines)) or output.strip()[-2000:]


def _diagnostics(output: str, start: re.Match[str] | None) -> str:
    """The errors of a preview."""
    if start is None:
        return _errors(output)
    document, end = json.JSONDecoder().raw_decode(output, start.start())
    said = [
        one["message"].strip().splitlines()[0]
        for one in document.get("diagnostics", [])
        if one["severity"] == "error" and one["message"].strip()
    ]
    return "\n".join(dict.fromkeys(said)) or _errors(output[: start.start()] + output[end:])
