"""What a preview costs: ``python -m benchmarks.preview [ENV]`` prints a Markdown table; ENV is ``prod`` if
absent.

The environment gets a sandbox with an empty stack, so that everything is to be created, and all of these
look at the same cloud, in turns: our program, without and with the policy pack, and with a pack that has no
rules; a bare program that registers the very same resources and component nodes with the same settings of
the collector and of the SDK's messages; the same without component nodes; the same without those settings;
and OpenTofu's plan of the same resources of OpenStack. CPU seconds are those of all processes of a command;
of several runs the least counts.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import opentofu
from estate.documents import load
from estate.vsphere import connections
from operations import rehearsal
from operations.stack import PROGRAM, Stack
from sandbox import lifecycle
from toolchain.progress import Progress

RUNS = 3
OURS = "our program"
PACK, EMPTY = "our program, with the policy pack", "our program, with a pack without rules"
SAME, FLAT, NAIVE = (
    "the same resources, bare",
    "without component nodes",
    "and Python's own collector settings, and the SDK's messages",
)
TOFU = "OpenTofu's plan"
_PASSWORD = "[secret]"  # noqa: S105 - how the engine shows one


@dataclass
class Cost:
    """Of one command, the least of its runs."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def run(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
        """Run it once more; what it printed. One that fails ends the benchmark."""
        before, began = os.times(), time.monotonic()
        done = subprocess.run(
            command, cwd=folder, env=dict(environment), capture_output=True, text=True, check=False
        )
        self.wall.append(time.monotonic() - began)
        after = os.times()
        self.cpu.append(
            after.children_user + after.children_system - before.children_user - before.children_system
        )
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout


@contextmanager
def empty_stack(env: str, place: Path, progress: Progress) -> Iterator[Stack]:
    """The stack of an environment in a sandbox of its own in ``place``; nothing is there yet."""
    # Its own folder: a sandbox belongs to the path of its documents.
    documents = Path(shutil.copytree(PROGRAM / "stacks", place / "stacks")) / env
    loaded = load(documents)
    if loaded.estate is None:
        sys.exit("\n".join(map(str, loaded.problems)))
    try:
        yield rehearsal.prepare(documents, loaded.estate, progress)
    finally:
        lifecycle.stop(rehearsal.key(documents))


def registered(stack: Stack) -> list[dict[str, Any]]:
    """What the engine is shown of the environment, in its order: as ``benchmarks.replay`` takes it."""
    shown = Cost().run(stack.command("preview", "--json", policies=False), PROGRAM, stack.environment)
    states = [step["newState"] for step in json.loads(shown)["steps"] if step["op"] == "create"]
    ours = [one for one in states if one["type"] != "pulumi:pulumi:Stack"]
    names = connections.load([one["urn"].rpartition("::")[2] for one in ours if _is_vcenter(one)])
    return [
        {
            "urn": one["urn"],
            "type": one["type"],
            "name": one["urn"].rpartition("::")[2],
            "custom": one["custom"],
            "parent": one.get("parent", ""),
            "provider": one.get("provider", "").rpartition("::")[0],
            "protect": one.get("protect", False),
            "dependencies": one.get("dependencies") or [],
            "sources": one.get("propertyDependencies") or {},
            "inputs": _inputs(one)
            | (
                {"password": names[one["urn"].rpartition("::")[2]].password.get_secret_value()}
                if _is_vcenter(one)
                else {}
            ),
        }
        for one in ours
    ]


def _is_vcenter(state: Mapping[str, Any]) -> bool:
    return bool(state["type"] == "pulumi:providers:vsphere")


def _inputs(state: Mapping[str, Any]) -> dict[str, Any]:
    """Without what the engine and plugins note down for themselves."""
    found: dict[str, Any] = _plain(state.get("inputs") or {})
    return {key: value for key, value in found.items() if key not in {"version", "__internal"}}


