"""Stacks of small programs that the pack judges in the real engine."""

import json

from tests.estates import ROOT
from tests.trial import TrialStack

HEAD = """
import pulumi
import pulumi_openstack as openstack

cloud = openstack.Provider(
    "cloud", auth_url="http://127.0.0.1:9/v3", user_name="u", password="p", tenant_name="t",
    domain_name="Default", region="r", delayed_auth=True,
)
to = pulumi.ResourceOptions(provider=cloud)
VMWARE = {
    "hypervisor_type": "vmware", "trait:CUSTOM_HV_VMWARE": "required", "vmware_disktype": "sparse",
}
QEMU = {"hypervisor_type": "qemu", "trait:CUSTOM_HV_KVM": "required"}
RESTRICTED = {"estate_restriction": "licence"}


def image(name, disk_format="vmdk", **properties):
    return openstack.images.Image(
        name, name=name, container_format="bare", disk_format=disk_format,
        image_source_url="http://127.0.0.1:9/image", properties=properties, opts=to,
    )


def flavor(name, **extra_specs):
    return openstack.compute.Flavor(
        name, name=name, vcpus=1, ram=1024, disk=1, is_public=False, extra_specs=extra_specs, opts=to
    )


def server(name, image_id, flavor_id, opts=to, **arguments):
    openstack.compute.Instance(
        name, name=name, image_id=image_id, flavor_id=flavor_id, networks=[{"name": "n"}], opts=opts,
        **arguments,
    )


vmware, plain = image("vmware", **VMWARE), image("plain", "qcow2", **QEMU)
esxi = flavor("esxi", **{"trait:CUSTOM_HV_VMWARE": "required"})
general = flavor("general", **{"trait:CUSTOM_HV_KVM": "required"})
"""
"""How hand-written programs begin."""


class Stack(TrialStack):
    """A stack of a program that the pack judges."""

    def configuration(self, rules: dict[str, object]) -> tuple[str, ...]:
        """Options that configure the pack."""
        file = self.folder / "pack.json"
        file.write_text(json.dumps(rules))
        return ("--policy-pack-config", str(file))

    def judged(self, *parts: str, command: tuple[str, ...] = ("preview",)) -> dict[str, str]:
        """Resource → the lines that follow its violation, for a program that the pack must refuse."""
        self.write(*parts)
        output = self.run(*command, "--policy-pack", str(ROOT / "policies"), fails=True)
        assert "Traceback" not in output, output
        assert "[advisory]" not in output
        found: dict[str, str] = {}
        for block in output.partition("Policies:")[2].split("- [mandatory]")[1:]:
            head, _, text = block.partition("\n")
            name = head.rpartition(": ")[2].rstrip(") ")
            found[name] = f"{found.get(name, '')}{head}\n{text}"
        assert found, output
        return found
