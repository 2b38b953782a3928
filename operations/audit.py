"""One record for each ``up`` and ``destroy``: who, when, of which commit and approval, what was done, and
where servers ran before and after.

It is there, as unfinished, before anything begins, so that a killed run leaves one too. The file is canonical
JSON (RFC 8785), one line: its bytes can be signed, and compared.
"""

import getpass
import json
import os
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from estate.documents import Problem
from estate.evidence import landing
from operations.approval import Digests
from operations.errors import OperationError
from review.digest import canonical
from review.hiding import hidden
from review.value import PolicyResult, Value, schema_of
from sandbox import files
from toolchain.home import home

SCHEMA_VERSION = 1
FOLDER = "ESTATE_AUDIT"
"""Variable: folder in which records are kept, one folder in it for each environment."""


class Outcome(StrEnum):
    """How a run ended."""

    UNFINISHED = "unfinished"
    """It is under way, or was killed."""
    APPLIED = "applied"
    REFUSED = "refused"
    """Nothing was begun: it was not approved, or it is otherwise than approved."""
    FAILED = "failed"
    """What had begun by then is in `stacks`."""
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, kw_only=True)
class Who(Value):
    """Who ran it, as the machine knows it; in a job also as the code host does."""

    user: str
    host: str
    actor: str | None
    """Account of the code host that started the job."""
    job: str | None
    """Address of the job."""


@dataclass(frozen=True, kw_only=True)
class Approval(Value):
    """What the run was measured against."""

    required: bool
    """Whether the documents demand one."""
    approved: Digests | None
    """Null: none was given."""
    file: str | None
    """SHA-256 of the file that was approved, a copy of which is kept beside the record (`ID.approved.json`);
    null: only its digests were given."""


@dataclass(frozen=True, kw_only=True)
class Finding(Value):
    """What the rules said about the documents."""

    rule: str
    severity: str
    subject: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Done(Value):
    """What the engine did to one resource."""

    operation: str
    type: str
    name: str
    urn: str
    outcome: str
    """`done`, `failed`, or `begun`: the engine did not say how it ended."""


@dataclass(frozen=True, kw_only=True)
class StackRun(Value):
    """The engine's run on one stack."""

    stack: str
    outcome: Outcome
    resources: tuple[Done, ...]
    """What was not left as it was."""
    packs: tuple[str, ...]
    """Policy packs that judged all of it; none where the engine did not come to its end."""
    policies: tuple[PolicyResult, ...]
    """What they found."""
    errors: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Landing(Value):
    """Where a server ran."""

    server: str
    workload: str | None
    """Null: nobody declared it."""
    restricted: bool
    aggregate: str | None
    nova_host: str | None
    esxi_host: str | None
    equal: bool
    """Whether it was where and what the documents say."""
    differences: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Landings(Value):
    """Before and after the run; null: it could not be looked up, `problems` says why."""

    before: tuple[Landing, ...] | None
    after: tuple[Landing, ...] | None


@dataclass(frozen=True, kw_only=True)
class Record(Value):
    """The record of one run."""

    schema_version: int
    """Raised when a key is renamed, removed or given another meaning."""
    id: str
    command: str
    """`up` or `destroy`."""
    arguments: tuple[str, ...]
    """What limited it: parts, blocks, and what was given to the engine itself."""
    environment: str
    cloud: str
    who: Who
    started: str
    """UTC."""
    ended: str | None
    commit: str | None
    """Of the documents; null: they are in no repository, or not as a commit has them."""
    outcome: Outcome
    reasons: tuple[str, ...]
    """Why it was not applied, a sentence each."""
    documents: str
    """SHA-256 of documents, policies, exemptions and tools as they were applied."""
    preview: str | None
    """SHA-256 of what the engine was going to do; null: it was not previewed."""
    approval: Approval
    findings: tuple[Finding, ...]
    stacks: tuple[StackRun, ...]
    landings: Landings
    problems: tuple[str, ...]
    """What this record could not find out."""


_ADAPTER = TypeAdapter(Record)


def document(record: Record) -> bytes:
    """The canonical form: what is signed."""
    return canonical(_ADAPTER.dump_python(record, mode="json", by_alias=True))


def schema() -> dict[str, Any]:
    """Its JSON schema: ``python -m operations.audit > docs/schema/audit.schema.json``."""
    return schema_of(_ADAPTER)


def folder(environment: str) -> Path:
    """Where records of an environment are kept: in ``ESTATE_AUDIT``, else in the project's own folder."""
    place = os.environ.get(FOLDER)
    return (Path(place).expanduser() if place else home() / "audit") / environment


def who() -> Who:
    """Who runs this."""
    github = os.environ.get("GITHUB_RUN_ID")
    return Who(
        user=_user(),
        host=socket.gethostname(),
        actor=os.environ.get("GITHUB_ACTOR") or os.environ.get("GITLAB_USER_LOGIN"),
        job=f"{os.environ.get('GITHUB_SERVER_URL')}/{os.environ.get('GITHUB_REPOSITORY')}/actions/runs/{github}"
        if github
        else os.environ.get("CI_JOB_URL"),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that no user has
        return str(os.getuid())


def now() -> str:
    """UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def findings(problems: Iterable[Problem]) -> tuple[Finding, ...]:
    """Of the rules over documents."""
    return tuple(
        Finding(rule=one.rule, severity=one.severity.value, subject=one.subject, message=hidden(one.message))
        for one in problems
    )


def landings(rows: Iterable[landing.Landing]) -> tuple[Landing, ...]:
    """Of the rows of ``estate landing``."""
    return tuple(
        Landing(
            server=row.server,
            workload=row.workload,
            restricted=row.restricted,
            aggregate=row.aggregate,
            nova_host=row.nova_host,
            esxi_host=row.esxi_host,
            equal=row.equal,
            differences=row.differences,
        )
        for row in rows
    )


class Recorder:
    """A record while its run is under way: what is noted is written at once."""

    def __init__(self, begun: Record) -> None:
        self.record = begun
        self.path = folder(begun.environment) / f"{begun.id}.json"
        self._write()

    def note(self, **values: Any) -> None:  # noqa: ANN401 - any field of a record
        """Set fields."""
        self.record = replace(self.record, **values)
        self._write()

    def refuse(self, *reasons: str) -> None:
        """Nothing is begun, for these reasons."""
        self.note(outcome=Outcome.REFUSED, reasons=reasons)

    def enclose(self, ending: str, content: bytes) -> None:
        """Keep a file beside the record, under its name with this ending."""
        files.write(self.path.with_suffix(f".{ending}"), content.decode())

    def _write(self) -> None:
        try:
            files.write(self.path, document(self.record).decode())
        except OSError as error:
            raise OperationError(
                f"the record of this run cannot be written, so that nothing is begun: {self.path}: "
                f"{error.strerror}; name another folder with {FOLDER}"
            ) from error


def new_id(command: str) -> str:
    """Of a record that begins now: ids sort by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{command}-{secrets.token_hex(3)}"


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
