"""The stacks of an environment, one after the other: in parts, or whole."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from ruamel.yaml import YAML

from components import targets
from components.siblings import stack_name
from estate.model import Estate
from estate.model.graph import Node
from estate.model.nearest import nearest
from estate.model.partition import Share, partition
from estate.openstack.connection import cloud_faults, connect
from estate.openstack.errors import CloudError
from estate.openstack.servers import faults
from estate.vsphere import connections
from estate.vsphere.session import session
from operations import processes, recovery, rehearsal
from operations.errors import OperationError
from operations.stack import Stack, targeted
from operations.target import SANDBOX, config_file
from sandbox import members
from toolchain.progress import Progress

_ROOT = "pulumi:pulumi:Stack"


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one stack makes, and that stack."""

    share: Share
    stack: Stack


Engine = Callable[[Part, Sequence[str]], bool]
"""Runs an engine on a part, or on the resources with these URNs if there are any; whether it succeeded."""


def choose(env: str, estate: Estate, names: Collection[str] = ()) -> tuple[Share, ...]:
    """Shares of these names, in order; all without. Raises ``OperationError`` for a name that none has."""
    shares = {one.name: one for one in partition(estate)}
    for name in names:
        if name not in shares:
            raise OperationError(f'{env} has no part "{name}".{nearest(name, shares)}')
    return tuple(one for name, one in shares.items() if not names or name in names)


def _stack(base: Stack, share: Share) -> Stack:
    if base.cloud == SANDBOX:
        return rehearsal.stack(base.documents, base.toolchain, share.name, share.project)
    name = stack_name(base.name, share.name)
    file = config_file(name)
    login = f"{base.cloud}-{share.project}" if share.project is not None else base.cloud
    if not file.exists():
        raise OperationError(
            f'part "{share.name}" is not set up: write {file} with config: {{"estate:environment": '
            f'{base.name}, "estate:part": {share.name}, "openstack:cloud": {login}}}, and make its stack '
            f"with: pulumi stack init {name}"
        )
    cloud = (YAML(typ="safe").load(file).get("config") or {}).get("openstack:cloud") or login
    mark = processes.mark(base.environment.get("PULUMI_BACKEND_URL", ""), name)
    return replace(
        base,
        name=name,
        cloud=cloud,
        config_file=file,
        environment={**base.environment, "OS_CLOUD": cloud, **mark},
    )


def reach(part: Part) -> None:
    """Log in at Keystone and at each vCenter, and out: the engine would say less, and later.

    Raises ``CloudError`` or ``ConnectionsError``, one sentence: no answer, or the login is refused.
    """
    with part.stack.entered(), cloud_faults():
        connect().session.get_token()
        for name, login in connections.load(part.share.reaches).items():
            with session(name, login):
                pass


def enter(part: Part, progress: Progress) -> None:
    """Make a part ready for a run: its login, and what the last run left."""
    log_in(part)
    recovery.recover(part.stack, progress)


def log_in(part: Part) -> None:
    """Make a part ready to be looked at; in a sandbox the login of a project is made if need be.

    Raises ``SandboxError`` if the project is not there yet, and as ``reach``.
    """
    if part.stack.cloud == SANDBOX and part.share.project is not None:
        members.let_in(part.stack.config_file.parent, part.share.project)  # the sandbox's folder
    reach(part)


def state(stack: Stack) -> dict[str, str | None] | None:
    """What a stack made, URN → its parent's; ``None`` where the state cannot be read (another team's)."""
    done = stack.pulumi("stack", "export", quiet=True)
    if done.returncode:
        return None
    resources = json.loads(done.stdout)["deployment"].get("resources") or []
    return {one["urn"]: one.get("parent") for one in resources if one["type"] != _ROOT}


