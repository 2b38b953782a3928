"""What a review costs: ``python -m benchmarks.review`` prints a Markdown table.

``prod``, with 300 workloads of which 20 have another flavor, reviewed offline into a comment and a page;
beside it, in turns, OpenTofu's plan of the same resources of OpenStack on a sandbox of ``prod``, all to be
created: it need read nothing back. Then generated environments of 300, 3,000 and 9,000 workloads with 20
changed, reviewed the same way. CPU seconds are those of all processes of a command; of several runs the
least counts.
"""

import csv
import json
import math
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import check, opentofu
from benchmarks.preview import Cost, empty_stack, registered
from operations.stack import PROGRAM
from toolchain.progress import Progress

CHANGED = 20
RUNS = 3
SIZES = (300, 3_000, 9_000)
_SAME = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost", "-c", "commit.gpgsign=false"]


class Change:
    """A repository whose last commit has the documents of an environment; its files have a change of 20."""

    def __init__(self, top: Path, environment: str) -> None:
        self._top = top
        self._environment = environment
        self.outputs = {ending: top.parent / f"{top.name}.{ending}" for ending in ("md", "html")}
        for arguments in (["init", "--quiet"], ["add", "."], [*_SAME, "commit", "--quiet", "-m", "before"]):
            subprocess.run(["git", *arguments], cwd=top, check=True)

    def review(self, cost: Cost) -> None:
        """Review it once more; a review that cannot say all ends the benchmark."""
        written = [argument for file in self.outputs.values() for argument in ("--output", str(file))]
        command = [str(check.ESTATE), "review", "--base", "HEAD", "--env", self._environment, *written]
        cost.run(["sh", "-c", '"$@" || test $? -eq 1', "sh", *command], self._top, os.environ)

    def changed(self) -> int:
        """How many workloads a review says are changed."""
        command = [str(check.ESTATE), "review", "--base", "HEAD", "--env", self._environment]
        done = subprocess.run(
            [*command, "--format", "json"], cwd=self._top, stdout=subprocess.PIPE, check=False
        )
        found = json.loads(done.stdout)
        return len({one["name"] for one in found["changes"] if one["kind"] == "workloads"})


def of_prod(folder: Path) -> Change:
    """``prod``, of whose table of small applications 20 rows change."""
    shutil.copytree(PROGRAM / "stacks", folder / "stacks")
    made = Change(folder, "stacks/prod")
    table = folder / "stacks" / "prod" / "office.csv"
    with table.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    for row in found[:CHANGED]:
        row["flavor"] = "kvm-l" if row["flavor"] == "kvm-m" else "kvm-m"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, found[0].keys())
        writer.writeheader()
        writer.writerows(found)
    return made


def of_size(folder: Path, workloads: int) -> Change:
    """A generated environment of which 20 workloads change."""
    check.documents(folder / "large", workloads)
    made = Change(folder, "large")
    file = folder / "large" / "workloads.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("flavor: kvm-small", "flavor: kvm-medium", CHANGED), encoding="utf-8")
    return made


def measured(sizes: Sequence[int] = SIZES, runs: int = RUNS) -> list[tuple[str, str]]:
    """Measure; the rows of a table."""
    progress = Progress()
    tofu, provider = opentofu.binaries(progress)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "prod").mkdir()
        change = of_prod(place / "prod")
        ours, theirs = Cost(), Cost()
        with empty_stack("prod", place, progress) as stack:
            with stack.entered():
                resources = [one for one in registered(stack) if one["custom"]]
            plan = opentofu.Plan(place / "tofu", tofu, provider, resources, stack.environment)
            for number in range(runs):
                progress.say(f"round {number + 1} of {runs}, load {os.getloadavg()[0]:.1f}")
                change.review(ours)
                planned = plan.count(theirs.run(plan.command, plan.folder, plan.environment))
        sizes_of = {ending: len(file.read_bytes()) for ending, file in change.outputs.items()}
        table = [
            (f"`estate review` of `prod`, {change.changed()} of 300 workloads changed", _said(ours)),
            (f"OpenTofu's plan of its {planned} resources of OpenStack", _said(theirs)),
            (
                "the review against the plan",
                f"{min(ours.wall) / min(theirs.wall):.2f} times; "
                f"{min(ours.cpu) / min(theirs.cpu):.2f} times the CPU",
            ),
            ("comment, page", f"{sizes_of['md']:,} and {sizes_of['html']:,} bytes"),
        ]
        found = {}
        for size in sizes:
            (place / str(size)).mkdir()
            large, found[size] = of_size(place / str(size), size), Cost()
            for _ in range(runs):
                large.review(found[size])
            assert large.changed() == CHANGED
            table.append((f"`estate review`, {size:,} workloads", _said(found[size])))
    few, *_, many = sorted(found)
    start = min(found[few].cpu)
    table.append(
        (
            f"growth from {sorted(found)[1]:,} to {many:,} workloads, exponent",
            f"{_exponent(found, 0):.2f}; {_exponent(found, start):.2f} without what {few} workloads take",
        )
    )
    return table


def _exponent(found: dict[int, Cost], start: float) -> float:
    *_, some, many = sorted(found)
    grown = (min(found[many].cpu) - start) / (min(found[some].cpu) - start)
    return math.log(grown) / math.log(many / some)


def _said(cost: Cost) -> str:
    return f"{min(cost.wall):.1f} s, {min(cost.cpu):.1f} s CPU"


if __name__ == "__main__":
    print("| review | |\n|---|---|")
    for what, figure in measured():
        print(f"| {what} | {figure} |")
