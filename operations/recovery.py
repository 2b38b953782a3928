"""After a killed run: nothing doubled, nothing lost.

A killed engine leaves its plugins at work, its lock on the stack and, in the state, what it was about
to do (``pending_operations``). Without care the next ``up`` would create again what the cloud may have
made in the meantime. So the plugins are ended first; then all of the state is read anew; then each thing
that was being created is looked up by what identifies it and, if it exists, taken into the state.
"""

import json
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from estate.openstack.connection import cloud_faults, connect
from operations import processes
from operations.errors import OperationError
from operations.identity import Wanted, find, wanted
from operations.stack import Stack, targeted
from toolchain.progress import Progress

_Resource = dict[str, Any]
"""A resource as an exported state has it (sdk/go/common/apitype ``ResourceV3``)."""


_SETTLED = 5.0
"""Seconds after which a request that an ended plugin had sent has become something, or nothing."""


def recover(stack: Stack, progress: Progress) -> None:
    """Make a stack ready for its next run, whatever the last one left; usually this finds nothing to do.

    Raises ``OperationError`` if another run is at work.
    """
    locked = _locked(stack)
    ended = processes.end_orphans(stack.environment)
    _drop_torn_attributes(stack)
    # Where `pulumi cancel` released the lock, or a recovery was interrupted, the state tells.
    if not locked and not _has_pending(stack):
        return
    with progress.step(f"Recover what the killed run of stack {stack.name} was doing") as step:
        if locked:
            _run(stack, "cancel", "--yes")
        # All, because a killed run may also have changed or deleted what it did not come to write down.
        _run(stack, "refresh", "--yes", "--skip-preview")
        exported = export(stack)
        deployment = exported.get("deployment") or {}
        pending = _pending(deployment)
        known = frozenset(one["id"] for one in deployment.get("resources") or () if one.get("id"))
        found = _existing(stack, pending, known)
        if ended and len(found) < len(pending):
            time.sleep(_SETTLED)
            found = _existing(stack, pending, known)
        step.note(f"{len(pending)} were being created, {len(found)} of them exist")
        _take_in(stack, exported, found)


def _locked(stack: Stack) -> bool:
    """Whether a run that is no longer alive left its lock."""
    locks = list(_locks(stack))
    if alive := [lock for lock in locks if not lock.dead]:
        raise OperationError(
            f"stack {stack.name} is in use by process {alive[0].pid} on {alive[0].host}; wait for its end, "
            f"or, if it is gone, run: pulumi cancel --stack {stack.name}"
        )
    return bool(locks)


def _has_pending(stack: Stack) -> bool:
    """Whether the state of a backend that is a folder has operations that did not come to their end."""
    folder = _backend(stack)
    if folder is None:
        return False
    for path in folder.glob(f"stacks/*/{stack.name}.json"):
        checkpoint = json.loads(path.read_text())["checkpoint"]
        if (checkpoint.get("latest") or {}).get("pending_operations"):
            return True
    return False


def _drop_torn_attributes(stack: Stack) -> None:
    """Remove the attributes that a killed engine did not come to write; it would read nothing any more.

    Beside each file of a backend that is a folder the engine keeps ``FILE.attrs`` (content type, MD5), which
    it empties before it writes it (gocloud.dev/blob/fileblob ``setAttrs``): killed between the two, each
    later command ends with "failed to load checkpoint: EOF". A file without attributes is read as it is.
    """
    folder = _backend(stack)
    for path in folder.rglob("*.attrs") if folder is not None else ():
        if path.stat().st_size == 0:
            path.unlink()


def _pending(deployment: dict[str, Any]) -> tuple[Wanted, ...]:
    """What was being created; without gates, which are no objects of a cloud and settle again."""
    return tuple(
        wanted(one["resource"])
        for one in deployment.get("pending_operations") or []
        if one["type"] == "creating" and not one["resource"]["type"].startswith("pulumi-python:")
    )


def _existing(stack: Stack, pending: Sequence[Wanted], known: frozenset[str]) -> dict[str, str]:
    """URN → id of what was being created and exists."""
    found = {}
    with stack.entered(), cloud_faults():
        cloud = connect()
        for one in pending:
            if identity := find(cloud, one, known, to_import=False):
                found[one.urn] = identity
    return found


