"""Ways to get what must stay on ESXi onto KVM, or something else onto ESXi; each with its legal sibling."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_openstack as openstack

from estate.placement.nova import Operation
from tests.adversarial.kit import (
    ESXI_HOST,
    ESXI_ID,
    KVM_HOST,
    KVM_ID,
    ON_ESXI,
    ON_KVM,
    REGISTERED,
    RESTRICTED,
    VENDOR,
    VMWARE,
    K,
    Kit,
    V,
)

Program = Callable[[Kit], object]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way, as hand-written resources."""

    key: str
    family: str
    way: str
    rule: str
    """That refuses it at preview."""
    wrong: Program
    right: Program
    sibling: str
    """What the legal variant does."""
    operation: Operation = Operation.CREATE
    """What the edit of a running server asks of Nova."""
    alone: bool = False
    """It cannot share a program: it uses this project's components, or asks a cloud at preview."""
    only: str = ""
    """Why no second layer stops it."""


@dataclass(frozen=True, kw_only=True)
class Documents:
    """One way, as documents laid over the environment ``sandbox``."""

    key: str
    way: str
    rule: str
    wrong: str
    right: str
    sibling: str
    workload: str
    """Asked about."""
    zone: str | None = None
    """That it asks for, where the documents are too wrong to be read that far."""
    restricted: bool = True
    """Whether it must stay on ESXi, whatever the documents say."""
    only: str = ""
    family: str = "documents"


def image(key: str, way: str, properties: Any, rule: str, disk_format: str = "vmdk") -> Row:
    """A restricted server whose image is not tagged as Nova reads it."""
    return Row(
        key=f"image-{key}",
        family="image",
        way=way,
        rule=rule,
        wrong=lambda kit: kit.restricted(
            kit.image(properties(kit) if callable(properties) else properties, disk_format)
        ),
        right=lambda kit: kit.restricted(),
        sibling="vmdk, hypervisor_type=vmware, the trait",
    )


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


def server(
    key: str, family: str, way: str, wrong: Program, rule: str = "esxi-restricted-on-esxi", **more: Any
) -> Row:
    """A restricted server that is asked for in another way."""
    return Row(
        key=key,
        family=family,
        way=way,
        rule=rule,
        wrong=wrong,
        **{
            "right": lambda kit: kit.restricted(),
            "sibling": "image and flavor resources for ESXi, and its zone",
            **more,
        },
    )


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


def both(first: Program, second: Program) -> Program:
    """One after the other."""

    def program(kit: Kit) -> None:
        first(kit)
        second(kit)

    return program


def without(tags: dict[str, str], *keys: str) -> dict[str, str]:
    """Tags without some."""
    return {key: value for key, value in tags.items() if key not in keys}


def either(kit: Kit) -> object:
    """One of two images, which one depends on what only the update knows."""
    ids = pulumi.Output.all(kit.linux().id, kit.image().id)
    return kit.restricted(image_id=ids.apply(lambda found: found[0]))


def from_volume(kit: Kit) -> object:
    """The root disk is a volume that was made before, from an image for KVM."""
    volume = kit.volume(image_id=kit.linux().id, volume_type="standard-kvm")
    return kit.restricted(block_devices=[device(source_type="volume", uuid=volume.id)])


def device(**changed: Any) -> dict[str, Any]:
    """A root disk on a volume."""
    return {"destination_type": "volume", "boot_index": 0, "volume_size": 1, **changed}


def data_on_kvm(kit: Kit) -> None:
    """Data of a restricted server, on a volume for KVM."""
    kit.attach(kit.restricted(), kit.volume(volume_type="standard-kvm", availability_zone="az-kvm"))


def data_on_esxi(kit: Kit) -> None:
    """The same on a volume for ESXi."""
    kit.attach(kit.restricted(), kit.volume(volume_type="standard-esxi", availability_zone="az-esxi"))


