"""A flavor leads to one hypervisor."""

from collections.abc import Iterator

from estate.model import Hypervisor
from estate.placement.triple import REQUIRED, trait_key
from policies.facts import Facts, Unknown, flavor_side
from policies.rule import Rule, Scope, Severity, Violation
from policies.rules.words import violation

_WANTED = " or ".join(f"{trait_key(one)}={REQUIRED}" for one in Hypervisor)


def _judge(facts: Facts) -> Iterator[Violation]:
    for flavor in facts.flavors:
        side = flavor_side(flavor)
        if isinstance(side, Unknown):
            yield violation(
                flavor,
                "extra_specs",
                "the traits that the flavor requires cannot be known here. Give its extra specs as "
                "plain values.",
            )
        elif side is None:
            assert not isinstance(flavor.extra_specs, Unknown)
            found = [
                f"{key}={flavor.extra_specs[key]}"
                for key in map(trait_key, Hypervisor)
                if key in flavor.extra_specs
            ]
            yield violation(
                flavor,
                "extra_specs",
                f"expected {_WANTED}, found {' and '.join(found) or 'neither'}: the flavor leads to no side. "
                "Say one of them, spelt exactly so.",
            )


RULE = Rule(
    name="flavor-on-one-side",
    severity=Severity.HIGH,
    scope=Scope.RESOURCE,
    description="A flavor requires the trait of exactly one hypervisor.",
    why="A resize asks only the new flavor and the stored image: with a flavor without trait a server from a "
    "blank volume has nothing that keeps it on its side.",
    what_to_do="Give the flavor the extra spec trait:CUSTOM_HV_KVM=required or "
    "trait:CUSTOM_HV_VMWARE=required.",
    source="nova/scheduler/utils.py ResourceRequest._process_extra_specs",
    judge=_judge,
    by_components=True,
)
