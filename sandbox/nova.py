"""Nova: API, conductor, scheduler and the pretended KVM computes; the clusters' configuration.

Pretended hosts share processes as far as their fragments allow: one process has one configuration.
The real nova-computes of vCenter clusters are started by :mod:`sandbox.computes`.
"""

import json
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox import files, fragments
from sandbox.identity import login, token_check
from sandbox.parts import openstack
from sandbox.process import Program
from sandbox.settings import Settings
from sandbox.shape import Cluster, KvmHost, Shape
from sandbox.vcenters import Connection

PLUGINS = Path(__file__).parent / "openstack_plugins"
"""On ``PYTHONPATH`` of every OpenStack process that runs our modules."""

CONTROL = "nova"
"""Name of the process with the API."""

CLUSTER_COMPUTE = "nova-compute-"
"""What the names of vCenter clusters' nova-compute processes start with."""

_PER_HOST = ("DEFAULT", "host")

_TUNING: fragments.Conf = {
    "DEFAULT": {
        # One process holds many services: keep it free.
        "update_resources_interval": 600,
        "sync_power_state_interval": -1,
        "heal_instance_info_cache_interval": -1,
        "report_interval": 20,
        "service_down_time": 120,
        "periodic_fuzzy_delay": 0,
    },
    "conductor": {"workers": 1},
    "scheduler": {"workers": 1, "discover_hosts_in_cells_interval": 5},
    "quota": dict.fromkeys(
        ("instances", "cores", "ram", "key_pairs", "server_groups", "server_group_members"), -1
    ),
    "vnc": {"enabled": "false"},
}


def programs(settings: Settings, shape: Shape) -> tuple[Program, ...]:
    """The control process, and one process for each further group of pretended hosts; all configured.

    They need Keystone with the services' users, MariaDB and RabbitMQ. Further groups speak through the
    conductor, as every nova-compute does, and wait for it themselves.
    """
    groups = _groups(shape.kvm_hosts)
    inside = next(
        (group for group in groups if not fragments.disagree(group[0].nova_conf, shape.scheduler_conf)), ()
    )
    result = [_control(settings, shape, inside)]
    result += [
        _pretended(settings, f"{CONTROL}-kvm-{number}", group)
        for number, group in enumerate((group for group in groups if group is not inside), start=1)
    ]
    return tuple(result)


def archiving(settings: Settings) -> Program:
    """Moves deleted records out of Nova's way, as every production's cron job does; it runs to its end.

    Nova does not tell the deleted service record of a host from the host's own (nova/compute/api.py
    ``check_instance_host``).
    """
    folder = settings.folder("nova", "archiving")
    own = {
        "DEFAULT": {"transport_url": settings.transport_url, "state_path": folder},
        "database": _database(settings, "nova"),
        "api_database": _database(settings, "nova_api"),
    }
    arguments = fragments.layers(folder, own, {})
    archive = ("db", "archive_deleted_rows", "--until-complete", "--all-cells")
    return Program("nova-manage-archive", (openstack.program("nova-manage"), *arguments, *archive))


def cluster_state(settings: Settings, cluster: Cluster) -> Path:
    """Where the nova-compute of ``cluster`` keeps its state."""
    return settings.folder("nova", "clusters", cluster.compute_host)


def cluster_program(settings: Settings, cluster: Cluster, connection: Connection) -> Program:
    """Plain nova-compute with Nova's own VMware driver, configured for ``cluster``."""
    folder = cluster_state(settings, cluster)
    files.write(folder / "provider_config" / "provider.yaml", cluster.provider_yaml)
    own = _common(settings, folder) | {
        "vmware": {
            "host_ip": connection.host,
            "host_port": connection.port,
            "host_username": connection.username,
            "host_password": connection.password,
            "ca_file": connection.ca_file,
        },
        "compute": {"provider_config_location": folder / "provider_config"},
    }
    arguments = fragments.layers(
        folder,
        own,
        {"nova.conf": cluster.nova_conf},
        # Everything else as in production: these computes meet a vCenter that can fail.
        tuning={"vnc": {"enabled": "false"}, "vmware": {"api_retry_count": 2, "task_poll_interval": 0.1}},
        same={
            "DEFAULT": {"host": cluster.compute_host, "compute_driver": "vmwareapi.VMwareVCDriver"},
            "vmware": {"cluster_name": cluster.name},
        },
    )
    return Program(
        name=f"{CLUSTER_COMPUTE}{cluster.compute_host}",
        command=(openstack.program("nova-compute"), *arguments),
        environment=_environment(),
        # Asked to end, it would first wait for whatever it does to be done, for up to three minutes.
        stop_signal=signal.SIGKILL,
    )


