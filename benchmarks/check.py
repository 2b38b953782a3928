"""How long ``estate check`` takes: ``python -m benchmarks.check`` prints a Markdown table.

An environment of 300 workloads, like the seed company's, against a bare script that reads the same files with
the same YAML loader and validates them with pydantic, all imports included; then 3,000 and 30,000 workloads,
and how the time grows beyond what a tiny environment takes (imports, mostly). CPU time of whole processes,
the least of several runs: what else runs on the machine does not count.
"""

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ESTATE = Path(sys.executable).with_name("estate")
ROOT = Path(__file__).parents[1]
TINY = 6
SIZES = (300, 3_000, 30_000)
RESTRICTED = 6
"""One workload in so many must stay on ESXi: 50 of 300."""

BARE = """
import sys
from pathlib import Path
from estate.documents.nodes import parse, plain
from estate.model import Estate
data = {}
for path in sorted(Path(sys.argv[1]).glob("*.yaml")):
    for kind, blocks in plain(parse(path.read_bytes(), str(path)).root).items():
        data.setdefault(kind, {}).update(blocks)
Estate.model_validate(data)
"""
"""Imports nothing but the loader, the model and what they import."""


def documents(folder: Path, workloads: int) -> Path:
    """The sandbox's ground with room for so many workloads, in a folder."""
    folder.mkdir()
    for path in (ROOT / "stacks" / "sandbox").glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        if path.name == "storage.yaml":
            text = text.replace("20 TiB", "900000 TiB").replace("4 TiB", "400000 TiB")
        if path.name == "network.yaml":
            text = text.replace("10.20.0.0/24", "10.20.0.0/16").replace("10.30.0.0/24", "10.30.0.0/16")
            text = text.replace("end: 10.30.0.200", "end: 10.30.255.200")
        if path.name == "compute.yaml":
            hosts = workloads // 4
            text = text.replace("esxi-a[1-3]", f"esxi-a[1-{workloads // 30 + 3}]")
            text = text.replace("kvm[01-05]", f"kvm[1-{hosts + 5}]")
        if path.name != "workloads.yaml":
            (folder / path.name).write_text(text, encoding="utf-8")
    (folder / "workloads.yaml").write_text(
        "workloads:\n" + "".join(_workload(number) for number in range(workloads)), encoding="utf-8"
    )
    return folder


def _workload(number: int) -> str:
    if number % RESTRICTED == 0:
        return (
            f"  ledger-{number}:\n"
            "    image: linux-esxi\n"
            "    flavor: esxi-small\n"
            "    networks: [app, data]\n"
            "    security_groups: [db]\n"
            "    volumes:\n"
            "      data: {type: standard-esxi, size: 10 GiB}\n"
            "    restriction:\n"
            "      reason: vendor-support\n"
            f"      evidence: Vendor support statement {number}, section 2\n"
            "      owner: payments-platform\n"
            "      review: 2027-06-30\n"
        )
    return (
        f"  web-{number}:\n"
        "    image: linux-kvm\n"
        "    flavor: kvm-small\n"
        "    networks: [app]\n"
        "    security_groups: [web]\n"
        "    volumes:\n"
        "      data: {type: standard-kvm, size: 10 GiB}\n"
    )


def cpu(command: Sequence[str], runs: int) -> float:
    """Least CPU seconds of a command; one that fails with anything but findings ends the benchmark."""
    least = math.inf
    for _ in range(runs):
        before = os.times()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        after = os.times()
        # 1: warnings, such as of an image version that no generated workload stays on.
        if done.returncode > 1:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        least = min(
            least,
            after.children_user + after.children_system - before.children_user - before.children_system,
        )
    return least


def measured(sizes: Sequence[int] = (TINY, *SIZES), runs: int = 5) -> dict[int, tuple[float, float]]:
    """Number of workloads → CPU seconds of ``estate check`` and of the bare script."""
    found = {}
    with tempfile.TemporaryDirectory() as place:
        for size in sizes:
            folder = str(documents(Path(place) / f"estate-{size}", size))
            times = runs if size < 10_000 else max(1, runs // 2)
            found[size] = (
                cpu([str(ESTATE), "check", folder], times),
                cpu([sys.executable, "-c", BARE, folder], times),
            )
            print(f"… {size} workloads: {found[size]}", file=sys.stderr)
    return found


def rows(found: dict[int, tuple[float, float]]) -> list[tuple[str, str]]:
    """The figures for a table."""
    table = [
        (
            f"`estate check`, {size} workloads",
            f"{check:.2f} s CPU, {check / bare:.2f} times the bare script's",
        )
        for size, (check, bare) in found.items()
    ]
    *_, some, many = sorted(found)

    def exponent(start: float) -> float:
        return math.log((found[many][0] - start) / (found[some][0] - start)) / math.log(many / some)

    table.append(
        (
            f"growth from {some} to {many} workloads, exponent",
            f"{exponent(0):.2f}; {exponent(found[TINY][0]):.2f} without what {TINY} workloads take",
        )
    )
    return table


if __name__ == "__main__":
    print("| what | figure |\n|---|---|")
    for what, figure in rows(measured()):
        print(f"| {what} | {figure} |")
