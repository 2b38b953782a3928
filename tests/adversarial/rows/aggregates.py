"""Aggregates that do not keep the sides apart."""

from typing import Any

from tests.adversarial.kit import ESXI_HOST, ESXI_HOST_OF_OTHERS, KVM_HOST, VENDOR, K, Kit, V
from tests.adversarial.rows.row import Program, Row, both, without


def aggregate(key: str, way: str, wrong: Program, rule: str, **more: Any) -> Row:
    """Aggregates that do not keep the sides apart."""
    return Row(
        key=f"aggregate-{key}",
        family="aggregate",
        way=way,
        rule=rule,
        wrong=wrong,
        **{"right": apart, "sibling": "each side its own hosts, zone, trait and img_hv_type", **more},
    )


def apart(kit: Kit) -> None:
    """Both aggregates as they should be."""
    kit.vendor()
    kit.common()


AGGREGATES = (
    aggregate(
        "plain",
        "no trait",
        both(lambda kit: kit.vendor(without(VENDOR, V)), lambda kit: kit.common()),
        "esxi-aggregate-isolated",
    ),
    aggregate(
        "legacy-key",
        "`hypervisor_type` instead of `img_hv_type`, which Nova ignores",
        both(lambda kit: kit.vendor({V: "required", "hypervisor_type": "vmware"}), lambda kit: kit.common()),
        "aggregate-metadata-read",
    ),
    aggregate(
        "key-misspelt",
        "trait key `trait:CUSTOM_HV_VMWAER`",
        both(
            lambda kit: kit.vendor({"trait:CUSTOM_HV_VMWAER": "required", "img_hv_type": "vmware"}),
            lambda kit: kit.common(),
        ),
        "aggregate-metadata-read",
    ),
    aggregate(
        "key-space",
        "trait key with a space",
        both(
            lambda kit: kit.vendor({f"trait: {V[6:]}": "required", "img_hv_type": "vmware"}),
            lambda kit: kit.common(),
        ),
        "aggregate-metadata-read",
    ),
    aggregate(
        "value",
        "trait with the value `true`",
        both(lambda kit: kit.vendor({**VENDOR, V: "true"}), lambda kit: kit.common()),
        "esxi-aggregate-isolated",
    ),
    aggregate(
        "other-trait",
        "the trait of KVM besides",
        both(lambda kit: kit.vendor({**VENDOR, K: "required"}), lambda kit: kit.common()),
        "esxi-aggregate-isolated",
    ),
    aggregate(
        "unknown",
        "metadata that are known only during the update",
        both(lambda kit: kit.vendor(kit.later({})), lambda kit: kit.common()),
        "esxi-aggregate-isolated",
    ),
    aggregate(
        "kvm-host",
        "a KVM host in both aggregates",
        both(lambda kit: kit.vendor(hosts=[ESXI_HOST, KVM_HOST]), lambda kit: kit.common()),
        "host-on-one-side",
    ),
    aggregate(
        "esxi-host",
        "an ESXi cluster in both aggregates",
        both(lambda kit: kit.vendor(), lambda kit: kit.common([KVM_HOST, ESXI_HOST])),
        "host-on-one-side",
    ),
    aggregate(
        "host-case",
        "the same in capitals",
        both(lambda kit: kit.vendor(), lambda kit: kit.common([KVM_HOST, ESXI_HOST.upper()])),
        "host-on-one-side",
    ),
    aggregate(
        "second",
        "an ESXi cluster in a second aggregate that says nothing",
        both(apart, lambda kit: kit.aggregate("second", [ESXI_HOST], {})),
        "host-on-one-side",
        right=both(apart, lambda kit: kit.aggregate("second", [ESXI_HOST], VENDOR)),
        sibling="the second aggregate isolated as well",
    ),
    aggregate(
        "host-of-others",
        "an ESXi cluster of another program's aggregate",
        lambda kit: kit.common([KVM_HOST, ESXI_HOST_OF_OTHERS]),
        "host-on-one-side",
        right=lambda kit: kit.common(),
        sibling="its own hosts only",
    ),
    aggregate(
        "zone-shared",
        "one zone for both sides",
        both(lambda kit: kit.vendor(), lambda kit: kit.common(zone="az-esxi")),
        "zone-on-one-side",
    ),
    aggregate(
        "zone-case",
        "the same, once in capitals",
        both(lambda kit: kit.vendor(), lambda kit: kit.common(zone="AZ-ESXI")),
        "zone-on-one-side",
    ),
    aggregate(
        "zone-key",
        "one zone for both sides, by the metadata `availability_zone` beside a right zone",
        both(
            lambda kit: kit.vendor({**VENDOR, "availability_zone": kit.own("az-kvm")}),
            lambda kit: kit.common(),
        ),
        "zone-on-one-side",
    ),
    aggregate(
        "hosts-unknown",
        "members that are known only during the update",
        both(
            lambda kit: kit.aggregate("vendor", kit.later([kit.own(KVM_HOST)]), VENDOR, "az-esxi", own=False),
            lambda kit: kit.common(),
        ),
        "host-on-one-side",
    ),
)
