"""The nova-computes of vCenter clusters: each is started once its cluster exists, and again if it ends.

In production systemd does this (``Restart=on-failure``): Nova's VMware driver ends the process with code 1 as
long as its cluster does not exist. Here the supervisor asks the vCenter first, because each vain start costs
seconds of CPU. For a cluster that was made anew it does what an operator does then: nova-compute gets another
identity, and Nova's deleted records are archived. It runs as a process of the sandbox:
``python -m sandbox.computes RUN``.
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sandbox import files, nova, process, vcenters
from sandbox.errors import SandboxError
from sandbox.process import Program, Record
from sandbox.settings import Settings
from sandbox.shape import Shape
from sandbox.vcenters import Connection

NAME = "computes"
POLL = 2.0
"""Seconds between two looks at processes and clusters."""
RESTART_DELAY = 5.0
"""Seconds from the end of a nova-compute to its next start."""


@dataclass(frozen=True)
class State:
    """How a cluster's nova-compute stands."""

    compute_host: str
    running: bool
    detail: str
    """One line for people, e.g. ``waiting for cluster esx-a in vCenter vc1``."""


@dataclass(frozen=True)
class _Job:
    cluster: str
    vcenter: str
    compute_host: str
    connection: Connection
    program: Program
    identity: Path
    """The file in which it notes its compute node's uuid at its first start (nova/virt/node.py)."""


def program(settings: Settings, shape: Shape) -> Program:
    """The supervisor, and what it supervises written down; clusters may come any time."""
    jobs = []
    for cluster in shape.clusters:
        where = vcenters.connection(settings, shape, cluster.vcenter)
        jobs.append(
            _Job(
                cluster.name,
                cluster.vcenter,
                cluster.compute_host,
                where,
                nova.cluster_program(settings, cluster, where),
                nova.cluster_state(settings, cluster) / "compute_id",
            )
        )
    saved = {"jobs": [asdict(job) for job in jobs], "archiving": asdict(nova.archiving(settings))}
    text = json.dumps(saved, indent=1, default=str)
    files.write(settings.run / NAME / "jobs.json", text, mode=0o600)
    root = Path(__file__).parent.parent
    command = (sys.executable, "-m", __name__, str(settings.run))
    return Program(NAME, command, environment={"PYTHONPATH": str(root)})


def states(run: Path) -> list[State]:
    """What the supervisor last wrote, if it still runs to write it; empty before its first look."""
    path = run / NAME / "states.json"
    if not path.exists():
        return []
    known = [State(**state) for state in json.loads(path.read_text())]
    alive = {record.name for record in process.records(run) if process.is_mine(record)}
    if NAME in alive:
        return known
    return [
        replace(one, running=True, detail=f"runs, but {NAME}, which looks after it, ended")
        if nova.CLUSTER_COMPUTE + one.compute_host in alive
        else replace(one, running=False, detail=f"ended, as did {NAME}, which starts it")
        for one in known
    ]


def supervise(run: Path, jobs: Sequence[_Job], archiving: Program) -> None:
    """Never returns."""
    records: dict[str, Record] = {}
    serves: dict[str, str] = {}
    ended: dict[str, float] = {}
    while True:
        _reap()
        known = {job.vcenter: _clusters(job) for job in {job.vcenter: job for job in jobs}.values()}
        report = []
        archived = False
        for job in jobs:
            host = job.compute_host
            if host in records and not process.is_mine(records[host]):
                del records[host]
                ended[host] = time.monotonic()
            found = known[job.vcenter]
            if host in records and isinstance(found, dict) and serves[host] not in found.values():
                # The driver looks its cluster up at start only, by name: a renamed one it still serves, for
                # one made anew an operator restarts nova-compute.
                process.stop(run, [job.program.name])
                del records[host]
            obstacle = None
            if host not in records:
                obstacle = _obstacle(job, found, ended.get(host))
                if obstacle is None and isinstance(found, dict):
                    serves[host] = found[job.cluster]
                    if _speaks_for_another(job, serves[host]):
                        obstacle = None if archived else _archive(run, archiving)
                        archived = obstacle is None
                        job.identity.unlink(missing_ok=True)
                if obstacle is None:
                    files.write(_served(job), serves[host])
                    records[host] = process.start(run, job.program)
            report.append(State(host, host in records, obstacle or f"runs for cluster {job.cluster}"))
        text = json.dumps([asdict(state) for state in report], indent=1)
        files.write(run / NAME / "states.json", text)
        time.sleep(POLL)


def _speaks_for_another(job: _Job, cluster: str) -> bool:
    """Whether the job's nova-compute has run, for a cluster with another managed object id.

    As an operator does who installs a host anew, its identity is taken away then: with its old compute node
    it would not start (nova/compute/manager.py ``_get_nodes``). Deleting its service deletes that node as
    well, but one that ran on brings it back (resource_tracker.py ``_init_compute_node``, "Undeleting").
    """
    served = _served(job)
    return served.exists() and (served.read_text() != cluster or not job.identity.exists())


def _served(job: _Job) -> Path:
    """The file with the managed object id of the cluster that its nova-compute was started for last."""
    return job.identity.with_name("cluster")


def _clusters(job: _Job) -> dict[str, str] | str:
    """The clusters of a job's vCenter with their managed object ids, or why they cannot be told."""
    try:
        return vcenters.clusters(job.connection)
    except Exception as error:  # whatever is wrong with a vCenter: ask it again
        return f"waiting for vCenter {job.vcenter}: {type(error).__name__}"


def _obstacle(job: _Job, found: dict[str, str] | str, ended: float | None) -> str | None:
    """Why the job's nova-compute cannot start now, or None. ``found``: see :func:`_clusters`."""
    if ended is not None and time.monotonic() - ended < RESTART_DELAY:
        return "ended; starts again in a few seconds"
    if isinstance(found, str):
        return found
    if job.cluster not in found:
        return f"waiting for cluster {job.cluster} in vCenter {job.vcenter}"
    return None


def _archive(run: Path, archiving: Program) -> str | None:
    """Archive Nova's deleted records; why that failed, or None."""
    try:
        process.run_once(run, archiving, fine=(0, 1))  # 1: there were some
    except SandboxError as error:
        return f"waiting for Nova's database: {error}"
    return None


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _load(run: Path) -> tuple[list[_Job], Program]:
    saved = json.loads((run / NAME / "jobs.json").read_text())
    jobs = [
        _Job(
            **job
            | {
                "connection": Connection(**job["connection"]),
                "program": _program(job["program"]),
                "identity": Path(job["identity"]),
            }
        )
        for job in saved["jobs"]
    ]
    return jobs, _program(saved["archiving"])


def _program(saved: dict[str, Any]) -> Program:
    return Program(**saved | {"command": tuple(saved["command"])})


if __name__ == "__main__":
    supervise(Path(sys.argv[1]), *_load(Path(sys.argv[1])))
