"""What all gates share: the connection, a look at the live state at every diff, faults of one sentence."""

import logging
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.dynamic.dynamic import PROVIDER_KEY

from estate.openstack.connection import cloud_faults, connect
from estate.openstack.errors import CloudError
from estate.openstack.sdk import Connection

PATIENCE = 900.0
"""Seconds that a gate waits at most, unless the stack's configuration says ``estate:patience``."""

IMPORTING = "ESTATE_IMPORTING"
"""Variable with the path of a file; while it is set, gates note what they stand for and do nothing."""

LEFT = "left"
"""Property of a gate that is left as it was found by an import: it is not settled, and not looked at."""

Props = dict[str, Any]


class Gate(ResourceProvider):
    """A step with a name. Subclasses say how it settles, whether it has drifted, and what leaving means."""

    serialize_as_secret_always = False

    def refusal(self, cloud: Connection, olds: Props | None, props: Props) -> str | None:  # noqa: ARG002
        """Why it cannot be settled, a sentence: previews say it. Asked only if something is to change."""
        return None

    def hazard(self, cloud: Connection, olds: Props, props: Props) -> str | None:  # noqa: ARG002
        """What a change may run into, a sentence: previews say it, and `up` tries."""
        return None

    def settle(self, cloud: Connection, olds: Props | None, props: Props) -> None:
        """Make it so, and return once it is; ``olds`` is what was settled before, ``None`` at first."""
        raise NotImplementedError

    def drifted(self, cloud: Connection, props: Props) -> bool:  # noqa: ARG002
        """Whether the cloud no longer is as settled, so that the next ``up`` has to settle again."""
        return False

    def leave(self, cloud: Connection, props: Props) -> None:
        """Called when the resource is deleted."""

    def say(self, line: str) -> None:
        """Show a line of progress: the engine displays what a dynamic provider prints."""
        print(line, flush=True)

    # What the engine calls.

    def configure(self, req: ConfigureRequest) -> None:
        """Take the cloud's name and the patience from the stack's configuration."""
        # grpc logs a traceback for each exception that leaves a provider; `_faults` has said it better.
        logging.getLogger("grpc._server").setLevel(logging.CRITICAL)
        self._cloud: str | None = req.config.get("openstack:cloud") or None
        self.patience = float(req.config.get("estate:patience") or PATIENCE)

    def check(self, _olds: Props, news: Props) -> CheckResult:
        """Refuse what cannot be settled before it is begun."""
        why = None
        olds, own = _own(_olds) or None, _own(news)
        if olds != own and not _left(own) and type(self).refusal is not Gate.refusal:
            with _faults():
                why = self.refusal(_connection(self._cloud), olds, own)
        return CheckResult(news, [CheckFailure("", why)] if why else [])

    def create(self, props: Props) -> CreateResult:
        """Settle for the first time."""
        props = _own(props)
        if not _left(props):
            with _faults():
                self.settle(_connection(self._cloud), None, props)
        return CreateResult("settled", props)

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Settle again."""
        olds, news = _own(_olds), _own(_news)
        if not _left(news):
            with _faults():
                self.settle(_connection(self._cloud), olds, news)
        return UpdateResult(news)

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        """Compare with what was settled, and with the cloud as it is now."""
        olds, news = _own(_olds), _own(_news)
        if olds != news:
            if IMPORTING in os.environ:
                return DiffResult(changes=False)
            if type(self).hazard is not Gate.hazard and not _left(news):
                with _faults():
                    if said := self.hazard(_connection(self._cloud), olds, news):
                        self.say(said)
            return DiffResult(changes=True)
        if _left(news):
            return DiffResult(changes=False)
        with _faults():
            return DiffResult(changes=self.drifted(_connection(self._cloud), news))

    def read(self, id_: str, props: Props) -> ReadResult:
        """Leave the record as it is: ``diff`` looks at the cloud itself."""
        return ReadResult(id_, dict(props))

    def delete(self, _id: str, _props: Props) -> None:
        """Leave."""
        with _faults():
            self.leave(_connection(self._cloud), _own(_props))


def _left(props: Props) -> bool:
    """Whether nothing is to be done: in an import, and for what an import has left as it was found."""
    return IMPORTING in os.environ or bool(props.get(LEFT))


def _own(props: Props) -> Props:
    return {key: value for key, value in props.items() if key != PROVIDER_KEY}


@cache
def _connection(name: str | None) -> Connection:
    return connect(name)


@contextmanager
def _faults() -> Iterator[None]:
    """Expected faults leave as one sentence; of others the traceback is shown as well."""
    try:
        with cloud_faults():
            yield
    except CloudError as error:
        raise CloudError(str(error)) from None
    except Exception:
        traceback.print_exc()
        raise
