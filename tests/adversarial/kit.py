"""What the hand-written programs of the suite are made of; run by the real engine or under mocks alike."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_openstack as openstack

from policies.properties import RESTRICTION_KEY

V, K = "trait:CUSTOM_HV_VMWARE", "trait:CUSTOM_HV_KVM"
VMWARE = {"hypervisor_type": "vmware", V: "required", "vmware_disktype": "sparse"}
QEMU = {"hypervisor_type": "qemu", K: "required"}
ON_ESXI, ON_KVM = {V: "required"}, {K: "required"}
VENDOR = {V: "required", "img_hv_type": "vmware"}
GENERAL = {K: "required", "img_hv_type": "qemu"}
RESTRICTED = {RESTRICTION_KEY: "licence"}

ESXI_HOST, KVM_HOST = "nova-esx-a", "kvm01.sandbox.example"
"""Of the environment ``sandbox``."""
ESXI_HOST_OF_OTHERS = "nova-esx-b"
"""In the catalogue, as a host of another program's aggregate."""
ESXI_ID, KVM_ID = "id-of-vmware", "id-of-linux"
"""Images that others made, in the catalogue."""
REGISTERED = "registered"
"""Server that the register restricts."""

CATALOGUE: dict[str, dict[str, Any]] = {
    "images": {
        ESXI_ID: {"diskFormat": "vmdk", "properties": VMWARE},
        KVM_ID: {"diskFormat": "qcow2", "properties": QEMU},
        "linux": {"diskFormat": "qcow2", "properties": QEMU},
    },
    "flavors": {"esxi-small": {"extraSpecs": ON_ESXI}, "kvm-small": {"extraSpecs": ON_KVM}},
    "volumeTypes": {"standard-kvm": "kvm", "standard-esxi": "esxi"},
    "zones": {"az-kvm": "kvm", "az-esxi": "esxi"},
}


def catalogue(rows: Sequence[str]) -> dict[str, Any]:
    """What the pack is told, with what the register restricts of each row, and hosts of others."""
    return {
        **CATALOGUE,
        "restricted": {f"{row}/{REGISTERED}": "licence" for row in rows},
        "hosts": {f"{row}/{ESXI_HOST_OF_OTHERS}": "esxi" for row in rows},
    }