def grouped(policy: str) -> Program:
    """A restricted server and a general one in a group."""

    def program(kit: Kit) -> None:
        hint = kit.group(policy)
        kit.general(scheduler_hints=hint)
        kit.restricted(scheduler_hints=hint)

    return program


IMAGES = (
    image("untagged", "no tag at all", {}, "esxi-image-boots"),
    image(
        "key-misspelt",
        "key `hypervisortype`",
        {**without(VMWARE, "hypervisor_type", V), "hypervisortype": "vmware"},
        "image-tag-read",
    ),
    image(
        "key-case",
        "key `Hypervisor_Type`",
        {**without(VMWARE, "hypervisor_type", V), "Hypervisor_Type": "vmware"},
        "image-tag-read",
    ),
    image(
        "value-space",
        "value with a leading space",
        {**VMWARE, "hypervisor_type": " vmware"},
        "image-tag-read",
    ),
    image(
        "value-esxi",
        "value `esxi`, which Nova does not know",
        {**VMWARE, "hypervisor_type": "esxi"},
        "image-tag-read",
    ),
    image(
        "value-kvm",
        "a VMDK that says `kvm`",
        {**without(VMWARE, V), "hypervisor_type": "kvm"},
        "kvm-image-tagged",
    ),
    image(
        "two-names",
        "`img_hv_type=qemu` beside `hypervisor_type=vmware`: the canonical name wins",
        {**without(VMWARE, V), "img_hv_type": "qemu"},
        "esxi-restricted-on-esxi",
    ),
    image("trait-value", "trait with the value `Required`", {**VMWARE, V: "Required"}, "image-tag-read"),
    image(
        "trait-case",
        "trait key in small letters",
        {**without(VMWARE, V), V.lower(): "required"},
        "image-tag-read",
    ),
    image(
        "trait-unscoped",
        "trait without `trait:`",
        {**without(VMWARE, V), "CUSTOM_HV_VMWARE": "required"},
        "esxi-image-boots",
    ),
    image("two-traits", "the traits of both sides", {**VMWARE, K: "required"}, "esxi-restricted-on-esxi"),
    image("qcow2", "a qcow2 with the tags of ESXi", VMWARE, "esxi-image-boots", "qcow2"),
    image(
        "iso",
        "an ISO, which both hypervisors boot, without the trait",
        without(VMWARE, V),
        "esxi-image-boots",
        "iso",
    ),
    image(
        "unknown",
        "properties that are known only during the update",
        lambda kit: kit.later({"hypervisor_type": "qemu"}),
        "image-tag-read",
    ),
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

SERVERS = (
    server(
        "image-id",
        "image of a server",
        "the id of a KVM image",
        lambda kit: kit.restricted(image_id=KVM_ID),
        right=lambda kit: kit.restricted(image_id=ESXI_ID),
        sibling="the id of an ESXi image in the catalogue",
    ),
    server(
        "image-id-unknown",
        "image of a server",
        "an id that nobody knows",
        lambda kit: kit.restricted(image_id="0f2b6c3e"),
        "image-and-flavor-known",
        right=lambda kit: kit.restricted(image_id=ESXI_ID),
        sibling="an id in the catalogue",
    ),
    server(
        "image-name",
        "image of a server",
        "the name of a KVM image",
        lambda kit: kit.restricted(image_name="linux"),
    ),
    server(
        "image-get",
        "image of a server",
        "a KVM image by `get_image`",
        lambda kit: kit.restricted(
            image_id=openstack.images.get_image_output(name="linux", opts=kit.invoke).id
        ),
        alone=True,
        right=lambda kit: kit.restricted(
            image_id=openstack.images.get_image_output(name="vmware", opts=kit.invoke).id
        ),
        sibling="an ESXi image by `get_image`, in the catalogue",
    ),
    server("image-either", "image of a server", "one of two images, chosen during the update", either),
    server(
        "image-elsewhere",
        "provider arguments",
        "an image's name, of another cloud's image",
        lambda kit: (kit.image(opts=kit.elsewhere), kit.restricted(image_name=kit.own("image"))),
        "image-and-flavor-known",
        right=lambda kit: (kit.image(), kit.restricted(image_name=kit.own("image"))),
        sibling="image and server of one provider",
    ),
    server(
        "region",
        "provider arguments",
        "an image's name, in another region",
        lambda kit: (kit.image(), kit.restricted(image_name=kit.own("image"), region="elsewhere")),
        "image-and-flavor-known",
        right=lambda kit: (kit.image(), kit.restricted(image_name=kit.own("image"))),
        sibling="image and server in one region",
    ),
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
    server("boot-volume", "volume", "boot from a volume of a KVM image", from_volume),
    server(
        "boot-blank",
        "volume",
        "boot from a blank volume, with a flavor without trait",
        lambda kit: kit.restricted(flavor=kit.flavor({}), block_devices=[device(source_type="blank")]),
    ),
    server(
        "boot-snapshot",
        "volume",
        "boot from a volume's snapshot, of which nothing is known",
        lambda kit: kit.restricted(
            flavor=kit.flavor({}), block_devices=[device(source_type="snapshot", uuid="0f2b6c3e")]
        ),
    ),
    server(
        "boot-volume-kvm",
        "volume",
        "root disk on a volume type for KVM",
        lambda kit: kit.restricted(
            block_devices=[device(source_type="image", uuid=kit.image().id, volume_type="standard-kvm")]
        ),
        "volume-on-its-side",
        right=lambda kit: kit.restricted(
            block_devices=[device(source_type="image", uuid=kit.image().id, volume_type="standard-esxi")]
        ),
        sibling="root disk on a volume type for ESXi",
    ),
    server(
        "data-volume",
        "volume",
        "data on a volume for KVM",
        data_on_kvm,
        "volume-on-its-side",
        right=data_on_esxi,
        sibling="a volume for ESXi",
    ),
    server(
        "duty-unknown",
        "restriction",
        "metadata that are known only during the update",
        lambda kit: kit.restricted(kit.linux(), kit.flavor(ON_KVM), metadata=kit.later(RESTRICTED)),
        sibling="metadata as plain values",
    ),
    server(
        "duty-misspelt",
        "restriction",
        "metadata key `Estate-Restriction`",
        lambda kit: kit.restricted(
            kit.linux(), kit.flavor(ON_KVM), metadata={"Estate-Restriction": "licence"}
        ),
        "restriction-key-read",
    ),
    server(
        "duty-registered",
        "restriction",
        "no metadata, though the register restricts it",
        lambda kit: kit.server(kit.linux(), kit.flavor(ON_KVM), REGISTERED),
        right=lambda kit: kit.server(kit.image(), kit.flavor(), REGISTERED),
        sibling="image and flavor for ESXi",
    ),
    server(
        "duty-autonamed",
        "restriction",
        "the same, and the provider invents its name",
        lambda kit: kit.server(kit.linux(), kit.flavor(ON_KVM), REGISTERED, name=None),
        right=lambda kit: kit.server(kit.image(), kit.flavor(), REGISTERED, name=None),
        sibling="image and flavor for ESXi",
    ),
    Row(
        key="beside-server",
        family="components",
        way="a server written by hand beside the components",
        rule="server-inside-workload",
        wrong=both(
            lambda kit: kit.component(),
            lambda kit: kit.restricted(image_id=KVM_ID, flavor_name="kvm-small", metadata=None),
        ),
        right=lambda kit: kit.component(),
        sibling="a workload",
        alone=True,
    ),
    Row(
        key="beside-aggregate",
        family="components",
        way="an aggregate written by hand beside the components",
        rule="resource-inside-component",
        wrong=both(lambda kit: kit.component(), lambda kit: kit.aggregate("second", [ESXI_HOST], {})),
        right=lambda kit: kit.component(),
        sibling="none",
        alone=True,
    ),
    server(
        "group-affinity",
        "server group",
        "a group with affinity to a general server",
        grouped("affinity"),
        "server-group-on-one-side",
        right=grouped("soft-affinity"),
        sibling="soft-affinity, which only weighs",
    ),
    server(
        "resize",
        "edit",
        "its flavor becomes one for KVM (a resize)",
        lambda kit: kit.restricted(flavor=kit.flavor(ON_KVM)),
        operation=Operation.RESIZE,
        right=lambda kit: kit.restricted(flavor=kit.flavor(memory=2048)),
        sibling="a larger flavor for ESXi",
    ),
    server(
        "resize-plain",
        "edit",
        "its flavor becomes one that says nothing (a resize)",
        lambda kit: kit.restricted(flavor=kit.flavor({})),
        operation=Operation.RESIZE,
        right=lambda kit: kit.restricted(flavor=kit.flavor(memory=2048)),
        sibling="a larger flavor for ESXi",
    ),
    server(
        "rebuild",
        "edit",
        "its image becomes one for KVM (a rebuild)",
        lambda kit: kit.restricted(kit.linux()),
        operation=Operation.REBUILD,
        right=lambda kit: kit.restricted(kit.image(name="newer")),
        sibling="a newer image for ESXi",
    ),
    server(
        "image-update",
        "edit",
        "the tags of its image are removed",
        lambda kit: kit.restricted(kit.image({"vmware_disktype": "sparse"})),
        sibling="the tags stay",
        rule="esxi-image-boots",
    ),
)

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
        "hosts-unknown",
        "members that are known only during the update",
        both(
            lambda kit: kit.aggregate("vendor", kit.later([kit.own(KVM_HOST)]), VENDOR, "az-esxi", own=False),
            lambda kit: kit.common(),
        ),
        "host-on-one-side",
    ),
)

