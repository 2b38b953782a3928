"""Neutron: the network back end that the documents name.

``nsx-policy`` is a plugin outside of Neutron's tree; its options were read in vmware-nsx 17.0.0
(vmware_nsx/common/config.py ``nsx_p_opts``), which no NSX Manager has tried here.
"""

from collections.abc import Iterator

from estate.model import Estate, Network, NetworkBackend
from estate.model.settings import Nsx
from estate.rendering.fragment import DEFAULT, Fragment, Setting, fragment, setting

SERVICE = "neutron-server"
CONF_FOLDER = "/etc/neutron/neutron.conf.d"


def fragments(estate: Estate) -> Iterator[Fragment]:
    """What neutron-server reads for the back end; nothing for an estate without networks."""
    if not estate.networks:
        return
    match estate.estate.network_backend:
        case NetworkBackend.NSX_POLICY:
            yield _nsx_core()
            yield _nsx(estate.estate.nsx)
        case NetworkBackend.OVN:
            yield _ovn(estate)


def _nsx_core() -> Fragment:
    return fragment(
        path=f"{CONF_FOLDER}/50-estate.conf",
        service=SERVICE,
        purpose="Neutron on NSX, by its policy API. The plugin is no part of Neutron, and its last public "
        "release\n"
        "(vmware-nsx 17.0.0) does not import with Neutron of 2025.2 or later: take the build of your vendor.",
        settings=[
            setting(DEFAULT, "core_plugin", "vmware_nsxp", why="Entry point of vmware-nsx."),
            setting(
                DEFAULT,
                "dhcp_agent_notification",
                value=False,
                why="DHCP is NSX's own; the plugin refuses to start otherwise (nsx_p/plugin.py "
                "_init_native_dhcp).",
            ),
        ],
    )


def _nsx(nsx: Nsx | None) -> Fragment:
    names = (
        (
            ("default_overlay_tz", nsx.overlay_transport_zone, "Carries every network that names no VLAN."),
            ("default_vlan_tz", nsx.vlan_transport_zone, ""),
            (
                "default_tier0_router",
                nsx.tier0_router,
                "Leads out, where an external network names no uplink.",
            ),
            ("dhcp_profile", nsx.dhcp_profile, "Required (nsx_p/plugin.py _init_dhcp_metadata)."),
            ("metadata_proxy", nsx.metadata_proxy, ""),
        )
        if nsx is not None
        else ()
    )
    return fragment(
        path="/etc/neutron/plugins/vmware/nsx.ini.d/50-estate.ini",
        service=SERVICE,
        purpose="NSX: what must exist there before Neutron starts. Addresses and credentials of the NSX "
        "Managers are\n"
        "not in this file. They belong into a file of their own (mode 0600), given with a further "
        "--config-file:\n"
        "  [nsx_p]\n"
        "  nsx_api_managers, nsx_api_user, nsx_api_password, ca_file (never insecure = true)\n"
        "Physical MTU: 1600 at least, because Geneve adds its headers.",
        settings=[setting("nsx_p", key, value, why) for key, value, why in names if value is not None],
    )


def _ovn(estate: Estate) -> Fragment:
    networks = list(estate.networks.values())
    vlans = sorted({one.vlan.transport_zone for one in networks if one.vlan is not None})
    flat = sorted({one.external.uplink for one in networks if one.external and one.external.uplink})
    return fragment(
        path=f"{CONF_FOLDER}/50-estate.conf",
        service=SERVICE,
        purpose="Neutron with OVN on the KVM hosts. For ESXi it needs a mechanism driver that binds ports of "
        "the\n"
        "clusters' nova-computes to distributed port groups (vif type dvs); there is none in Neutron's tree. "
        "Append\n"
        "yours to mechanism_drivers. Addresses of OVN's databases and their certificates: [ovn], in a file "
        "of your own.",
        settings=[
            setting(DEFAULT, "core_plugin", "ml2"),
            setting(DEFAULT, "service_plugins", "ovn-router"),
            *_frames(networks),
            setting("ml2", "mechanism_drivers", "ovn"),
            setting("ml2", "type_drivers", "geneve,vlan,flat"),
            setting(
                "ml2",
                "tenant_network_types",
                "geneve",
                why="Networks without vlan: for KVM servers only, because OVN ends at the KVM hosts.",
            ),
            setting("ml2", "extension_drivers", "port_security"),
            setting("ml2_type_geneve", "max_header_size", 38, why="What OVN needs (its installation guide)."),
            *_physical("ml2_type_vlan", "network_vlan_ranges", vlans, "ESXi hosts must be joined to them."),
            *_physical("ml2_type_flat", "flat_networks", flat, "Uplinks of external networks."),
        ],
    )


def _frames(networks: list[Network]) -> Iterator[Setting]:
    if declared := [one.mtu for one in networks if one.mtu is not None]:
        yield setting(
            DEFAULT,
            "global_physnet_mtu",
            max(declared),
            why="The largest mtu of the documents: Neutron refuses a larger one (_get_network_mtu in "
            "neutron/plugins/ml2/plugin.py), and gives a network that says none as much as there is.",
        )


def _physical(section: str, key: str, names: list[str], why: str) -> Iterator[Setting]:
    if names:
        yield setting(section, key, ",".join(names), why)
