"""Flavors that do not lead to ESXi, or lead others there."""

from typing import Any

from tests.adversarial.kit import ON_ESXI, ON_KVM, V
from tests.adversarial.rows.row import Row, both


def flavor(key: str, way: str, extra_specs: Any, rule: str) -> Row:
    """A restricted server whose flavor does not lead to ESXi."""
    return Row(
        key=f"flavor-{key}",
        family="flavor",
        way=way,
        rule=rule,
        wrong=lambda kit: kit.restricted(
            flavor=kit.flavor(extra_specs(kit) if callable(extra_specs) else extra_specs)
        ),
        right=lambda kit: kit.restricted(),
        sibling="the trait of ESXi, required",
    )


FLAVORS = (
    flavor("plain", "no extra specs", {}, "flavor-on-one-side"),
    flavor("kvm", "the trait of KVM", ON_KVM, "esxi-restricted-on-esxi"),
    flavor("two-traits", "the traits of both sides", {**ON_ESXI, **ON_KVM}, "flavor-on-one-side"),
    flavor("trait-misspelt", "trait `CUSTOM_HV_VMWARES`", {f"{V}S": "required"}, "flavor-on-one-side"),
    flavor("value-space", "value `required` with a trailing space", {V: "required "}, "flavor-on-one-side"),
    flavor("forbidden", "the trait forbidden", {V: "forbidden"}, "flavor-on-one-side"),
    flavor(
        "unknown",
        "extra specs that are known only during the update",
        lambda kit: kit.later(ON_KVM),
        "flavor-on-one-side",
    ),
    Row(
        key="flavor-public",
        family="flavor",
        way="a flavor for ESXi that every project may use",
        rule="esxi-flavor-private",
        wrong=lambda kit: kit.flavor(public=True),
        right=lambda kit: kit.flavor(),
        sibling="private",
    ),
    Row(
        key="flavor-access",
        family="flavor",
        way="access to a flavor for ESXi, granted by hand beside the components",
        rule="resource-inside-component",
        wrong=both(lambda kit: kit.component(), lambda kit: kit.access()),
        right=lambda kit: kit.component(),
        sibling="none granted",
        alone=True,
    ),
    Row(
        key="flavor-general",
        family="flavor",
        way="a general server with a flavor that says nothing, its image an untagged VMDK",
        rule="flavor-on-one-side",
        wrong=lambda kit: kit.general(kit.image({}), kit.flavor({})),
        right=lambda kit: kit.general(),
        sibling="image and flavor for KVM",
    ),
)
