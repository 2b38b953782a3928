"""What the policy pack adds to a preview of production: ``python -m benchmarks.policies`` prints a table.

The real engine previews ``stacks/prod`` on a sandbox of its own, where nothing exists yet, so that every
resource is new and is judged; in turn with the pack and without it, the least of several runs of each.
"""

import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

from estate.documents import load
from operations import rehearsal
from operations.stack import PROGRAM, Stack
from sandbox import lifecycle
from toolchain.progress import Progress

RUNS = 3


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of one preview."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of all of its processes: what else runs on the machine hardly counts."""
    resources: int
    """That it would create."""


def preview(stack: Stack, *, policies: bool) -> Cost:
    """Of a preview; one that fails ends the benchmark."""
    before, began = os.times(), time.monotonic()
    done = stack.pulumi("preview", policies=policies, quiet=True)
    wall, after = time.monotonic() - began, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    found = re.search(r"\+ (\d+) to create", done.stdout)
    if done.returncode or found is None:
        sys.exit(f"the preview failed:\n{done.stdout[-4000:]}")
    print(f"… {'with' if policies else 'without'} the pack: {wall:.1f} s, CPU {cpu:.1f} s", file=sys.stderr)
    return Cost(wall=wall, cpu=cpu, resources=int(found[1]))


def measured(documents: Path) -> tuple[Cost, Cost]:
    """Without and with the pack; of each figure the least."""
    loaded = load(documents)
    if loaded.estate is None:
        sys.exit("\n".join(map(str, loaded.problems)))
    try:
        stack = rehearsal.prepare(documents, loaded.estate, Progress())
        preview(stack, policies=True)  # files into the page cache, byte code
        runs = [(preview(stack, policies=False), preview(stack, policies=True)) for _ in range(RUNS)]
    finally:
        lifecycle.stop(rehearsal.key(documents))
    without, with_pack = (
        Cost(
            wall=min(one.wall for one in side),
            cpu=min(one.cpu for one in side),
            resources=side[0].resources,
        )
        for side in zip(*runs, strict=True)
    )
    return without, with_pack


def rows(without: Cost, with_pack: Cost) -> list[tuple[str, str]]:
    """The figures for a table."""
    return [
        (
            f"first preview of `prod` ({without.resources} resources), without the policy pack",
            f"{without.wall:.1f} s, CPU {without.cpu:.1f} s",
        ),
        (
            "the same with the pack",
            f"{with_pack.wall:.1f} s, CPU {with_pack.cpu:.1f} s: {_more(without.wall, with_pack.wall)}, "
            f"CPU {_more(without.cpu, with_pack.cpu)} more",
        ),
    ]


def _more(without: float, with_pack: float) -> str:
    return f"{(with_pack / without - 1) * 100:.0f} %"


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(copytree(PROGRAM / "stacks", Path(folder) / "stacks")) / "prod")
    print("| what | figure |\n|---|---|")
    for what, figure in rows(*found):
        print(f"| {what} | {figure} |")


if __name__ == "__main__":
    main()