@dataclass(frozen=True)
class Parts:
    """Parts of an environment, in order; without a choice all of them."""

    base: Stack
    """That of the whole environment, or of its platform."""
    estate: Estate
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, base: Stack, estate: Estate, shares: Iterable[Share]) -> "Parts":
        """These shares, each with its stack. ``OperationError``: one is not set up on a real cloud."""
        return cls(base, estate, tuple(_part(base, one) for one in shares))

    def told(self, variables: Mapping[str, str]) -> "Parts":
        """The same, whose engines get these variables as well."""
        return replace(
            self,
            parts=tuple(
                replace(one, stack=replace(one.stack, environment={**one.stack.environment, **variables}))
                for one in self.parts
            ),
        )

    def run(
        self,
        arguments: Sequence[str],
        progress: Progress,
        *,
        only: Sequence[str] = (),
        aside: bool = False,
        engine: Engine | None = None,
    ) -> bool:
        """Run the engine on each in its turn, until one fails; whether none did.

        A part is not previewed before what it needs was applied: there is nothing yet that it could be
        compared with.

        :param arguments: begin with ``up``, ``preview`` or ``destroy``, which goes the other way.
        :param only: blocks such as ``workload:ledger-db``; the rest stays as it is.
        :param aside: what the engine prints goes to standard error.
        :param engine: runs it in another way; of ``arguments`` only the command counts then.
        """
        command = arguments[0]

        def run(part: Part, urns: Sequence[str]) -> bool:
            return not part.stack.pulumi(*arguments, *targeted(urns), aside=aside).returncode

        nodes = [targets.parse(subject) for subject in only]
        meant = False
        for part in reversed(self.parts) if command == "destroy" else self.parts:
            chosen = self._targets(part, nodes)
            if nodes and not chosen:
                continue
            if reason := self.nothing_to_do(command, part, whole=not nodes):
                progress.say(f"{part.stack.name}: {reason}")
                continue
            meant = True
            progress.say(f"{part.stack.name} on {part.stack.cloud}")
            enter(part, progress)
            if not (engine or run)(part, chosen):
                if command == "up":
                    _tell_faults(part, progress)
                return False
        if nodes and not meant:
            raise OperationError(f"there is no {' and no '.join(only)} in the documents or in the state")
        return True

    def _targets(self, part: Part, nodes: Iterable[Node]) -> list[str]:
        """URNs of what some blocks stand for."""
        there = (state(part.stack) or {}) if nodes else {}
        found = [
            urn
            for node in nodes
            for urn in targets.targets(self.estate, part.share, node, part.stack.name, there)
        ]
        return list(dict.fromkeys(found))

    def nothing_to_do(self, command: str, part: Part, *, whole: bool) -> str | None:
        """Why a part is left out. Raises ``OperationError`` if others have to go first."""
        share = part.share
        if share.whole:
            return None
        if command == "destroy":
            if not state(part.stack):
                return "nothing is there"
            above = [one for one in self._others(lambda one: share.name in one.needs) if state(one.stack)]
            if above and whole:
                raise OperationError(f'{_named(above)} stand on part "{share.name}"; destroy them first')
            return None
        below = [one for one in self._others(lambda one: one.name in share.needs) if state(one.stack) == {}]
        if below and command == "up":
            raise OperationError(f'part "{share.name}" needs {_named(below)}; apply that first')
        return f"not previewed before {_named(below)} is applied" if below else None

    def _others(self, wanted: Callable[[Share], bool]) -> list[Part]:
        return [_part(self.base, one) for one in partition(self.estate) if wanted(one)]


def _tell_faults(part: Part, progress: Progress) -> None:
    """Say why servers are in ``ERROR``; the engine knows only that they are."""
    with suppress(CloudError), part.stack.entered(), cloud_faults():
        for one in faults(connect()):
            logs = f" The log of nova-compute on {' and '.join(one.tried)} says why." if one.tried else ""
            progress.say(f"server {one.server} is in ERROR: {one.message}{logs}")


def _named(parts: Iterable[Part]) -> str:
    return " and ".join(one.share.name for one in parts)


def _part(base: Stack, share: Share) -> Part:
    return Part(share=share, stack=base if share.platform else _stack(base, share))
