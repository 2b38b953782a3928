"""A vCenter that the estate's clusters live in: it exists already; here it is only spoken to."""

from dataclasses import dataclass

import pulumi
import pulumi_vsphere as vsphere

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
    provider = vsphere.Provider(
        vcenter.name,
        vsphere_server=login.server,
        user=login.username,
        password=pulumi.Output.secret(login.password.get_secret_value()),
        allow_unverified_ssl=False,
        opts=opts,
    )
    datacenter = vsphere.get_datacenter_output(
        name=vcenter.datacenter, opts=pulumi.InvokeOutputOptions(provider=provider)
    )
    return VCenterRef(name=vcenter.name, provider=provider, datacenter_id=datacenter.id)
