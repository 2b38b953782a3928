"""Programs that hide a restriction, go past the components, group servers, or edit a running one."""

from estate.placement.nova import Operation
from tests.adversarial.kit import ESXI_HOST, KVM_ID, ON_KVM, REGISTERED, RESTRICTED, Kit
from tests.adversarial.rows.row import Program, Row, both
from tests.adversarial.rows.servers import server


def grouped(policy: str) -> Program:
    """A restricted server and a general one in a group."""

    def program(kit: Kit) -> None:
        hint = kit.group(policy)
        kit.general(scheduler_hints=hint)
        kit.restricted(scheduler_hints=hint)

    return program


PROGRAMS = (
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
        "duty-other-words",
        "restriction",
        "metadata key `restriction`",
        lambda kit: kit.restricted(kit.linux(), kit.flavor(ON_KVM), metadata={"restriction": "licence"}),
        "restriction-key-read",
    ),
    server(
        "duty-name-case",
        "restriction",
        "the name that the register restricts, in capitals",
        lambda kit: kit.restricted(
            kit.linux(), kit.flavor(ON_KVM), metadata=None, name=kit.own(REGISTERED).upper()
        ),
        "restriction-key-read",
        right=lambda kit: kit.restricted(metadata=None, name=kit.own(REGISTERED)),
        sibling="its name as the register has it, image and flavor for ESXi",
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
    server(
        "duty-name-unknown",
        "restriction",
        "no metadata, and a name that is known only during the update",
        lambda kit: kit.server(kit.linux(), kit.flavor(ON_KVM), "late", name=kit.later(kit.own(REGISTERED))),
        right=lambda kit: kit.server(kit.image(), kit.flavor(), REGISTERED),
        sibling="its name as a plain value, image and flavor for ESXi",
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
        key="below-workload",
        family="components",
        way="a server written by hand below a workload, with ids that nobody knows",
        rule="image-and-flavor-known",
        wrong=lambda kit: kit.restricted(
            image_id="0f2b6c3e", flavor_id="0f2b6c3f", metadata=None, opts=kit.component()
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
        sibling_operation=Operation.CREATE,
        sibling="made anew from a newer image for ESXi",
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
