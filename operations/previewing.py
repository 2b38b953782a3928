"""The engine's own preview of a stack, through Pulumi's Automation API, as a value.

The API is used for what it knows: the arguments, the stream of events and their types. How an engine is run
stays with ``operations.processes``: with the stack's environment and nothing else (the API would add that of
the shell), in a session of its own, interrupted with care. The stack's configuration and the policy pack
are named, since the API ignores ``stackConfigDir``; no stack is selected, since that would change what a
person's own ``pulumi`` means.
"""

import warnings
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from pulumi.automation import CommandResult, LocalWorkspace, OnOutput, PulumiCommand
from pulumi.automation import Stack as Engine
from pulumi.automation.errors import CommandError
from ruamel.yaml import YAML
from semver import VersionInfo

from estate.documents import Loaded
from estate.model import Estate
from estate.model.partition import partition
from estate.openstack import sdk
from estate.openstack.errors import CloudError
from estate.vsphere import connections
from estate.vsphere.connections import ConnectionsError
from operations import parts, processes, target
from operations.errors import OperationError
from operations.stack import PACK, PROGRAM, Stack
from review.engine_events import Events
from review.hiding import is_secret
from review.value import Preview
from sandbox.errors import SandboxError
from toolchain.errors import ToolchainError
from toolchain.progress import Progress
from toolchain.versions import versions

_LOST = ("Failed to parse engine event", "Error in event stream")
"""How the API's reader begins a warning that it left an event out."""


def preview(
    environment: str,
    stack: Stack,
    *,
    refresh: bool = True,
    plan: Path | None = None,
    targets: Collection[str] = (),
) -> Preview:
    """What the engine would do to a stack now. Changes nothing, waits for no lock and takes none.

    Two previews of the same documents, state and cloud are equal.

    :param environment: what the preview says it belongs to.
    :param refresh: look at the cloud and the vCenters first: else what others changed there stays unseen.
    :param plan: where to save the engine's update plan, for ``up --plan``; not written by one that fails.
    :param targets: URNs, if not all of the stack is meant.
    """
    events = Events(root=str(PROGRAM), secrets=set(secrets_of(stack)))
    packs = stack.policy_configuration()
    command = _Command(stack)
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        try:
            workspace = _Workspace(work_dir=str(PROGRAM), env_vars=stack.environment, pulumi_command=command)
            Engine.select(stack.name, workspace).preview(
                color="never",
                config_file=str(stack.config_file),
                on_event=events.take,
                plan=None if plan is None else str(plan),
                policy_packs=[str(PACK)],
                policy_pack_configs=[str(file) for file in packs],
                refresh=refresh,
                target=list(targets),
            )
        except OSError as error:
            failure: str | None = f"the engine could not be started: {error}"
        except CommandError:
            failure = command.said
        except RuntimeError as error:  # the API's way to say that the engine gave no summary
            failure = f"the engine did not come to its end: {error}"
        else:
            failure = None
    lost = [one for one in noted if str(one.message).startswith(_LOST)]
    if failure is None and lost:
        failure = f"{len(lost)} events of the engine could not be read"
    return events.preview(environment, stack.name, failure)


def previews(
    loaded: Loaded, estate: Estate, progress: Progress, *, sandbox: bool | None = None
) -> tuple[tuple[Preview, ...], tuple[str, ...]]:
    """Of all stacks of an environment, in order, on its sandbox or its real cloud; and what could not be
    asked, a sentence each. Nothing is recovered and nothing changed.
    """
    found: list[Preview] = []
    unasked: list[str] = []
    try:
        base = target.stack(loaded, progress, sandbox=sandbox, vcenters=())
        whole = parts.Parts.of(base, estate, partition(estate))
    except (OperationError, SandboxError, ToolchainError) as error:
        return (), (_sentence(f"the engine could not be asked: {error}"),)
    for part in whole.parts:
        if reason := whole.nothing_to_do("preview", part, whole=True):
            unasked.append(_sentence(f"{part.stack.name}: {reason}"))
            continue
        try:
            with progress.step(f"preview of {part.stack.name} on {part.stack.cloud}"):
                parts.log_in(part)
                _same_documents(part.stack)
                found.append(preview(loaded.name, part.stack))
        except (CloudError, ConnectionsError, OperationError, SandboxError) as error:
            unasked.append(_sentence(f"{part.stack.name}: {error}"))
    return tuple(found), tuple(unasked)


def _sentence(words: str) -> str:
    return f"{words.rstrip('.')}."


def _same_documents(stack: Stack) -> None:
    """Raise ``OperationError`` if the program would read other documents than those that are compared."""
    file = stack.config_file
    config = (YAML(typ="safe").load(file) or {}).get("config") or {} if file.is_file() else {}
    named = config.get("estate:environment") or stack.name
    stacks = PROGRAM / "stacks" / named
    meant = stacks if stacks.is_dir() else PROGRAM / named
    if meant.resolve() != stack.documents.resolve():
        raise OperationError(
            f"the engine would apply {meant}, not {stack.documents}: that is what estate:environment in "
            f"{file.name} means. Review that folder, or change the configuration."
        )


class _Workspace(LocalWorkspace):
    """Every command names its stack."""

    def select_stack(self, stack_name: str) -> None:
        """Nothing."""


class _Command(PulumiCommand):
    """The stack's engine, run as every other one."""

    def __init__(self, stack: Stack) -> None:
        self.command = str(stack.toolchain.pulumi)
        self.version = VersionInfo.parse(versions().engine.version)
        self.said = ""
        """What it printed."""

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,  # noqa: ARG002 - events say it
        on_error: OnOutput | None = None,  # noqa: ARG002
    ) -> CommandResult:
        """Run it to its end. Raises ``CommandError`` if it failed."""
        done = processes.run(
            [self.command, *args, "--non-interactive"],
            Path(cwd),
            {**additional_env, "PULUMI_AUTOMATION_API": "true"},
            quiet=True,
        )
        self.said = done.stdout
        result = CommandResult(stdout=done.stdout, stderr="", code=done.returncode)
        if done.returncode:
            raise CommandError(result)
        return result


def secrets_of(stack: Stack) -> Iterator[str]:
    """Values that reach the engine from here: of variables, ``clouds.yaml``, ``vcenters.yaml``."""
    for name, value in stack.environment.items():
        if name.startswith(("ESTATE_", "OS_", "PULUMI_", "VSPHERE_")) and is_secret(name):
            yield value
    if (passphrase := stack.environment.get("PULUMI_CONFIG_PASSPHRASE_FILE")) is not None:
        yield Path(passphrase).read_text().strip()
    with stack.entered():
        yield from _secret_values(sdk.OpenStackConfig().cloud_config)
        if (logins := connections.path()).is_file():
            yield from _secret_values(YAML(typ="safe").load(logins))


def _secret_values(value: object) -> Iterator[str]:
    """Texts under keys that say that they are secret."""
    if isinstance(value, dict):
        for key, one in value.items():
            if isinstance(one, str) and is_secret(str(key)):
                yield one
            else:
                yield from _secret_values(one)
