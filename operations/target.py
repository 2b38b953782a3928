"""Which cloud a command means: the environment's sandbox or its real cloud. Never a guess between two."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from estate.documents import Loaded
from estate.openstack import sdk
from operations import processes, rehearsal
from operations.errors import OperationError
from operations.stack import PROGRAM, Stack
from sandbox import lifecycle
from sandbox.from_estate import vcenter_name
from sandbox.vcenters import process_name
from toolchain import engine
from toolchain.progress import Progress

SANDBOX = "sandbox"
_KEEP = (
    "PULUMI_BACKEND_URL",
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE",
    "PULUMI_CONFIG_PASSPHRASE_FILE",
)


@dataclass(frozen=True)
class Target:
    """What a command works on."""

    cloud: str
    """``sandbox``, or the name of the cloud in ``clouds.yaml``."""
    clients: Mapping[str, str]
    """Variables for clients, to be added to the process environment."""


def target(loaded: Loaded, *, sandbox: bool | None = None, vcenters: Collection[str] | None = None) -> Target:
    """The sandbox if ``sandbox``, the real cloud if not; by itself whichever of the two there is.

    A sandbox runs if all of its processes do; of its vCenters only ``vcenters`` count, if they are given.

    A real cloud is there if ``OS_CLOUD`` or ``OS_AUTH_URL`` is set, or the stack's configuration says
    ``openstack:cloud``; it comes before a sandbox that happens to run.
    """
    key = rehearsal.key(loaded.folder)
    # In a shell that did `eval "$(estate env ENV)"` OS_CLOUD means this very sandbox.
    inside = os.environ.get("OS_CLIENT_CONFIG_FILE") == str(lifecycle.folder(key) / "clouds.yaml")
    real = None if inside else _real(loaded.name)
    if sandbox is not True and real is not None:
        return real
    status = lifecycle.status(key)
    ended = [one for one in status.ended if vcenters is None or one not in _others(loaded, vcenters)]
    if sandbox is not False and (status.state == "running" or (status.state == "broken" and not ended)):
        return Target(SANDBOX, rehearsal.clients(lifecycle.running(key)))
    if sandbox is not False and status.state == "broken":
        raise OperationError(
            f"of the sandbox of {loaded.name} {', '.join(ended)} ended; "
            f"start it afresh with: estate sandbox start {loaded.folder}"
        )
    if sandbox:
        raise OperationError(
            f"the sandbox of {loaded.name} does not run; start it with: estate sandbox start {loaded.name}"
        )
    raise OperationError(
        f"{loaded.name} has neither a running sandbox (estate rehearse {loaded.name}) "
        "nor a cloud: "
        f"set OS_CLOUD, or openstack:cloud in stacks/Pulumi.{loaded.name}.yaml"
    )


def _others(loaded: Loaded, vcenters: Collection[str]) -> set[str]:
    """Processes of the sandbox's other vCenters."""
    if loaded.estate is None:
        return set()
    return {
        process_name(vcenter_name(loaded.estate, name))
        for name in loaded.estate.vcenters
        if name not in vcenters
    }


def stack(
    loaded: Loaded,
    progress: Progress,
    *,
    sandbox: bool | None = None,
    vcenters: Collection[str] | None = None,
) -> Stack:
    """The stack on that target, with the engine installed: of the whole environment, or of its platform."""
    chosen = target(loaded, sandbox=sandbox, vcenters=vcenters)
    toolchain = engine.install(progress)
    if chosen.cloud == SANDBOX:
        return rehearsal.stack(loaded.folder, toolchain)
    own = {name: os.environ[name] for name in _KEEP if name in os.environ}
    environment = toolchain.environment(os.environ)
    if own:  # a backend of one's own comes with its own secrets
        environment = {name: value for name, value in environment.items() if name not in _KEEP} | own
    return Stack(
        name=loaded.name,
        documents=loaded.folder,
        cloud=chosen.cloud,
        toolchain=toolchain,
        environment={
            **environment,
            **chosen.clients,
            **processes.mark(environment.get("PULUMI_BACKEND_URL", ""), loaded.name),
        },
        config_file=config_file(loaded.name),
    )


def config_file(name: str) -> Path:
    """Configuration of a stack on a real cloud."""
    return PROGRAM / "stacks" / f"Pulumi.{name}.yaml"


def _clouds_file() -> dict[str, str]:
    """The ``clouds.yaml`` (and ``secure.yaml``) that openstacksdk finds, by path.

    The engine's plugin, a Go program, would look in the home folder that the user database names, and that is
    not ``HOME`` in the jobs of every code host.
    """
    found = sdk.OpenStackConfig()
    files = {
        "OS_CLIENT_CONFIG_FILE": found.config_filename,
        "OS_CLIENT_SECURE_FILE": found.secure_config_filename,
    }
    return {variable: file for variable, file in files.items() if file}


def _real(name: str) -> Target | None:
    configured = None
    if (path := config_file(name)).exists():
        configuration = (YAML(typ="safe").load(path) or {}).get("config") or {}
        configured = configuration.get("openstack:cloud")
    if cloud := configured or os.environ.get("OS_CLOUD"):
        return Target(cloud, {"OS_CLOUD": cloud} | _clouds_file())
    if url := os.environ.get("OS_AUTH_URL"):
        return Target(url, {})
    return None
