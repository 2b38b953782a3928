"""The policy pack as a server: all that knows the engine's analyzer protocol (pulumi/proto/analyzer.proto).

Pulumi's policy SDK hands every resource to every policy anew, each time read from the wire and wrapped: for
the rules of this pack that took half as long as the preview of a large estate. Here a resource is read once,
if any rule looks at its type, and all rules judge the same facts. To the engine nothing differs: every rule
is a policy with a name, a severity, a remediation and a level of its own.

The SDK also turns a rule that meets an unknown value into an advisory message (pulumi_policy/policy.py
``Analyze``); here it is ``UNKNOWN``, and the rules refuse by it.
"""

import traceback
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2, json_format, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2

from estate.model.nearest import nearest
from policies.catalogue import SCHEMA
from policies.facts import UNKNOWN
from policies.over_resources import Judge, Judged
from policies.properties import KINDS, Props
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules import RULES
from policies.rules.image_and_flavor_known import NAME as CATALOGUED
from policies.stack import Resource

PACK = "estate"
_EVERY = "all"
"""What the engine calls all rules in a configuration (pkg/resource/analyzer/config.go applyConfig)."""

_UNKNOWN = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
"""How the engine writes a value that it does not know (sdk/go/common/resource/plugin/rpc.go)."""
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - says that what follows is one
"""Key and value of an object that wraps a secret (sdk/go/common/resource/properties.go)."""

_SEVERITIES = {
    Severity.CRITICAL: analyzer_pb2.POLICY_SEVERITY_CRITICAL,
    Severity.HIGH: analyzer_pb2.POLICY_SEVERITY_HIGH,
    Severity.MEDIUM: analyzer_pb2.POLICY_SEVERITY_MEDIUM,
}
_LARGEST_MESSAGE = 400 * 1024 * 1024
"""Bytes, as everywhere in Pulumi (sdk/python/lib/pulumi/runtime/_grpc_settings.py)."""

_AnswerT = TypeVar("_AnswerT")


def _loud(call: Callable[..., _AnswerT]) -> Callable[..., _AnswerT]:
    """What raises stops the engine, which shows the message; where it was raised is in the pack's log."""

    @wraps(call)
    def shown(*arguments: Any) -> _AnswerT:  # noqa: ANN401 - passed on
        try:
            return call(*arguments)
        except Exception:
            traceback.print_exc()
            raise

    return shown


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """Answers the engine."""

    def __init__(self) -> None:
        self._judge = Judge()
        self._levels: dict[str, Any] = {}
        self._preview = False

    def Handshake(self, _request: Any, _context: Any) -> Any:  # noqa: N802, ANN401
        """Nothing: the engine is not called back."""
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def GetAnalyzerInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802, ANN401
        """What the rules are, and what they can be told."""
        return analyzer_pb2.AnalyzerInfo(
            name=PACK, supportsConfig=True, policies=[_described(rule) for rule in RULES]
        )

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802, ANN401
        """Nothing: the version is that of ``PulumiPolicy.yaml``."""
        return plugin_pb2.PluginInfo()

    def ConfigureStack(self, request: Any, _context: Any) -> Any:  # noqa: N802, ANN401
        """Preview or update."""
        self._preview = request.dry_run
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802, ANN401
        """Levels of the rules, and the catalogue. What is wrong with them is said in one sentence, without a
        trace: it is not the pack that fails.
        """
        self._levels = {name: one.enforcementLevel for name, one in request.policyConfig.items()}
        told = {name: json_format.MessageToDict(one.properties) for name, one in request.policyConfig.items()}
        try:
            _fits(told)
            self._judge.configure(told.get(CATALOGUED, {}))
        except ValueError as error:
            message = f"the configuration of the pack {PACK} does not fit: {error}"
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, message)
        return empty_pb2.Empty()

    def Remediate(self, _request: Any, _context: Any) -> Any:  # noqa: N802, ANN401
        """Nothing is mended silently."""
        return analyzer_pb2.RemediateResponse()

    @_loud
    def Analyze(self, request: Any, _context: Any) -> Any:  # noqa: N802, ANN401
        """One resource, before it is created or updated.

        At preview the stack is judged right afterwards, and has more to tell: rules that need it wait for it.
        """
        rules = [one for one in self._enabled() if one.scope is Scope.RESOURCE or not self._preview]
        one = Resource(
            kind=request.type,
            urn=request.urn,
            name=request.name,
            props=plain(request.properties) if request.type in KINDS else {},
            parents=(request.options.parent,),
            provider=request.provider.urn,
            sources={},
        )
        return self._answer(self._judge.resource(rules, one))

    @_loud
    def AnalyzeStack(self, request: Any, _context: Any) -> Any:  # noqa: N802, ANN401
        """All resources: at preview before anything is created, in an update at its end.

        After a refresh the engine shows what it refreshed as well, even if the program no longer has it and
        the same run deletes it (pkg/resource/deploy/step_executor.go keeps it among ``news``). All that a
        program registers was shown alone before; the rest leaves the stack, or was judged when it came.
        """
        shown = self._judge.inputs
        parents = {one.urn: one.parent for one in request.resources}
        resources = [
            Resource(
                kind=one.type,
                urn=one.urn,
                name=one.name,
                props=self._props(one),
                parents=tuple(_above(one.parent, parents)),
                provider=one.provider.urn,
                sources={key: tuple(value.urns) for key, value in one.propertyDependencies.items()},
                id=_id(one.properties) if one.type in KINDS else None,
            )
            for one in request.resources
            if not shown or one.urn in shown or one.type not in KINDS
        ]
        rules = [one for one in self._enabled() if one.scope is Scope.STACK]
        answer = self._answer(self._judge.stack(rules, resources))
        unused = self._judge.unused(self._enabled(), resources)
        answer.diagnostics.extend(self._diagnostic(*one, analyzer_pb2.ADVISORY) for one in unused)
        return answer

    def _props(self, resource: Any) -> Props:  # noqa: ANN401 - a message of the protocol
        """What it was given, else, for a resource that was not shown alone, what it became."""
        if resource.type not in KINDS:
            return {}
        given = self._judge.inputs.get(resource.urn)
        return plain(resource.properties) if given is None else given

    def _enabled(self) -> Iterable[Rule]:
        return (one for one in RULES if self._level(one) != analyzer_pb2.DISABLED)

    def _level(self, rule: Rule) -> Any:  # noqa: ANN401 - an enumeration of the protocol
        level = self._levels.get(rule.name, analyzer_pb2.MANDATORY)
        # Nothing can be remedied by itself; a violation of what should be is a violation.
        return analyzer_pb2.MANDATORY if level == analyzer_pb2.REMEDIATE else level

    def _answer(self, judged: Iterable[Judged]) -> Any:  # noqa: ANN401 - a message of the protocol
        return analyzer_pb2.AnalyzeResponse(
            diagnostics=[self._diagnostic(rule, violation, self._level(rule)) for rule, violation in judged]
        )

    @staticmethod
    def _diagnostic(rule: Rule, violation: Violation, level: Any) -> Any:  # noqa: ANN401 - as above
        return analyzer_pb2.AnalyzeDiagnostic(
            policyName=rule.name,
            policyPackName=PACK,
            message=f"{rule.description}\n{violation.message}",
            urn=violation.origin[0],
            description=rule.description,
            enforcementLevel=level,
            severity=_SEVERITIES[rule.severity],
        )