class Kit:
    """Makes the resources of one row, named after it, so that many rows fit into one program."""

    def __init__(self, row: str, here: openstack.Provider, elsewhere: openstack.Provider) -> None:
        self._row = row
        self._here = pulumi.ResourceOptions(provider=here)
        self.invoke = pulumi.InvokeOutputOptions(provider=here)
        self.elsewhere = pulumi.ResourceOptions(provider=elsewhere)

    def own(self, name: str) -> str:
        """A name that no other row uses."""
        return f"{self._row}/{name}"

    def later(self, value: Any) -> pulumi.Output[Any]:
        """A value that is known only once another resource exists."""
        network = openstack.networking.Network(self.own("later"), opts=self._here)
        return network.id.apply(lambda _: value)

    def image(
        self,
        properties: Any = VMWARE,
        disk_format: str = "vmdk",
        name: str = "image",
        opts: pulumi.ResourceOptions | None = None,
    ) -> openstack.images.Image:
        """An image."""
        return openstack.images.Image(
            self.own(name),
            name=self.own(name),
            container_format="bare",
            disk_format=disk_format,
            image_source_url="http://127.0.0.1:9/image",
            properties=properties,
            opts=opts or self._here,
        )

    def linux(self) -> openstack.images.Image:
        """An image for KVM."""
        return self.image(QEMU, "qcow2", "linux")

    def flavor(
        self, extra_specs: Any = ON_ESXI, name: str = "flavor", *, public: bool = False, memory: int = 1024
    ) -> openstack.compute.Flavor:
        """A flavor."""
        return openstack.compute.Flavor(
            self.own(name),
            name=self.own(name),
            vcpus=1,
            ram=memory,
            disk=10,
            is_public=public,
            extra_specs=extra_specs,
            opts=self._here,
        )

    def access(self) -> None:
        """Strangers may use a flavor for ESXi."""
        openstack.compute.FlavorAccess(
            self.own("access"), flavor_id=self.flavor().id, tenant_id="strangers", opts=self._here
        )

    def server(
        self,
        image: openstack.images.Image | None,
        flavor: openstack.compute.Flavor | None,
        name: str,
        /,
        opts: pulumi.ResourceOptions | None = None,
        **arguments: Any,
    ) -> openstack.compute.Instance:
        """A server; ``name`` says what it truly is."""
        given = {
            "name": self.own(name),
            "image_id": image.id if image is not None else None,
            "flavor_id": flavor.id if flavor is not None else None,
            "networks": [{"name": "n"}],
            **arguments,
        }
        return openstack.compute.Instance(self.own(name), opts=opts or self._here, **given)

    def restricted(
        self,
        image: openstack.images.Image | None = None,
        flavor: openstack.compute.Flavor | None = None,
        **arguments: Any,
    ) -> openstack.compute.Instance:
        """A server that must stay on ESXi; by itself a legal one."""
        if image is None and not {"image_id", "image_name", "block_devices"} & arguments.keys():
            image = self.image()
        if flavor is None and not {"flavor_id", "flavor_name"} & arguments.keys():
            flavor = self.flavor()
        usual = {"metadata": RESTRICTED, "availability_zone": "az-esxi"}
        return self.server(image, flavor, "restricted", **{**usual, **arguments})

    def general(
        self,
        image: openstack.images.Image | None = None,
        flavor: openstack.compute.Flavor | None = None,
        **arguments: Any,
    ) -> openstack.compute.Instance:
        """A server that has no business on ESXi; by itself a legal one."""
        flavor = flavor or self.flavor(ON_KVM, "general-flavor")
        return self.server(image or self.linux(), flavor, "general", **arguments)

    def volume(self, **arguments: Any) -> openstack.blockstorage.Volume:
        """A volume."""
        return openstack.blockstorage.Volume(
            self.own("volume"), name=self.own("volume"), size=1, opts=self._here, **arguments
        )

    def attach(self, server: openstack.compute.Instance, volume: openstack.blockstorage.Volume) -> None:
        """The volume, attached."""
        openstack.compute.VolumeAttach(
            self.own("attached"), instance_id=server.id, volume_id=volume.id, opts=self._here
        )

    def group(self, policy: str) -> list[dict[str, Any]]:
        """The hint that puts a server into a group of that policy."""
        made = openstack.compute.ServerGroup(
            self.own("group"), name=self.own("group"), policies=policy, opts=self._here
        )
        return [{"group": made.id}]

    def aggregate(
        self, name: str, hosts: Any, metadata: Any, zone: str | None = None, *, own: bool = True
    ) -> None:
        """An aggregate; its hosts and zone are those of the row where ``own``."""
        openstack.compute.AggregateV2(
            self.own(name),
            name=self.own(name),
            zone=self.own(zone) if zone is not None else None,
            hosts=[self.own(one) for one in hosts] if own else hosts,
            metadata=metadata,
            opts=self._here,
        )

    def vendor(
        self, metadata: Any = VENDOR, hosts: Sequence[str] = (ESXI_HOST,), zone: str = "az-esxi"
    ) -> None:
        """The ESXi aggregate."""
        self.aggregate("vendor", hosts, metadata, zone)

    def common(self, hosts: Sequence[str] = (KVM_HOST,), zone: str = "az-kvm", **metadata: str) -> None:
        """The KVM aggregate."""
        self.aggregate("general", hosts, {**GENERAL, **metadata}, zone)

    def component(self) -> pulumi.ResourceOptions:
        """A legal workload of this project's kind, without servers: its program uses the components.

        Gives the options of what stands below it.
        """
        facts: Mapping[str, Any] = {
            "name": self.own("workload"),
            "servers": [],
            "restricted": True,
            "restriction": {"reason": "licence"},
            "image": {"name": "vmware", "properties": VMWARE},
            "flavor": {"name": "esxi", "extraSpecs": ON_ESXI},
            "availabilityZone": "az-esxi",
        }
        made = pulumi.ComponentResource("estate:index:Workload", self.own("workload"), dict(facts))
        return pulumi.ResourceOptions(provider=self._here.provider, parent=made)
