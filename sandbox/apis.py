"""Keystone, Glance, Placement and Neutron: their configuration, and one uWSGI process each."""

import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from sandbox import files, identity, process
from sandbox.fragments import Conf, parse, render
from sandbox.parts import openstack
from sandbox.process import Program, Record
from sandbox.settings import Settings

PLUGINS = Path(__file__).parent / "openstack_plugins"
"""On ``PYTHONPATH`` of Neutron: the mechanism driver and its entry point."""

MODULES = {
    "keystone": "keystone.wsgi.api",
    "glance": "glance.wsgi.api",
    "placement": "placement.wsgi.api",
    "neutron": "neutron.wsgi.api",
}


def start(settings: Settings, glance_protections: str, glance_conf: str, neutron: Conf) -> None:
    """Start the four APIs on a restored database and return when they answer, Keystone filled.

    ``glance_protections`` is the text of Glance's property protections file (rules by role; empty: none),
    ``glance_conf`` a fragment of its configuration, which has the last word.
    ``neutron`` has sections and keys to add to Neutron's configuration, or to put in place of ours.
    """
    identity.write_keys(settings)
    _write(settings, "keystone", "keystone.conf", _keystone(settings))
    _write_glance(settings, glance_protections, glance_conf)
    _write(settings, "placement", "placement.conf", _placement(settings))
    _write(settings, "neutron", "neutron.conf", _merged(_neutron(settings), neutron))
    records = {service: _start(settings, service) for service in MODULES}
    # While the processes load their modules.
    identity.bootstrap(settings)
    for service in MODULES:
        process.wait_ready(records[service], partial(answers, settings.url(service)), timeout=120)
        if service == "keystone":
            identity.register(settings)


def restart_glance(settings: Settings, protections: str, conf: str) -> None:
    """Start Glance again with another configuration, and return when it answers."""
    _write_glance(settings, protections, conf)
    process.wait_ready(_start(settings, "glance"), partial(answers, settings.url("glance")), timeout=120)


def answers(url: str) -> bool:
    """Whether an HTTP server behind ``url`` answers with anything but its own failure."""
    try:
        with urllib.request.urlopen(url, timeout=30):  # noqa: S310 -- our own http address
            return True
    except urllib.error.HTTPError as answer:
        return answer.code < 500
    except OSError:
        return False


def _start(settings: Settings, service: str) -> Record:
    folder = settings.folder(service)
    port = getattr(settings.ports, service)
    command = (
        openstack.program("uwsgi"),
        "--virtualenv", str(openstack.folder()),
        "--http-socket", f"127.0.0.1:{port}",
        "--module", MODULES[service],
        "--callable", "application",
        "--need-app",
        "--enable-threads",
        "--threads", "4",
        "--processes", "1",
        "--lazy-apps",
        "--buffer-size", "65535",
        "--die-on-term",
        # uWSGI's own HTTP does not keep connections open.
        "--add-header", "Connection: close",
    )  # fmt: skip
    environment = {f"OS_{service.upper()}_CONFIG_DIR": str(folder)}
    if service == "neutron":
        environment |= {"OS_NEUTRON_CONFIG_FILES": "neutron.conf", "PYTHONPATH": str(PLUGINS)}
    return process.start(settings.run, Program(service, command, environment, ports=(port,)))


def _write_glance(settings: Settings, protections: str, conf: str) -> None:
    merged = _merged(_glance(settings, protections), _sections(conf))
    _write(settings, "glance", "glance-api.conf", merged)


def _write(settings: Settings, service: str, name: str, conf: Conf) -> None:
    files.write(settings.folder(service) / name, render(conf), mode=0o600)


def _merged(ours: Conf, theirs: Conf) -> dict[str, Mapping[str, object]]:
    sections = list(dict.fromkeys((*ours, *theirs)))
    return {section: {**ours.get(section, {}), **theirs.get(section, {})} for section in sections}


