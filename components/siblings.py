"""Outputs of an environment's other stacks; all are applied by the operators, who may read them."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import pulumi

from estate.model.parts import PLATFORM


def stack_name(environment: str, part: str) -> str:
    """The stack of a part: the platform's has the name of the environment, all others ``ENV.PART``."""
    return environment if part == PLATFORM else f"{environment}.{part}"


def outputs(part: str, key: str, names: Iterable[str], own: str) -> Mapping[str, pulumi.Output[str]]:
    """Values of a mapping that another part exports, by name; ``own``: the part that asks."""
    environment = pulumi.get_stack().removesuffix(f".{own}")
    stack = stack_name(environment, part)
    reference = pulumi.StackReference(f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}")
    exported = reference.get_output(key)
    return {name: exported.apply(partial(_one, name, stack)) for name in names}


def _one(name: str, stack: str, exported: Mapping[str, Any] | None) -> str:
    if not exported or not exported.get(name):
        raise pulumi.RunError(f'stack {stack} has no "{name}" yet; apply that part first')
    return str(exported[name])
