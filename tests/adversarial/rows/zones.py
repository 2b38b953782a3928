"""Servers that name a zone or a host."""

from tests.adversarial.kit import ESXI_HOST, KVM_HOST
from tests.adversarial.rows.row import Row
from tests.adversarial.rows.servers import server

ZONES = (
    server(
        "zone-kvm",
        "zone",
        "the zone of KVM",
        lambda kit: kit.restricted(availability_zone="az-kvm"),
        right=lambda kit: kit.restricted(),
        sibling="the zone of ESXi",
    ),
    server(
        "zone-case",
        "zone",
        "the zone of KVM in capitals",
        lambda kit: kit.restricted(availability_zone="AZ-KVM"),
        right=lambda kit: kit.restricted(),
        sibling="the zone of ESXi",
    ),
    server(
        "zone-host",
        "zone",
        "`zone:host` with a KVM host",
        lambda kit: kit.restricted(availability_zone=f"az-esxi:{KVM_HOST}"),
        right=lambda kit: kit.restricted(),
        sibling="the zone alone",
    ),
    server(
        "zone-host-untagged",
        "zone",
        "`zone:host` with a KVM host, image and flavor without trait",
        lambda kit: kit.restricted(
            kit.image({}, "raw"), kit.flavor({}), availability_zone=f"az-kvm:{KVM_HOST}"
        ),
        right=lambda kit: kit.restricted(),
        sibling="the zone alone, with the trait",
    ),
    server(
        "zone-node",
        "zone",
        "`zone::node`",
        lambda kit: kit.restricted(availability_zone=f"az-kvm::{KVM_HOST}"),
        right=lambda kit: kit.restricted(),
        sibling="the zone alone",
    ),
    server(
        "zone-hints",
        "zone",
        "`zone:host` by `availability_zone_hints`",
        lambda kit: kit.restricted(availability_zone=None, availability_zone_hints=f"az-kvm:{KVM_HOST}"),
        right=lambda kit: kit.restricted(availability_zone=None, availability_zone_hints="az-esxi"),
        sibling="the zone of ESXi as hint",
    ),
    server(
        "zone-unknown",
        "zone",
        "a zone that is known only during the update",
        lambda kit: kit.restricted(availability_zone=kit.later("az-kvm")),
    ),
    server(
        "zone-default",
        "zone",
        "no zone, so the default one, and nothing that says where",
        lambda kit: kit.restricted(kit.image({}, "raw"), kit.flavor({}), availability_zone=None),
    ),
    Row(
        key="host-general",
        family="zone",
        way="a general server that names an ESXi host as `zone:host`",
        rule="host-not-named",
        wrong=lambda kit: kit.general(availability_zone=f"az-esxi:{ESXI_HOST}"),
        right=lambda kit: kit.general(availability_zone="az-kvm"),
        sibling="the zone of KVM",
    ),
    Row(
        key="node-general",
        family="zone",
        way="a general server that names a cluster by `hypervisor_hostname`",
        rule="host-not-named",
        wrong=lambda kit: kit.general(hypervisor_hostname="esx-a"),
        right=lambda kit: kit.general(),
        sibling="no host named",
    ),
    server(
        "node",
        "zone",
        "a KVM host by `hypervisor_hostname`",
        lambda kit: kit.restricted(hypervisor_hostname=KVM_HOST),
        "host-not-named",
    ),
)
