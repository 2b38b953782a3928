"""Records what the engine says in a preview, for fast tests: ``python -m tests.review.record_events ENV
FILE``, with the environment's sandbox running. Kept is what a preview is made of; an engine's whole event log
is a hundred times as much.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from operations import rehearsal
from operations.stack import PROGRAM
from toolchain.engine import install
from toolchain.progress import Progress

_STATE = ("type", "urn", "custom", "id", "parent", "protect", "inputs", "outputs")
_STEP = ("op", "urn", "type", "old", "new", "keys", "diffs", "detailedDiff")
_KEPT = (
    "resourcePreEvent",
    "resOutputsEvent",
    "policyEvent",
    "diagnosticEvent",
    "summaryEvent",
    "cancelEvent",
)


def trimmed(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without debugging, without what stays as it is unless something else names its id."""
    found = [one for one in map(_smaller, events) if one is not None]
    quiet = [one for one in found if _operation(one) == "same"]
    loud = [one for one in found if _operation(one) != "same"]
    ids = set(re.findall("[0-9a-f-]{36}", json.dumps(loud)))
    named = [one for one in quiet if one["resourcePreEvent"]["metadata"]["old"]["id"] in ids]
    first = [one for one in quiet if one not in named][:1]
    return [*first, *named, *loud]


def _operation(event: dict[str, Any]) -> str | None:
    step = event.get("resourcePreEvent") or event.get("resOutputsEvent")
    return step and str(step["metadata"]["op"])


def _smaller(event: dict[str, Any]) -> dict[str, Any] | None:
    kind = next((name for name in _KEPT if name in event), None)
    if kind is None or event[kind].get("severity") == "debug":
        return None
    small = {"sequence": event["sequence"], "timestamp": event["timestamp"], kind: event[kind]}
    if "metadata" in event[kind]:
        step = {name: value for name, value in event[kind]["metadata"].items() if name in _STEP}
        refreshed = step["op"] == "refresh"
        if refreshed != (kind == "resOutputsEvent") or (refreshed and not _changed(step)):
            return None
        custom = any((step.get(side) or {}).get("custom") for side in ("old", "new"))
        if not custom or step["type"].startswith("pulumi:providers:"):
            return None
        for side in ("old", "new"):
            if step.get(side):
                state = {name: value for name, value in step[side].items() if name in _STATE}
                outputs = state.get("outputs") or {}
                wanted = {name: value for name, value in outputs.items() if name.startswith("all")}
                state["outputs"] = {} if step["op"] == "same" else wanted
                if step["op"] == "same":
                    state["inputs"] = {}
                state["inputs"].pop("__provider", None)
                step[side] = state
        small[kind] = {"metadata": step}
    return small


def _changed(step: dict[str, Any]) -> bool:
    if not step.get("new"):
        return True
    outputs = [step[side].get("outputs") or {} for side in ("old", "new")]
    everything = [{k: v for k, v in one.items() if re.match("all[A-Z]", k)} for one in outputs]
    return bool(step.get("detailedDiff") or step.get("diffs") or everything[0] != everything[1])


def main(environment: str, file: str) -> None:
    """Preview the environment and write what it said."""
    stack = rehearsal.stack(Path(environment).resolve(), install(Progress()))
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "events"
        subprocess.run(
            stack.command("preview", "--refresh", "--color", "never", "--event-log", str(log)),
            cwd=PROGRAM,
            env={**stack.environment, "PULUMI_DEBUG_COMMANDS": "true"},
            check=False,
        )
        events = [json.loads(line) for line in log.read_text().splitlines()]
    text = "".join(f"{json.dumps(one)}\n" for one in trimmed(events))
    Path(file).write_text(text.replace(str(PROGRAM), "/srv/estate").replace(str(Path.home()), "/home/estate"))


if __name__ == "__main__":
    main(*sys.argv[1:])
