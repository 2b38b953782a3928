"""A rehearsal: the real engine applies an environment to its own sandbox.

The stack's state lies in the sandbox's run folder: it describes what lives there and is gone with it.
"""

import hashlib
import json
import os
import secrets
from pathlib import Path

import certifi

from components.image_files import STAND_INS
from components.siblings import stack_name
from estate.model import Estate
from estate.model.parts import PLATFORM
from estate.model.secrets import secrets as referred
from operations import processes
from operations.stack import Stack
from sandbox import files, lifecycle, members
from sandbox.from_estate import shape
from sandbox.lifecycle import Running
from sandbox.shape import both, configured
from toolchain import engine
from toolchain.engine import Toolchain
from toolchain.progress import Progress

_SECRETS = "secrets.json"
"""In the sandbox's folder (0600): stand-ins for secrets, by variable."""


def key(documents: Path) -> str:
    """Name of the run folder of an environment's sandbox: the same name elsewhere is another sandbox."""
    place = hashlib.sha256(str(documents.resolve()).encode()).hexdigest()[:8]
    return f"{documents.resolve().name}-{place}"


def start(documents: Path, estate: Estate, progress: Progress, before: Estate | None = None) -> Running:
    """Have the environment's sandbox run, shaped by its documents.

    With ``before`` that fits in as well and is what it is configured for, until :func:`change`.
    """
    wanted = shape(estate, estate.estate.name)
    if before is not None:
        wanted = both(shape(before, estate.estate.name), wanted)
    running = lifecycle.start(key(documents), wanted, progress)
    if before is not None:
        lifecycle.configure(running.run.name, wanted, progress)
    for one in (estate, before):
        if one is not None:
            _fill_in_secrets(running.run, one)
    return running


def change(documents: Path, estate: Estate, before: Estate, progress: Progress) -> None:
    """What operators do when the documents change: configure the sandbox's services for those of now."""
    now = shape(estate, estate.estate.name)
    wanted = configured(both(shape(before, estate.estate.name), now), now)
    lifecycle.configure(key(documents), wanted, progress)


def _fill_in_secrets(run: Path, estate: Estate) -> None:
    """A random value for every secret that the documents refer to, the same as long as the sandbox lives."""
    path = run / _SECRETS
    known = json.loads(path.read_text()) if path.exists() else {}
    wanted = {secret.variable for _, secret in referred(estate)}
    if missing := wanted - set(known):
        known |= {variable: secrets.token_urlsafe(24) for variable in sorted(missing)}
        files.write(path, json.dumps(known, indent=1), mode=0o600)


def _secrets(run: Path) -> dict[str, str]:
    """Stand-ins for secrets, except those that have a value in the process environment."""
    path = run / _SECRETS
    known = json.loads(path.read_text()) if path.exists() else {}
    return {variable: value for variable, value in known.items() if variable not in os.environ}


def prepare(documents: Path, estate: Estate, progress: Progress, before: Estate | None = None) -> Stack:
    """Install the toolchain, start the sandbox and have a stack for it, each only if need be."""
    toolchain = engine.install(progress)
    start(documents, estate, progress, before)
    return stack(documents, toolchain)


def stack(documents: Path, toolchain: Toolchain, part: str = PLATFORM, project: str | None = None) -> Stack:
    """The stack of a part in a sandbox that runs; raises ``SandboxError`` if it does not.

    With a ``project`` its clients have the login of a member, see ``sandbox.members``.
    """
    running = lifecycle.running(key(documents))
    name = stack_name(running.name, part)
    state = running.run / "pulumi-state"
    url = engine.backend(state)
    base = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OS_", "PULUMI_", "VSPHERE_", "ESTATE_VCENTERS", "ESTATE_IMAGES"))
    }
    made = Stack(
        name=name,
        documents=documents.resolve(),
        cloud="sandbox",
        toolchain=toolchain,
        environment={
            **toolchain.environment(base),
            **clients(running),
            **_secrets(running.run),
            **({"OS_CLOUD": members.cloud(project)} if project is not None else {}),
            "PULUMI_BACKEND_URL": url,
            **processes.mark(url, name),
        },
        config_file=running.run / f"Pulumi.{name}.yaml",
    )
    if not made.config_file.exists():
        _initialise(made, state, part)
    return made


def clients(running: Running) -> dict[str, str]:
    """Variables by which clients find a sandbox's OpenStack, its vCenters and its images."""
    bundle = running.run / "tls" / "bundle.pem"
    if not bundle.exists():
        authority = (running.run / "tls" / "ca.pem").read_text()
        files.write(bundle, Path(certifi.where()).read_text() + authority)
    return {
        "OS_CLIENT_CONFIG_FILE": str(running.clouds),
        "OS_CLOUD": running.cloud,
        "ESTATE_VCENTERS": str(running.vcenters),
        "ESTATE_IMAGES": str(running.images),
        STAND_INS: "1",
        # Go programs (the vSphere plugin) verify against this bundle: public roots and the sandbox's own.
        "SSL_CERT_FILE": str(bundle),
    }


def _initialise(made: Stack, state: Path, part: str) -> None:
    """An empty stack and its configuration, without touching the repository's ``stacks/Pulumi.ENV.yaml``."""
    state.mkdir(mode=0o700, exist_ok=True)
    # An interrupted attempt left a stack without configuration: it cannot have any resource yet.
    for left in state.glob(f".pulumi/stacks/*/{made.name}.json*"):
        left.unlink()
    made.create(
        "--secrets-provider",
        "passphrase",
        config={"estate:environment": str(made.documents), "estate:part": part},
    )