def _take_in(stack: Stack, exported: dict[str, Any], found: Mapping[str, str]) -> None:
    """Put what exists among the stack's resources, in place of what was to be done, and read it.

    Until here the operations stand in the state (the engine keeps creations while it reads all anew,
    pkg/backend/snapshot.go ``Snap``), so that a recovery that fails or is killed is taken up again.
    """
    deployment = exported.get("deployment") or {}
    if not (operations := deployment.pop("pending_operations", None)):
        return
    made = [
        as_created(one["resource"], found[one["resource"]["urn"]])
        for one in operations
        if one["resource"]["urn"] in found
    ]
    deployment["resources"] = with_made(deployment["resources"], made)
    put(stack, exported)
    if made:
        _run(stack, "refresh", "--yes", "--skip-preview", *targeted(one["urn"] for one in made))


def as_created(resource: _Resource, identity: str) -> _Resource:
    """A resource that was being created, as it was asked for.

    A plugin that is to read a thing without outputs takes it for an import and makes up its inputs. What no
    service tells (an image's file, a server's user data, whether a group's default rules were deleted)
    would be lost, and the next ``up`` would replace the thing for it. Plugins keep what they do not read.
    """
    asked = {name: value for name, value in (resource.get("inputs") or {}).items() if name[:2] != "__"}
    return {**resource, "id": identity, "outputs": {**asked, "id": identity}}


def with_made(resources: Sequence[_Resource], made: Sequence[_Resource]) -> list[_Resource]:
    """The resources of a state and those that a killed run had made, in an order that the engine takes.

    One that was to take the place of another has that one's URN: the other is marked for deletion, as the
    engine would have done. One that was deleted already, before its replacement (``pendingReplacement``), is
    left out: with both marks the engine would never take it out of the state again (pkg/backend/snapshot.go
    ``deleteSnapshotMutation``). The engine wants each resource after those that it refers to, and what is to
    be deleted after what took its place (pkg/resource/deploy/snapshot.go ``VerifyIntegrity``).
    """
    urns = {one["urn"] for one in made}
    resources = [one for one in resources if one["urn"] not in urns or not one.get("pendingReplacement")]
    live = {one["urn"]: one for one in resources if not one.get("delete") and one["urn"] not in urns}
    live |= {one["urn"]: one for one in made}
    condemned = [{**one, "delete": True} for one in resources if one.get("delete") or one["urn"] in urns]
    order = TopologicalSorter({urn: _refers_to(one) & live.keys() for urn, one in live.items()})
    return [*(live[urn] for urn in order.static_order()), *condemned]


def _refers_to(one: _Resource) -> set[str]:
    """URNs of the resources that one needs."""
    provider = (one.get("provider") or "").rpartition("::")[0]
    by_property = [urn for urns in (one.get("propertyDependencies") or {}).values() for urn in urns or []]
    return {
        provider,
        one.get("parent"),
        one.get("deletedWith"),
        *(one.get("dependencies") or []),
        *by_property,
    } - {
        None,
        "",
    }


def export(stack: Stack) -> dict[str, Any]:
    """The state of a stack. Secrets in it stay encrypted."""
    exported: dict[str, Any] = json.loads(_run(stack, "stack", "export"))
    return exported


def put(stack: Stack, exported: dict[str, Any]) -> None:
    """Have a stack take an exported state in place of its own."""
    with tempfile.NamedTemporaryFile("w", prefix="state-", suffix=".json") as file:  # mode 0600
        json.dump(exported, file)
        file.flush()
        _run(stack, "stack", "import", "--file", file.name)


@dataclass(frozen=True)
class _Lock:
    pid: int
    host: str

    @property
    def dead(self) -> bool:
        return self.host == socket.gethostname() and not psutil.pid_exists(self.pid)


def _locks(stack: Stack) -> Iterator[_Lock]:
    """Locks of a backend that is a folder; other backends keep theirs where only the engine sees them."""
    folder = _backend(stack)
    if folder is None:
        return
    for path in folder.glob(f"locks/*/*/{stack.name}/*.json"):
        saved = json.loads(path.read_text())
        yield _Lock(int(saved["pid"]), saved["hostname"])


def _backend(stack: Stack) -> Path | None:
    """The folder of a backend that is one."""
    url = urlsplit(stack.environment.get("PULUMI_BACKEND_URL", ""))
    return Path(url.path) / ".pulumi" if url.scheme == "file" else None


def _run(stack: Stack, *arguments: str) -> str:
    done = stack.pulumi(*arguments, quiet=True, extra={"PULUMI_NON_INTERACTIVE": "true"})
    if done.returncode:
        raise OperationError(f"pulumi {' '.join(arguments[:2])} failed: {done.stdout.strip()}")
    return done.stdout
