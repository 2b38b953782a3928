"""A whole sandbox: start, stop, status, logs.

A sandbox lives in ``home()/sandboxes/KEY`` and its processes carry that folder's mark, so that an
interrupted or killed run leaves nothing that the next start trips over: the start ends what is left and
begins afresh from the golden copy. ``ready.json`` is written last and says which shape runs.
"""

import io
import json
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ruamel.yaml import YAML

from sandbox import (
    apis,
    broker,
    cinder,
    computes,
    files,
    golden,
    images,
    nova,
    process,
    ready,
    stand_ins,
    vcenters,
)
from sandbox import settings as settings_of
from sandbox.errors import SandboxError
from sandbox.parts import openstack, programs
from sandbox.settings import DOMAIN, Settings
from sandbox.shape import Shape
from toolchain import locks
from toolchain.home import home
from toolchain.progress import Progress, Step

CLOUD = "estate"
"""Name of the cloud in ``clouds.yaml``."""


@dataclass(frozen=True)
class Running:
    """A sandbox that is ready, and the files its clients read."""

    run: Path
    name: str
    region: str
    cloud: str
    clouds: Path
    """``clouds.yaml`` (0600): ``OS_CLIENT_CONFIG_FILE``."""
    vcenters: Path
    """``vcenters.yaml`` (0600): name to server (HOST:PORT), username, password, ca_file."""
    images: Path
    """Folder with the image files of the documents."""


@dataclass(frozen=True)
class Status:
    """How a sandbox stands."""

    state: str
    """``stopped``, ``starting``, ``failed`` (its start), ``running``, or ``broken`` (a part of it ended)."""
    parts: list[process.Status]
    computes: list[computes.State]
    """The nova-computes of vCenter clusters, which come when their clusters exist."""
    ended: tuple[str, ...] = ()
    """Parts that should run and do not."""

    @property
    def memory(self) -> int:
        """Bytes of all parts (proportional set size)."""
        return sum(part.memory for part in self.parts)


def folder(key: str) -> Path:
    """The run folder of the sandbox ``key``."""
    if not key or Path(key).name != key:
        raise SandboxError(f"sandbox key {key!r} must be one plain folder name")
    return home() / "sandboxes" / key


def prepare(progress: Progress) -> None:
    """Have what sandboxes are made of, and start none: the simulator, the services, the golden copy."""
    vcenters.prepare(progress)
    with progress.step("sandbox: OpenStack, MariaDB, RabbitMQ, golden copy") as step:
        openstack.ensure()
        golden.ensure(programs.ensure(), step)


def start(key: str, shape: Shape, progress: Progress) -> Running:
    """Have the sandbox ``key`` run with ``shape``: at once if it does, else afresh from the golden copy."""
    run = folder(key)
    with locks.held(run.with_name(f"{key}.lock")):
        reason = _why_not_running(run, shape)
        if reason is None:
            progress.say(f"sandbox {shape.name} runs already")
            return _running(run)
        if run.exists():
            progress.say(f"sandbox {shape.name}: {reason}; starting afresh")
            _remove(run)
        began = time.monotonic()
        settings = settings_of.create(run, shape.region, vcenters=len(shape.vcenters))
        try:
            _start(settings, shape, progress)
        except BaseException:
            # The logs stay for whoever looks for the reason; nothing keeps running.
            process.stop(run)
            raise
        running = _describe(settings, shape)
        mark = {
            "digest": shape.digest(),
            "configuration": _configuration(shape),
            "name": shape.name,
            "region": shape.region,
        }
        files.write(run / "ready.json", json.dumps(mark, indent=1))
        progress.say(f"sandbox {shape.name} is ready after {time.monotonic() - began:.0f} s")
        return running


def configure(key: str, shape: Shape, progress: Progress) -> None:
    """Have what waits for clusters in the sandbox ``key``, which runs, as ``shape`` says: at once if it is.

    These are the nova-computes and volume back ends behind vCenters; all else is as it was started.
    """
    run = folder(key)
    with locks.held(run.with_name(f"{key}.lock")):
        mark = json.loads((run / "ready.json").read_text())
        wanted = _configuration(shape)
        if mark["configuration"] == wanted:
            return
        # Killed in here, the next call does it again.
        files.write(run / "ready.json", json.dumps(mark | {"configuration": ""}, indent=1))
        settings = settings_of.load(run)
        with progress.step("sandbox: nova-computes and volume back ends of other clusters") as step:
            old = [one.name for one in process.records(run) if one.name.startswith(nova.CLUSTER_COMPUTE)]
            process.stop(run, [computes.NAME, *old])
            programs = (cinder.program(settings, shape), computes.program(settings, shape))
            ready.wait(settings, shape, [process.start(run, program) for program in programs], step)
        files.write(run / "ready.json", json.dumps(mark | {"configuration": wanted}, indent=1))


def stop(key: str) -> bool:
    """End all processes of the sandbox and remove its folder; False if there was none."""
    run = folder(key)
    with locks.held(run.with_name(f"{key}.lock")):
        existed = run.exists()
        _remove(run)
    for path in run.parent.glob("*.lock"):  # ours, and those of killed starts and stops
        if not path.with_suffix("").exists():
            locks.remove(path)
    return existed


def status(key: str) -> Status:
    """How the sandbox stands right now."""
    run = folder(key)
    if not run.exists():
        return Status("stopped", [], [])
    parts = process.status(run)
    ended = tuple(_dead(run))
    if not (run / "ready.json").exists():
        state = "starting" if any(part.running for part in parts) else "failed"
    elif ended:
        state = "broken"
    else:
        state = "running"
    return Status(state, parts, computes.states(run), ended)


