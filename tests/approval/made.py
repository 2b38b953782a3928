"""Previews and proposals that no engine made."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from operations.approval import Ground, Proposal, proposal
from review.digest import Contents
from review.value import Operation, Preview, PropertyChange, Step


def step(
    name: str = "ledger-db",
    operation: Operation = Operation.UPDATE,
    *,
    stack: str = "prod",
    **properties: Any,
) -> Step:
    """Of a server; ``properties``: path → new value, whose old one is null."""
    urn = f"urn:pulumi:{stack}::estate::openstack:compute/instance:Instance::{name}"
    return Step(
        urn=urn,
        type="openstack:compute/instance:Instance",
        name=name,
        component=None,
        operation=operation,
        properties=tuple(
            PropertyChange(path=path, old=None, new=new, replaces=False) for path, new in properties.items()
        ),
        because=(),
        protected=False,
    )


def preview(*steps: Step, stack: str = "prod") -> Preview:
    return Preview(
        environment="prod",
        stack=stack,
        applied=True,
        steps=steps,
        outside=(),
        policies=(),
        diagnostics=(),
        failure=None,
    )


CONTENTS = Contents(
    blocks={"estate": "e", "workloads/ledger-db": "w", "networks/app": "n"},
    user_data={"ledger-db": "u"},
    policies={"policies/rules/cluster_ha.py": "c", "policies/stack.py": "s"},
    exemptions={"scratch": "x"},
    tools={"pulumi": "3.259.0", "pulumi-openstack": "5.4.1"},
)


def contents(**changes: Mapping[str, str | None]) -> Contents:
    """With some keys changed; ``None`` removes one."""
    found = {}
    for part, values in changes.items():
        merged = {**getattr(CONTENTS, part), **values}
        found[part] = {key: value for key, value in merged.items() if value is not None}
    return replace(CONTENTS, **found)


def proposed(
    *previews: Preview,
    of: Contents = CONTENTS,
    environment: str = "prod",
    cloud: str = "prod-cloud",
    engine: str = "3.259.0",
    made: str = "2026-11-23T03:00:00Z",
) -> Proposal:
    return proposal(
        Ground(environment=environment, cloud=cloud, engine=engine, contents=of),
        previews or [preview(step(flavorId="esxi-large"))],
        commit="c0ffee",
        made=made,
        by="ada",
    )
