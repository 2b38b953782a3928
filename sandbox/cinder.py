"""Cinder: API, scheduler and every back end in one process."""

from keystoneauth1.adapter import Adapter

from sandbox import files, fragments
from sandbox.identity import login, token_check
from sandbox.nova import PLUGINS
from sandbox.parts import openstack
from sandbox.process import Program
from sandbox.settings import Settings
from sandbox.shape import Backend, Shape
from sandbox.vcenters import connection

NAME = "cinder"

_TUNING: fragments.Conf = {
    "DEFAULT": {
        "report_interval": 20,
        "service_down_time": 120,
        "periodic_fuzzy_delay": 0,
    },
}


def lift_quotas(api: Adapter) -> None:
    """Take the cloud's own limits away; ``api`` is Cinder's.

    Not by ``quota_volumes`` and its like: the schema comes with a class ``default`` of 10 volumes and
    1000 GiB, which goes before the configuration (cinder/quota.py ``get_defaults``).
    """
    unlimited = dict.fromkeys(("volumes", "snapshots", "gigabytes"), -1)
    api.put("/os-quota-class-sets/default", json={"quota_class_set": unlimited})


def program(settings: Settings, shape: Shape) -> Program:
    """The process, configured. It needs Keystone and MariaDB; VMDK back ends await their clusters."""
    folder = settings.folder("cinder")
    share = openstack.folder() / "etc" / "cinder"
    own: dict[str, dict[str, object]] = {
        "DEFAULT": {
            # All that talk to each other live in one process.
            "transport_url": "fake://",
            "host": NAME,
            "auth_strategy": "keystone",
            "enabled_backends": ",".join(backend.name for backend in shape.backends),
            "state_path": folder,
            "my_ip": "127.0.0.1",
            "api_paste_config": share / "api-paste.ini",
            "resource_query_filters_file": share / "resource_filters.json",
        },
        "database": {
            "connection": settings.database_url("cinder"),
            "max_pool_size": 20,
            "max_overflow": 40,
        },
        "keystone_authtoken": token_check(settings, "cinder"),
        "service_user": login(settings, "cinder") | {"send_service_user_token": "true"},
        "nova": login(settings, "cinder"),
        "glance": {"region_name": settings.region},
        "oslo_concurrency": {"lock_path": folder / "locks"},
        "coordination": {"backend_url": f"file://{folder}/coordination"},
        # Encrypted volume types need a key manager: Cinder's own, with one key, stands for Barbican.
        "key_manager": {
            "backend": "cinder.keymgr.conf_key_mgr.ConfKeyManager",
            "fixed_key": settings.secrets.volume_key,
        },
    }
    for backend in shape.backends:
        own[backend.name] = _connection(settings, shape, backend)
    write_policy(settings, shape)
    arguments = fragments.layers(
        folder,
        own,
        {f"{backend.name}.conf": backend.cinder_conf for backend in shape.backends},
        tuning={
            **_TUNING,
            **{backend.name: {"vmware_api_retry_count": 2} for backend in shape.backends if backend.vcenter},
        },
    )
    pretended = ",".join(backend.name for backend in shape.backends if backend.kind == "kvm")
    return Program(
        name=NAME,
        command=(
            openstack.program("python"),
            "-m",
            "estate_sandbox.cinder_all",
            "--port",
            str(settings.ports.cinder),
            "--pretended",
            pretended,
            *arguments,
        ),
        environment={"PYTHONPATH": str(PLUGINS), "OS_CINDER_DISABLE_EVENTLET_PATCHING": "1"},
        ports=(settings.ports.cinder,),
    )


def write_policy(settings: Settings, shape: Shape) -> None:
    """Rules that Cinder's API finds beside its configuration (oslo.policy's policy_dirs), and rereads."""
    if shape.cinder_policy:
        files.write(settings.folder("cinder") / "policy.d" / "50-estate.yaml", shape.cinder_policy)


def _connection(settings: Settings, shape: Shape, backend: Backend) -> dict[str, object]:
    if backend.vcenter is None:
        return {}
    where = connection(settings, shape, backend.vcenter)
    return {
        "vmware_host_ip": where.host,
        "vmware_host_port": where.port,
        "vmware_host_username": where.username,
        "vmware_host_password": where.password,
        "vmware_ca_file": where.ca_file,
        "vmware_tmp_dir": settings.folder("cinder", "tmp"),
    }