def _control(settings: Settings, shape: Shape, hosts: tuple[KvmHost, ...]) -> Program:
    folder = settings.folder("nova", "control")
    own = _common(settings, folder) | {
        "database": _database(settings, "nova"),
        "api_database": _database(settings, "nova_api"),
        "keystone_authtoken": token_check(settings, "nova"),
    }
    texts = {"scheduler.conf": shape.scheduler_conf} | ({"kvm.conf": hosts[0].nova_conf} if hosts else {})
    arguments = fragments.layers(folder, own, texts, tuning=_TUNING)
    # Found beside the configuration (oslo.policy's policy_dirs).
    files.write(folder / "policy.d" / "50-estate.yaml", shape.nova_policy)
    port = settings.ports.nova
    return _launcher(CONTROL, folder, hosts, ("--port", str(port), *arguments), ports=(port,))


def _pretended(settings: Settings, name: str, hosts: tuple[KvmHost, ...]) -> Program:
    folder = settings.folder("nova", name)
    texts = {"kvm.conf": hosts[0].nova_conf}
    arguments = fragments.layers(folder, _common(settings, folder), texts, tuning=_TUNING)
    return _launcher(name, folder, hosts, arguments)


def _launcher(
    name: str,
    folder: Path,
    hosts: tuple[KvmHost, ...],
    arguments: tuple[str, ...],
    ports: tuple[int, ...] = (),
) -> Program:
    listed: list[dict[str, Any]] = []
    for host in hosts:
        provider = folder / "provider_config" / host.name
        files.write(provider / "provider.yaml", host.provider_yaml)
        listed.append(
            {
                "name": host.name,
                "vcpus": host.vcpus,
                "memory_mib": host.memory_mib,
                "traits": list(host.traits),
                "disk_gib": host.disk_gib,
                "provider_config": str(provider),
            }
        )
    files.write(folder / "hosts.json", json.dumps(listed, indent=1))
    return Program(
        name=name,
        command=(
            openstack.program("python"),
            "-m",
            "estate_sandbox.nova_all",
            "--hosts",
            str(folder / "hosts.json"),
            *arguments,
        ),
        environment=_environment(),
        ports=ports,
    )


def _groups(hosts: tuple[KvmHost, ...]) -> list[tuple[KvmHost, ...]]:
    """Hosts whose fragments say the same (but for their name), largest group first."""
    groups: dict[frozenset[tuple[tuple[str, str], str]], list[KvmHost]] = {}
    for host in hosts:
        groups.setdefault(fragments.without(host.nova_conf, _PER_HOST), []).append(host)
    return sorted((tuple(group) for group in groups.values()), key=len, reverse=True)


def _environment() -> Mapping[str, str]:
    return {"PYTHONPATH": str(PLUGINS), "OS_NOVA_CONFIG_DIR": str(openstack.folder() / "etc" / "nova")}


def _database(settings: Settings, name: str) -> dict[str, object]:
    return {
        "connection": settings.database_url("nova", name),
        "max_pool_size": 20,
        "max_overflow": 40,
    }


def _common(settings: Settings, folder: Path) -> dict[str, dict[str, object]]:
    user = login(settings, "nova")
    return {
        "DEFAULT": {
            "transport_url": settings.transport_url,
            "state_path": folder,
            "my_ip": "127.0.0.1",
        },
        "oslo_concurrency": {"lock_path": folder / "locks"},
        "service_user": user | {"send_service_user_token": "true"},
        "placement": user,
        "neutron": user,
        "cinder": user | {"os_region_name": settings.region},
        "glance": {"region_name": settings.region},
    }