def _sections(fragment: str) -> Conf:
    found: dict[str, dict[str, object]] = {}
    for (section, key), value in parse(fragment, "fragment of glance-api.conf").items():
        found.setdefault(section, {})[key] = value
    return found


def _database(settings: Settings, service: str) -> dict[str, object]:
    return {"connection": settings.database_url(service), "max_pool_size": 20, "max_overflow": 40}


def _keystone(settings: Settings) -> Conf:
    folder = settings.folder("keystone")
    return {
        "database": _database(settings, "keystone"),
        "token": {"provider": "fernet"},
        "fernet_tokens": {"key_repository": folder / "fernet-keys"},
        "fernet_receipts": {"key_repository": folder / "fernet-keys"},
        "credential": {"key_repository": folder / "credential-keys"},
        # A third less time for every boot of a server.
        "cache": {"enabled": "true", "backend": "dogpile.cache.memory"},
        # The least that bcrypt takes: these passwords are random, nobody guesses them.
        "identity": {"password_hash_rounds": 4},
    }


def _glance(settings: Settings, protections: str) -> Conf:
    folder = settings.folder("glance")
    default: dict[str, object] = {"enabled_backends": "local:file"}
    if protections:
        path = folder / "property-protections.conf"
        files.write(path, protections)
        default |= {"property_protection_file": path, "property_protection_rule_format": "roles"}
    return {
        # What Glance checks of an image's content ([image_format]) stays as upstream has it.
        "DEFAULT": default,
        "database": _database(settings, "glance"),
        "glance_store": {"default_backend": "local"},
        "local": {"filesystem_store_datadir": settings.folder("glance", "images")},
        "os_glance_staging_store": {"filesystem_store_datadir": settings.folder("glance", "staging")},
        "os_glance_tasks_store": {"filesystem_store_datadir": settings.folder("glance", "tasks")},
        "keystone_authtoken": identity.token_check(settings, "glance"),
        "paste_deploy": {
            "flavor": "keystone",
            "config_file": openstack.folder() / "etc" / "glance" / "glance-api-paste.ini",
        },
        "oslo_concurrency": {"lock_path": folder / "locks"},
    }


def _placement(settings: Settings) -> Conf:
    return {
        "placement_database": _database(settings, "placement"),
        "api": {"auth_strategy": "keystone"},
        "keystone_authtoken": identity.token_check(settings, "placement"),
    }


def _neutron(settings: Settings) -> Conf:
    folder = settings.folder("neutron")
    return {
        "DEFAULT": {
            "core_plugin": "ml2",
            "service_plugins": "router,qos,trunk,port_forwarding,auto_allocate,network_ip_availability",
            "api_paste_config": openstack.folder() / "etc" / "neutron" / "api-paste.ini",
            "state_path": folder,
            # No agent listens anywhere.
            "transport_url": "fake://",
            "rpc_workers": 0,
            "dhcp_agent_notification": "false",
            "notify_nova_on_port_status_changes": "false",
            "notify_nova_on_port_data_changes": "false",
        },
        "ml2": {
            # The trunk plug-in wants openvswitch; ours comes first and binds every port.
            "mechanism_drivers": "estate_sandbox,openvswitch",
            # l3_ext is what NSX calls a network behind a tier-0 router.
            "type_drivers": "flat,vlan,vxlan,l3_ext",
            "tenant_network_types": "vxlan",
            "extension_drivers": "port_security,qos",
        },
        "ml2_type_flat": {"flat_networks": "*"},
        "ml2_type_vxlan": {"vni_ranges": "1:65535"},
        "securitygroup": {"enable_security_group": "true"},
        "database": _database(settings, "neutron"),
        "keystone_authtoken": identity.token_check(settings, "neutron"),
        "quotas": dict.fromkeys(
            ("quota_network", "quota_subnet", "quota_port", "quota_router", "quota_security_group",
             "quota_security_group_rule", "quota_floatingip", "quota_trunk", "quota_rbac_policy"),
            -1,
        ),
        "oslo_concurrency": {"lock_path": folder / "locks"},
    }  # fmt: skip
