"""What the policy pack adds to a preview of production: ``python -m benchmarks.policies`` prints a table.

The real engine previews ``stacks/prod`` on a sandbox of its own, where nothing exists yet, so that every
resource is new and is judged; in turn with the pack and without it, the least of several runs of each.
"""

import tempfile
from pathlib import Path

from benchmarks.preview import RUNS, Cost, created, empty_stack
from operations.stack import PROGRAM
from toolchain.progress import Progress


def measured() -> list[tuple[str, str]]:
    """Measure; the rows of a table."""
    progress = Progress()
    costs = {policies: Cost() for policies in (False, True)}
    with tempfile.TemporaryDirectory() as place, empty_stack("prod", Path(place), progress) as stack:
        commands = {policies: stack.command("preview", policies=policies) for policies in costs}
        Cost().run(commands[True], PROGRAM, stack.environment)  # files into the page cache, byte code
        for number in range(RUNS):
            progress.say(f"round {number + 1} of {RUNS}")
            for policies, cost in costs.items():
                resources = created(cost.run(commands[policies], PROGRAM, stack.environment))
    return rows(costs[False], costs[True], resources)


def rows(without: Cost, with_pack: Cost, resources: int) -> list[tuple[str, str]]:
    """The figures for a table."""
    (wall, cpu), (wall_with, cpu_with) = ((min(one.wall), min(one.cpu)) for one in (without, with_pack))
    return [
        (
            f"first preview of `prod` ({resources} resources), without the policy pack",
            f"{wall:.1f} s, CPU {cpu:.1f} s",
        ),
        (
            "the same with the pack",
            f"{wall_with:.1f} s, CPU {cpu_with:.1f} s: {_more(wall, wall_with)}, "
            f"CPU {_more(cpu, cpu_with)} more",
        ),
    ]


def _more(without: float, with_pack: float) -> str:
    return f"{(with_pack / without - 1) * 100:.0f} %"


if __name__ == "__main__":
    print("| what | figure |\n|---|---|")
    for what, figure in measured():
        print(f"| {what} | {figure} |")
