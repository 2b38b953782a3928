"""A vCenter that the estate's clusters live in: it exists already; here it is only spoken to."""

from dataclasses import dataclass

import pulumi
import pulumi_vsphere as vsphere

from components.look_up import id_of
from estate.model import VCenter
from estate.vsphere.connections import Login


@dataclass(frozen=True, kw_only=True)
class VCenterRef:
    """What clusters need of their vCenter."""

    name: str
    provider: vsphere.Provider
    datacenter_id: pulumi.Output[str]


def reach(vcenter: VCenter, login: Login, opts: pulumi.ResourceOptions | None = None) -> VCenterRef:
    """The provider of a vCenter, and its data center. Every preview connects to it.

    TLS is verified against the system's authorities; the provider is a Go program, which takes
    others from ``SSL_CERT_FILE``.
    """
    renamed = [pulumi.Alias(name=vcenter.was)] if vcenter.was is not None else None
    provider = vsphere.Provider(
        vcenter.name,
        vsphere_server=login.server,
        user=login.username,
        password=pulumi.Output.secret(login.password.get_secret_value()),
        allow_unverified_ssl=False,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=renamed)),
    )
    datacenter = id_of(
        "vsphere:index/getDatacenter:getDatacenter",
        subject=f'data center "{vcenter.datacenter}" of vCenter "{vcenter.name}"',
        provider=provider,
        name=vcenter.datacenter,
    )
    return VCenterRef(name=vcenter.name, provider=provider, datacenter_id=datacenter)


def host_id(vcenter: VCenterRef, host: str) -> pulumi.Output[str]:
    """Managed object id of an ESXi host, e.g. ``host-21``."""
    return id_of(
        "vsphere:index/getHost:getHost",
        subject=f'ESXi host "{host}" of vCenter "{vcenter.name}"',
        provider=vcenter.provider,
        name=host,
        datacenterId=vcenter.datacenter_id,
    )
