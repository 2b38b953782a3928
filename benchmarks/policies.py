"""What the policy pack adds to a preview of production: ``python -m benchmarks.policies`` prints a table.

The real engine previews ``stacks/prod`` on a sandbox of its own, where nothing exists yet, so that every
resource is new and is judged; in turn with the pack and without it, the least of several runs of each.
"""

import re
import sys
import tempfile
import time
from pathlib import Path
from shutil import copytree

from estate.documents import load
from operations import rehearsal
from operations.stack import PROGRAM, Stack
from sandbox import lifecycle
from toolchain.progress import Progress

RUNS = 3


def preview(stack: Stack, *, policies: bool) -> tuple[float, int]:
    """Seconds of a preview, and the resources that it would create; one that fails ends the benchmark."""
    began = time.monotonic()
    done = stack.pulumi("preview", policies=policies, quiet=True)
    seconds = time.monotonic() - began
    found = re.search(r"\+ (\d+) to create", done.stdout)
    if done.returncode or found is None:
        sys.exit(f"the preview failed:\n{done.stdout[-4000:]}")
    print(f"… {'with' if policies else 'without'} the pack: {seconds:.1f} s", file=sys.stderr)
    return seconds, int(found[1])


def measured(documents: Path) -> tuple[float, float, int]:
    """Seconds without and with the pack, and resources."""
    loaded = load(documents)
    if loaded.estate is None:
        sys.exit("\n".join(map(str, loaded.problems)))
    try:
        stack = rehearsal.prepare(documents, loaded.estate, Progress())
        preview(stack, policies=True)  # files into the page cache, byte code
        runs = [(preview(stack, policies=False), preview(stack, policies=True)) for _ in range(RUNS)]
    finally:
        lifecycle.stop(rehearsal.key(documents))
    without, with_pack = (min(seconds for seconds, _ in side) for side in zip(*runs, strict=True))
    return without, with_pack, runs[0][0][1]


def rows(found: tuple[float, float, int]) -> list[tuple[str, str]]:
    """The figures for a table."""
    without, with_pack, resources = found
    return [
        (f"first preview of `prod` ({resources} resources), without the policy pack", f"{without:.1f} s"),
        (
            "the same with the pack",
            f"{with_pack:.1f} s, {(with_pack / without - 1) * 100:.0f} % more",
        ),
    ]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(copytree(PROGRAM / "stacks", Path(folder) / "stacks")) / "prod")
    print("| what | figure |\n|---|---|")
    for what, figure in rows(found):
        print(f"| {what} | {figure} |")


if __name__ == "__main__":
    main()