DUTY = "{reason: licence, evidence: annex 4, owner: o, review: 2027-01-31}"
TOGETHER = """server_groups: {{together: {{policy: {}}}}}
workloads: {{hsm-proxy: {{server_group: together}}, queue: {{server_group: together}}}}"""

DOCUMENTS = (
    Documents(
        key="doc-image",
        way="the image of a restricted workload is one for KVM",
        rule="esxi-restricted-on-esxi",
        workload="ledger-db",
        wrong="workloads: {ledger-db: {image: linux-kvm}}",
        right="workloads: {ledger-db: {image: appliance-esxi}}",
        sibling="another image for ESXi",
    ),
    Documents(
        key="doc-flavor",
        way="its flavor is one for KVM",
        rule="esxi-restricted-on-esxi",
        workload="ledger-db",
        wrong="workloads: {ledger-db: {flavor: kvm-small}}",
        right="workloads: {ledger-db: {flavor: esxi-small}}",
        sibling="another flavor for ESXi",
    ),
    Documents(
        key="doc-both",
        way="both are",
        rule="esxi-restricted-on-esxi",
        workload="ledger-db",
        wrong="workloads: {ledger-db: {image: linux-kvm, flavor: kvm-small, "
        "volumes: {data: {type: standard-kvm}}}}",
        right="workloads: {ledger-db: {image: appliance-esxi, flavor: esxi-small}}",
        sibling="others for ESXi",
    ),
    Documents(
        key="doc-zone",
        way="its zone is that of KVM",
        rule="esxi-restricted-on-esxi",
        workload="ledger-db",
        wrong="workloads: {ledger-db: {availability_zone: az-kvm}}",
        right="workloads: {ledger-db: {availability_zone: az-esxi}}",
        sibling="the zone of ESXi",
    ),
    Documents(
        key="doc-zone-host",
        way="its zone names a KVM host",
        rule="wrong-value",
        workload="ledger-db",
        zone=f"az-kvm:{KVM_HOST}",
        wrong="workloads: {ledger-db: {availability_zone: 'az-kvm:kvm01.sandbox.example'}}",
        right="workloads: {ledger-db: {availability_zone: az-esxi}}",
        sibling="the zone alone",
    ),
    Documents(
        key="doc-volume",
        way="its data lie on a volume type for KVM",
        rule="volume-type-side",
        workload="ledger-db",
        wrong="workloads: {ledger-db: {volumes: {data: {type: standard-kvm}}}}",
        right="workloads: {ledger-db: {volumes: {data: {size: 20 GiB}}}}",
        sibling="a larger volume for ESXi",
    ),
    Documents(
        key="doc-key",
        way="`restricton`, misspelt",
        rule="unknown-key",
        workload="queue",
        wrong=f"workloads: {{queue: {{restricton: {DUTY}}}}}",
        right=f"workloads: {{queue: {{image: linux-esxi, flavor: esxi-small, restriction: {DUTY}}}}}",
        sibling="the key as it is, image and flavor for ESXi",
        only="without its restriction it is a general workload in all that Nova looks at: only traits keep a "
        "server off a side (nova/scheduler/request_filter.py isolate_aggregates).",
    ),
    Documents(
        key="doc-aggregate-zone",
        way="the ESXi aggregate takes the zone of KVM",
        rule="zone-of-one-aggregate",
        workload="ledger-db",
        wrong="aggregates: {vendor: {availability_zone: az-kvm}}",
        right="aggregates: {vendor: {availability_zone: az-vendor}}",
        sibling="another zone of its own",
    ),
    Documents(
        key="doc-aggregate-trait",
        way="the ESXi aggregate has the trait of KVM as well",
        rule="esxi-aggregate-isolated",
        workload="ledger-db",
        wrong="aggregates: {vendor: {metadata: {'trait:CUSTOM_HV_KVM': required}}}",
        right="aggregates: {vendor: {metadata: {owner: payments}}}",
        sibling="metadata that nothing reads",
    ),
    Documents(
        key="doc-host",
        way="a KVM host speaks for a cluster",
        rule="host-has-one-owner",
        workload="ledger-db",
        wrong="clusters: {esx-a: {compute_host: kvm01.sandbox.example}}",
        right="clusters: {esx-a: {compute_host: nova-esx-a}}",
        sibling="its own nova-compute",
    ),
    Documents(
        key="doc-flavor-trait",
        way="a flavor for ESXi requires the trait of KVM as well",
        rule="flavor-on-one-side",
        workload="hsm-proxy",
        wrong="flavors: {esxi-small: {traits: [CUSTOM_HV_KVM]}}",
        right="flavors: {esxi-small: {description: small}}",
        sibling="no second trait",
    ),
    Documents(
        key="doc-group",
        way="affinity with a general workload",
        rule="server-group",
        workload="hsm-proxy",
        wrong=TOGETHER.format("affinity"),
        right=TOGETHER.format("soft-affinity"),
        sibling="soft-affinity",
    ),
    Documents(
        key="doc-general-image",
        way="a general workload takes an image for ESXi",
        rule="flavor-and-image",
        workload="web-1",
        restricted=False,
        wrong="workloads: {web-1: {image: linux-esxi}}",
        right="workloads: {web-1: {image: linux-kvm}}",
        sibling="an image for KVM",
    ),
    Documents(
        key="doc-general-zone",
        way="a general workload names the zone of ESXi",
        rule="zone-hypervisor",
        workload="web-1",
        restricted=False,
        wrong="workloads: {web-1: {availability_zone: az-esxi}}",
        right="workloads: {web-1: {availability_zone: az-kvm}}",
        sibling="the zone of KVM",
    ),
)

ROWS: tuple[Row, ...] = (*IMAGES, *FLAVORS, *SERVERS, *AGGREGATES)