def _fits(told: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise ``ValueError`` for what the engine passes on unread: rules that there are not, and keys of rules
    that take none.
    """
    names = {one.name for one in RULES}
    for name, keys in told.items():
        if name not in names and name != _EVERY:
            raise ValueError(f'there is no rule "{name}".{nearest(name, names)}')
        if keys and name != CATALOGUED:
            raise ValueError(
                f'"{name}" takes a level and nothing else, found "{min(keys)}". Say "{name}": "advisory", '
                f'"mandatory" or "disabled"; the catalogue belongs to "{CATALOGUED}".'
            )


def serve() -> None:
    """Tell the engine the port, as the first line on stdout, and answer until it ends this process."""
    server, port = started()
    print(port, flush=True)
    with suppress(KeyboardInterrupt):  # so the engine ends a pack that it started itself
        server.wait_for_termination()


def started() -> tuple[grpc.Server, int]:
    """A pack that answers on that port of this machine."""
    options = [
        ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
        ("grpc.max_send_message_length", _LARGEST_MESSAGE),
    ]
    # One worker: what is remembered of single resources needs no lock, and the engine asks in turn.
    server = grpc.server(ThreadPoolExecutor(max_workers=1), options=options)
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Analyzer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def plain(struct: Any) -> Props:  # noqa: ANN401 - protobuf is untyped
    """Properties as plain values: ``UNKNOWN`` for what the engine does not know, secrets as their values."""
    return {key: _value(value) for key, value in struct.fields.items()}


def _id(struct: Any) -> str | None:  # noqa: ANN401 - protobuf is untyped
    """The id among a resource's outputs, where Pulumi's bridge to Terraform keeps it, once it is known."""
    found = _value(struct.fields["id"]) if "id" in struct.fields else None
    return found if isinstance(found, str) and found else None


def _value(value: Any) -> Any:  # noqa: ANN401 - properties are anything that JSON can say
    match value.WhichOneof("kind"):
        case "string_value":
            text = value.string_value
            return UNKNOWN if text in _UNKNOWN else text
        case "struct_value":
            found = plain(value.struct_value)
            return found.get("value") if found.get(_SIGNATURE) == _SECRET else found
        case "list_value":
            return tuple(_value(one) for one in value.list_value.values)
        case "bool_value":
            return value.bool_value
        case "number_value":
            return value.number_value
        case _:
            return None


def _above(urn: str, parents: Mapping[str, str]) -> Iterable[str]:
    """A parent and its parents, as far as they are resources of the stack."""
    while urn in parents:
        yield urn
        urn = parents[urn]


def _described(rule: Rule) -> Any:  # noqa: ANN401 - a message of the protocol
    kind = (
        analyzer_pb2.POLICY_TYPE_RESOURCE if rule.scope is Scope.RESOURCE else analyzer_pb2.POLICY_TYPE_STACK
    )
    told = struct_pb2.Struct()
    if rule.name == CATALOGUED:
        told.update(SCHEMA)
    return analyzer_pb2.PolicyInfo(
        name=rule.name,
        description=rule.description,
        enforcementLevel=analyzer_pb2.MANDATORY,
        severity=_SEVERITIES[rule.severity],
        remediation_steps=rule.what_to_do,
        policy_type=kind,
        configSchema=analyzer_pb2.PolicyConfigSchema(properties=told) if rule.name == CATALOGUED else None,
    )
