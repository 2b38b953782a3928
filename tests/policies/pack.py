"""The pack, asked over its own protocol as the engine does; no engine is needed."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import grpc  # type: ignore[import-untyped]
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from policies.analyzer import started
from policies.clock import VARIABLE
from policies.properties import COMPONENTS
from review.registration import Registration

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine says that a string is not known yet (sdk/go/common/resource/plugin/rpc.go)."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource as the engine shows it to a pack."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    parent: str = ""
    provider: str = ""
    """URN."""
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Property → URNs that its value comes from."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What the stack's analysis sees besides the inputs."""

    @property
    def urn(self) -> str:
        """As the engine makes it."""
        chain = f"{self.parent.split('::')[2]}$" if self.parent else ""
        return f"urn:pulumi:s::p::{chain}{self.type}::{self.name}"


@dataclass(frozen=True)
class Violation:
    """What the pack reports."""

    rule: str
    name: str
    """Of the resource."""
    message: str
    mandatory: bool


class Pack:
    """A running pack."""

    def __init__(self, stub: Any) -> None:
        self._stub = stub

    def analyze(
        self, *resources: Resource, stack: bool = True, refreshed: Sequence[Resource] = ()
    ) -> list[Violation]:
        """Each resource, then, unless an update stopped before, the stack: as the engine does it.

        ``refreshed``: of the stack's state, and no longer of the program.
        """
        found = []
        for one in resources:
            request = analyzer_pb2.AnalyzeRequest(
                type=one.type,
                urn=one.urn,
                name=one.name,
                properties=_struct(one.inputs),
                options=analyzer_pb2.AnalyzerResourceOptions(parent=one.parent),
            )
            found += _violations(self._stub.Analyze(request).diagnostics)
        if stack:
            request = analyzer_pb2.AnalyzeStackRequest(
                resources=[
                    analyzer_pb2.AnalyzerResource(
                        type=one.type,
                        urn=one.urn,
                        name=one.name,
                        parent=one.parent,
                        provider=analyzer_pb2.AnalyzerProviderResource(urn=one.provider),
                        properties=_struct({**one.inputs, **one.outputs}),
                        propertyDependencies={
                            key: analyzer_pb2.AnalyzerPropertyDependencies(urns=list(urns))
                            for key, urns in one.sources.items()
                        },
                    )
                    for one in (*resources, *refreshed)
                ]
            )
            found += _violations(self._stub.AnalyzeStack(request).diagnostics)
        return found

    def configure(self, rules: Mapping[str, Mapping[str, Any]], level: str = "MANDATORY") -> None:
        """Rule → configuration, as the engine hands it over, all of one level."""
        self._stub.Configure(
            analyzer_pb2.ConfigureAnalyzerRequest(
                policyConfig={
                    rule: analyzer_pb2.PolicyConfig(
                        enforcementLevel=analyzer_pb2.EnforcementLevel.Value(level),
                        properties=_struct(properties),
                    )
                    for rule, properties in rules.items()
                }
            )
        )

    def rules(self) -> list[Any]:
        """What it tells the engine of its rules."""
        return list(self._stub.GetAnalyzerInfo(Empty()).policies)


@contextmanager
def running(*, preview: bool = True, today: str = "2026-11-01") -> Iterator[Pack]:
    """A pack as for one preview or one update, on that day. Its process is that of the tests: one each would
    take most of their time. That the engine starts it is seen in ``test_with_engine``.
    """
    server, port = started()
    try:
        with (
            patch.dict("os.environ", {VARIABLE: today}),
            grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
        ):
            stub = analyzer_pb2_grpc.AnalyzerStub(channel)
            stub.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(dry_run=preview))
            yield Pack(stub)
    finally:
        server.stop(grace=None)


def _struct(values: Mapping[str, Any]) -> Struct:
    struct = Struct()
    struct.update(values)
    return struct


def _violations(diagnostics: Any) -> list[Violation]:
    return [
        Violation(
            one.policyName,
            one.urn.split("::")[-1],
            one.message.removeprefix(f"{one.description}\n"),
            one.enforcementLevel == analyzer_pb2.MANDATORY,
        )
        for one in diagnostics
    ]


def shown(recorded: Mapping[str, Registration]) -> list[Resource]:
    """What a program registered, as the engine shows it to a pack."""
    by_key = {key: one.urn for key, one in recorded.items()}
    made: dict[str, Resource] = {}
    for one in recorded.values():
        outside = one.parent if COMPONENTS in one.parent else ""
        made[one.urn] = Resource(
            type=one.type,
            name=one.name,
            inputs=one.inputs,
            parent=made[one.parent].urn if one.parent in made else outside,
            provider=one.provider.rpartition("::")[0],
            sources={
                key: [made[by_key[source]].urn for source in sources if by_key.get(source) in made]
                for key, sources in one.property_dependencies.items()
            },
        )
    return list(made.values())
