"""A sandbox's cloud, filled as people fill one by hand: with names, networks and flavors of their own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from openstack.connection import Connection

from estate.openstack import computes
from estate.openstack.waiting import wait_for

KVM = [f"kvm0{number}.sandbox.example" for number in range(1, 4)]
ESXI = ["nova-esx-a", "nova-esx-b"]
_PATIENCE = 240


def fill(cloud: Connection, images: Path) -> None:
    """Fill it. ``images``: folder with ``linux.qcow2`` and ``linux-sparse.vmdk``."""
    _compute(cloud)
    made = _catalogue(cloud, images)
    made |= _network(cloud)
    _servers(cloud, made)


def _until(look: Callable[[], Any], missing: Callable[[Any], str | None]) -> Any:
    return wait_for(look, missing, seconds=_PATIENCE, report=print)


def _compute(cloud: Connection) -> None:
    hosts = [*KVM, *ESXI]
    _until(
        lambda: computes.nodes(cloud),
        lambda found: ", ".join(host for host in hosts if not found.get(host)) or None,
    )
    for host in hosts:
        computes.enable(cloud, host, seconds=_PATIENCE, report=print)
    for name, zone, members in (("general-purpose", "az-kvm", KVM), ("vsphere", "az-esxi", ESXI)):
        aggregate = cloud.compute.create_aggregate(name=name, availability_zone=zone)
        cloud.compute.set_aggregate_metadata(aggregate, {"hall": "north"})
        for host in members:
            cloud.compute.add_host_to_aggregate(aggregate, host)


def _catalogue(cloud: Connection, images: Path) -> dict[str, Any]:
    shop = cloud.create_project("shop", "default", description="Web shop")
    cloud.compute.create_keypair(
        name="ops",
        public_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3Ex2bAS0V4kPxzSGdN6xV+6vXkW5gE5l0v0Wv8kQ9d ops",
    )
    small = cloud.compute.create_flavor(name="m1.small", vcpus=1, ram=1024, disk=10)
    cloud.compute.create_flavor_extra_specs(small, {"quota:cpu_shares": "512"})
    private = cloud.compute.create_flavor(name="m1.shop", vcpus=2, ram=2048, disk=10, is_public=False)
    cloud.compute.flavor_add_tenant_access(private, shop.id)
    windows = cloud.compute.create_flavor(name="vm.windows", vcpus=1, ram=2048, disk=10)
    cloud.compute.create_flavor(name="M1 Large", vcpus=8, ram=8192, disk=10)  # no name of the language
    linux = cloud.image.create_image(
        name="ubuntu-24.04",
        filename=str(images / "linux.qcow2"),
        disk_format="qcow2",
        container_format="bare",
        visibility="public",
        os_distro="ubuntu",
    )
    old = cloud.image.create_image(
        name="ubuntu-22.04",
        filename=str(images / "linux.qcow2"),
        disk_format="qcow2",
        container_format="bare",
        visibility="public",
    )
    cloud.image.update_image(old.id, is_hidden=True)
    esxi = cloud.image.create_image(
        name="windows-2022",
        filename=str(images / "linux-sparse.vmdk"),
        disk_format="vmdk",
        container_format="bare",
        vmware_disktype="sparse",
        vmware_adaptertype="lsiLogic",
    )
    cinder = cloud.block_storage
    gold = cinder.create_type(
        name="gold", description="Fast", extra_specs={"volume_backend_name": "array1-kvm"}
    )
    specs = {"name": "gold-qos", "consumer": "front-end", "total_iops_sec": "2000"}
    limits = cinder.post("/qos-specs", json={"qos_specs": specs}).json()["qos_specs"]["id"]
    cinder.get(f"/qos-specs/{limits}/associate", params={"vol_type_id": gold.id})
    cinder.create_type(
        name="vmdk-thin",
        extra_specs={"volume_backend_name": "array1-vc1", "vmware:vmdk_type": "thin"},
    )
    group = cloud.compute.create_server_group(name="apart", policy="soft-anti-affinity")
    return {"small": small, "windows": windows, "linux": linux, "esxi": esxi, "group": group}


def _network(cloud: Connection) -> dict[str, Any]:
    net = cloud.network
    outside = net.create_network(name="internet", is_router_external=True)
    net.create_subnet(
        network_id=outside.id, name="internet-v4", ip_version=4, cidr="198.51.100.0/24", is_dhcp_enabled=False
    )
    office = net.create_network(name="office", description="Office floor")
    v4 = net.create_subnet(
        network_id=office.id,
        name="office-v4",
        ip_version=4,
        cidr="10.50.0.0/24",
        dns_nameservers=["10.50.0.2"],
    )
    backend = net.create_network(name="backend")
    back = net.create_subnet(
        network_id=backend.id,
        name="backend-v4",
        ip_version=4,
        cidr="10.60.0.0/24",
        gateway_ip=None,
        allocation_pools=[{"start": "10.60.0.10", "end": "10.60.0.99"}],
        host_routes=[{"destination": "10.99.0.0/16", "nexthop": "10.60.0.3"}],
    )
    for _ in range(2):
        net.create_network(name="twin")
    router = net.create_router(name="edge", external_gateway_info={"network_id": outside.id})
    net.put(f"/routers/{router.id}/add_router_interface", json={"subnet_id": v4.id})
    web = net.create_security_group(name="web-servers", description="HTTPS")
    net.create_security_group_rule(
        security_group_id=web.id, direction="ingress", ethertype="IPv4", protocol="tcp",
        port_range_min=443, port_range_max=443, remote_ip_prefix="0.0.0.0/0",
    )  # fmt: skip
    net.create_security_group_rule(
        security_group_id=web.id, direction="ingress", ethertype="IPv4", protocol="tcp",
        port_range_min=22, port_range_max=22, remote_ip_prefix="10.0.0.0/8", description="operators",
    )  # fmt: skip
    db = net.create_security_group(name="databases")
    net.create_security_group_rule(
        security_group_id=db.id, direction="ingress", ethertype="IPv4", protocol="tcp",
        port_range_min=5432, port_range_max=5432, remote_group_id=web.id,
    )  # fmt: skip
    return {"office": office, "backend": backend, "back": back, "web": web, "db": db}


def _servers(cloud: Connection, made: dict[str, Any]) -> None:
    web, db = [{"name": made["web"].name}], [{"name": made["db"].name}]
    office, backend = {"uuid": made["office"].id}, {"uuid": made["backend"].id}
    kvm: dict[str, Any] = {
        "image_id": made["linux"].id,
        "flavor_id": made["small"].id,
        "availability_zone": "az-kvm",
    }
    compute = cloud.compute
    servers = [
        compute.create_server(name=name, networks=[office], security_groups=web, **kvm)
        for name in ("web-1", "web-2", "Legacy Box")
    ]
    servers.append(
        compute.create_server(
            name="db",
            networks=[office, backend],
            security_groups=db,
            key_name="ops",
            metadata={"cost-centre": "4711"},
            scheduler_hints={"group": made["group"].id},
            **kvm,
        )
    )
    servers.append(
        compute.create_server(
            name="erp",
            image_id=made["esxi"].id,
            flavor_id=made["windows"].id,
            availability_zone="az-esxi",
            networks=[office],
            security_groups=web,
        )
    )
    boot = {
        "boot_index": 0, "uuid": made["linux"].id, "source_type": "image", "destination_type": "volume",
        "volume_size": 2, "volume_type": "gold", "delete_on_termination": True,
    }  # fmt: skip
    servers.append(
        compute.create_server(
            name="archive",
            flavor_id=made["small"].id,
            availability_zone="az-kvm",
            networks=[office],
            security_groups=web,
            block_device_mapping=[boot],
        )
    )
    for server in servers:
        compute.wait_for_server(server, wait=_PATIENCE)
    compute.put(f"/servers/{servers[3].id}/tags/nightly", microversion="2.26")
    volume = cloud.block_storage.create_volume(
        size=2, name="db-data", volume_type="gold", availability_zone="az-kvm"
    )
    cloud.block_storage.wait_for_status(volume, "available", wait=_PATIENCE)
    compute.create_volume_attachment(servers[3], volume_id=volume.id)
    cloud.block_storage.wait_for_status(volume, "in-use", wait=_PATIENCE)
    spare = cloud.block_storage.create_volume(
        size=1, name="spare", volume_type="gold", availability_zone="az-kvm"
    )
    cloud.block_storage.wait_for_status(spare, "available", wait=_PATIENCE)