def _plain(value: Any) -> Any:  # noqa: ANN401 - properties are anything that JSON can say
    match value:
        case dict():
            return {key: _plain(one) for key, one in value.items() if key != "__defaults"}
        case list():
            return [_plain(one) for one in value]
    return value


class Bare:
    """A project whose program registers what a file says."""

    def __init__(
        self, folder: Path, stack: Stack, resources: Sequence[Mapping[str, Any]], **variant: bool
    ) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        shutil.copyfile(Path(__file__).with_name("replay.py"), folder / "__main__.py")
        (folder / "resources.json").write_text(json.dumps(list(resources)))
        (folder / "variant.json").write_text(json.dumps(variant))
        options = f"{{toolchain: pip, virtualenv: {sys.prefix}}}"
        (folder / "Pulumi.yaml").write_text(
            f"{{name: estate, runtime: {{name: python, options: {options}}}}}\n"
        )
        (folder / "state").mkdir()
        self._environment = {
            **stack.environment,
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PYTHONPATH": str(PROGRAM),  # of the gates: the engine unpickles them by name
        }
        self._pulumi = str(stack.toolchain.pulumi)
        Cost().run([self._pulumi, "stack", "init", "bare", "--non-interactive"], folder, self._environment)

    def preview(self, cost: Cost) -> int:
        """One preview; how many resources it would create."""
        shown = cost.run(
            [self._pulumi, "preview", "--stack", "bare", "--non-interactive"], self._folder, self._environment
        )
        return created(shown)


def created(shown: str) -> int:
    """How many resources a preview would create, the stack itself left out."""
    found = re.search(r"\+ (\d+) to create", shown)
    assert found is not None, shown[-2000:]
    return int(found[1]) - 1


def rows(costs: Mapping[str, Cost], counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """The figures for a table."""
    same = costs[SAME]
    return [
        (
            f"{name} ({counts[name]} resources)",
            f"{min(one.wall):.1f} s, {min(one.cpu):.1f} s CPU; {min(one.wall) / min(same.wall):.2f} and "
            f"{min(one.cpu) / min(same.cpu):.2f} times the same resources, bare",
        )
        for name, one in costs.items()
    ]


def measured(env: str = "prod", runs: int = RUNS) -> list[tuple[str, str]]:
    """Measure; the rows of a table."""
    progress = Progress()
    tofu, provider = opentofu.binaries(progress)
    with tempfile.TemporaryDirectory() as place, empty_stack(env, Path(place), progress) as stack:
        with stack.entered():
            resources = registered(stack)
        flat = [one for one in resources if one["custom"]]
        same = Bare(Path(place) / "same", stack, resources, components=True, collector=True)
        without = Bare(Path(place) / "flat", stack, flat, components=False, collector=True)
        naive = Bare(Path(place) / "naive", stack, flat, components=False, collector=False)
        plan = opentofu.Plan(Path(place) / "tofu", tofu, provider, flat, stack.environment)
        previews = {OURS: stack.command("preview", policies=False), PACK: stack.command("preview")}
        previews[EMPTY] = [*previews[OURS], "--policy-pack", str(Path(__file__).with_name("empty_pack"))]
        costs = {name: Cost() for name in (*previews, SAME, FLAT, NAIVE, TOFU)}
        counts: dict[str, int] = {}
        for number in range(runs):
            progress.say(f"round {number + 1} of {runs}, load {os.getloadavg()[0]:.1f}")
            for name, command in previews.items():
                counts[name] = created(costs[name].run(command, PROGRAM, stack.environment))
            for name, bare in ((SAME, same), (FLAT, without), (NAIVE, naive)):
                counts[name] = bare.preview(costs[name])
            counts[TOFU] = plan.count(costs[TOFU].run(plan.command, plan.folder, plan.environment))
    return rows(costs, counts)


if __name__ == "__main__":
    table = measured(sys.argv[1] if len(sys.argv) > 1 else "prod")
    print("| preview | |\n|---|---|")
    for what, figure in table:
        print(f"| {what} | {figure} |")