def running(key: str) -> Running:
    """The sandbox, if it is ready; else a :class:`SandboxError`."""
    run = folder(key)
    if not (run / "ready.json").exists():
        raise SandboxError(f"sandbox {key} does not run: start it first")
    return _running(run)


def logs(key: str, part: str | None = None) -> list[Path]:
    """Log files of one part, or of all; a part that does not exist is a :class:`SandboxError`."""
    found = sorted((folder(key) / "logs").glob("*.log"))
    if part is None:
        return found
    chosen = [path for path in found if path.stem == part]
    if not chosen:
        names = ", ".join(path.stem for path in found) or "none"
        raise SandboxError(f"sandbox {key} has no log of {part!r}; there are: {names}")
    return chosen


def _start(settings: Settings, shape: Shape, progress: Progress) -> None:
    # First, because a fragment that cannot be honoured should be told at once.
    services = (
        *nova.programs(settings, shape),
        cinder.program(settings, shape),
        computes.program(settings, shape),
    )
    simulator = vcenters.prepare(progress)

    def databases_and_apis(step: Step) -> None:
        step.note("OpenStack's virtual environment")
        openstack.ensure()
        golden.restore(settings, step)
        step.note("Keystone, Glance, Placement, Neutron")
        apis.start(settings, shape.glance_protections, shape.glance_conf, _neutron(settings, shape))

    with progress.step("sandbox: databases, broker, vCenters, APIs") as step:
        process.together(
            settings.run,
            lambda: databases_and_apis(step),
            lambda: broker.start(settings),
            lambda: vcenters.start(settings, shape, simulator),
            lambda: images.make(shape, settings.folder("images")),
        )
    with progress.step("sandbox: Nova, Cinder") as step:
        ready.wait(settings, shape, [process.start(settings.run, program) for program in services], step)
        cinder.lift_quotas(ready.api(settings, "block-storage"))
        stand_ins.make(ready.api(settings, "network"), ready.api(settings, "identity"), shape)


def _neutron(settings: Settings, shape: Shape) -> dict[str, dict[str, str]]:
    """What the mechanism driver needs to know, in a file of its own because of the passwords."""
    path = settings.folder("neutron") / "vcenters.json"
    document = {
        "vcenters": {
            one.name: {
                "login": asdict(vcenters.connection(settings, shape, one.name)),
                "datacenter": one.datacenter,
                "switches": one.awaited_switches or one.switches[:1],
            }
            for one in shape.vcenters
        },
        "hosts": {cluster.compute_host: cluster.vcenter for cluster in shape.clusters},
    }
    files.write(path, json.dumps(document, indent=1), mode=0o600)
    return {
        "estate_sandbox": {"connections": str(path)},
        "ml2_type_vlan": {"network_vlan_ranges": ",".join(shape.transport_zones)},
    }


def _configuration(shape: Shape) -> str:
    """Changes when :func:`configure` has something to do."""
    return shape.digest("clusters", "backends")


def _describe(settings: Settings, shape: Shape) -> Running:
    """Write what clients read."""
    running = _at(settings.run, shape.name, shape.region)
    cloud = {
        "auth": {
            "auth_url": settings.auth_url,
            "username": "admin",
            "password": settings.secrets.admin,
            "project_name": "admin",
            "user_domain_name": DOMAIN,
            "project_domain_name": DOMAIN,
        },
        "region_name": settings.region,
        "identity_api_version": "3",
        "interface": "public",
    }
    _yaml(running.clouds, {"clouds": {CLOUD: cloud}})
    logins = {}
    for one in shape.vcenters:
        where = vcenters.connection(settings, shape, one.name)
        for name in (one.name, *one.logins):
            logins[name] = {
                "server": f"{where.host}:{where.port}",
                "username": where.username,
                "password": where.password,
                "ca_file": where.ca_file,
            }
    _yaml(running.vcenters, logins)
    files.write(settings.run / "environment.json", json.dumps(asdict(running), default=str, indent=1))
    return running


def _yaml(path: Path, document: object) -> None:
    text = io.StringIO()
    YAML(typ="safe").dump(document, text)
    files.write(path, text.getvalue(), mode=0o600)


def _why_not_running(run: Path, shape: Shape) -> str | None:
    mark = run / "ready.json"
    if not mark.exists():
        return "an earlier start did not come to its end"
    if json.loads(mark.read_text())["digest"] != shape.digest():
        return "the documents ask for something else now"
    dead = _dead(run)
    return f"{', '.join(dead)} ended" if dead else None


def _dead(run: Path) -> list[str]:
    """Parts that should run and do not; the supervisor looks after nova-computes of clusters itself."""
    return [
        record.name
        for record in process.records(run)
        if not process.is_mine(record) and not record.name.startswith(nova.CLUSTER_COMPUTE)
    ]


def _running(run: Path) -> Running:
    saved = json.loads((run / "ready.json").read_text())
    return _at(run, saved["name"], saved["region"])


def _at(run: Path, name: str, region: str) -> Running:
    return Running(run, name, region, CLOUD, run / "clouds.yaml", run / "vcenters.yaml", run / "images")


def _remove(run: Path) -> None:
    # First of all: a kill in the middle of what follows must not leave what looks like a ready sandbox.
    (run / "ready.json").unlink(missing_ok=True)
    process.stop(run)
    if run.exists():
        shutil.rmtree(run, onerror=_gone_already)


def _gone_already(_function: object, _path: object, fault: tuple[object, BaseException, object]) -> None:
    """An engine that is still at work writes and removes files of its state."""
    if not isinstance(fault[1], FileNotFoundError):
        raise fault[1]
