"""Free loopback ports for one sandbox, claimed so that two sandboxes that start together never meet."""

import json
import random
import socket
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any

from sandbox import files
from sandbox.errors import SandboxError
from toolchain import locks
from toolchain.home import home

FIRST, LAST = 20000, 29999
"""Below Linux's range for outgoing connections (32768-60999), so that no client socket takes one of ours."""


@dataclass(frozen=True)
class Ports:
    """TCP ports on 127.0.0.1, one for each listener of a sandbox."""

    database: int
    broker: int
    broker_distribution: int
    epmd: int
    keystone: int
    glance: int
    placement: int
    nova: int
    neutron: int
    cinder: int
    vcenters: tuple[int, ...]


def is_free(port: int) -> bool:
    """Whether a server could listen on ``port`` of the loopback address right now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def claim(run: Path, vcenters: int = 1) -> Ports:
    """Claim a free port for every listener of the sandbox in ``run``; an older claim of it is dropped.

    Claims of all sandboxes stand in ``home()/ports.json`` and hold as long as the run folder exists,
    also while that sandbox is stopped or has not yet opened its ports.
    """
    ledger = home() / "ports.json"
    with locks.held(home() / "ports.lock"):
        claims: dict[str, list[int]] = json.loads(ledger.read_text()) if ledger.exists() else {}
        claims = {owner: taken for owner, taken in claims.items() if Path(owner).is_dir()}
        claims.pop(str(run), None)
        taken = {port for theirs in claims.values() for port in theirs}
        candidates = list(range(FIRST, LAST + 1))
        random.shuffle(candidates)
        singles = [field.name for field in fields(Ports) if field.name != "vcenters"]
        wanted = len(singles) + vcenters
        free = (port for port in candidates if port not in taken and is_free(port))
        found = list(islice(free, wanted))
        if len(found) < wanted:
            raise SandboxError(
                f"no {wanted} free TCP ports on 127.0.0.1 between {FIRST} and {LAST}: "
                "stop other sandboxes or whatever listens there"
            )
        claims[str(run)] = found
        files.write(ledger, json.dumps(claims, indent=1))
    named: dict[str, Any] = dict(zip(singles, found, strict=False))
    return Ports(**named, vcenters=tuple(found[len(singles) :]))
