"""Volumes go with servers of their own side."""

from collections.abc import Iterator

from estate.model import Hypervisor
from policies.facts import Facts, Unknown, VolumeTypeFacts, server_side
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.image_and_flavor_known import NAME as CATALOGUED
from policies.rules.words import violation


def _judge(facts: Facts) -> Iterator[Violation]:
    for server in facts.servers:
        side = server_side(server)
        if side is None:
            continue
        for kind in server.volume_types:
            if isinstance(kind.serves, Hypervisor) and kind.serves is not side:
                yield violation(
                    server,
                    "volumes",
                    f'volume type "{kind.name}" serves {kind.serves.label} servers, but this one runs on '
                    f"{side.label}. Use a volume type for {side.label}.",
                )
            elif isinstance(kind.serves, Unknown):
                yield violation(
                    server,
                    "volumes",
                    f'it cannot be known here which side volume type "{kind.name}" serves. Give its '
                    f"extra specs "
                    "as plain values.",
                )
            elif kind.serves is None and server.restricted is True and server.workload is None:
                yield violation(server, "volumes", _unsaid(kind))


def _unsaid(kind: VolumeTypeFacts) -> str:
    """Of a server that must stay on ESXi: its data have to, as well."""
    if not kind.name:
        return "the type of its volume cannot be known here. Give it as a plain value."
    return (
        f'nothing says which side volume type "{kind.name}" serves. Add to "{CATALOGUED}" in the file of '
        f'--policy-pack-config: "volumeTypes": {{"{kind.name}": "esxi"}}, if it does '
        "(`estate policies config ENV` writes it)."
    )


RULE = Rule(
    name="volume-on-its-side",
    severity=Severity.HIGH,
    scope=Scope.STACK,
    description="A server has volumes only of types that serve its own side.",
    why="Nova pairs neither volume type with hypervisor nor back end with host: the attachment fails "
    "when the "
    "server is built, or a restricted workload's data leaves ESXi's datastores.",
    what_to_do="Use a volume type whose back end serves the server's hypervisor.",
    source="nova/volume/cinder.py check_availability_zone; cinder/volume/drivers/vmware/vmdk.py "
    "initialize_connection",
    judge=_judge,
    in_documents="volume-type-side",
)
