# ruff: noqa: E402
# mypy: disable-error-code="import-not-found,misc"
"""Nova's API, conductor and scheduler, and pretended KVM computes, in one process with native threads.

``python -m estate_sandbox.nova_all --hosts hosts.json [--port N] --config-file … --config-file …``

``--port``: also API, conductor and scheduler, the API on that loopback port. Without it only computes run,
through the conductor of the other process, as plain nova-compute does.
hosts.json: a list of ``{"name", "vcpus", "memory_mib", "disk_gib", "provider_config"}`` (the last a folder).
"""

from nova import monkey_patch

monkey_patch.patch(backend="threading")

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import nova.conf
import os_vif
from nova import config, objects, service
from nova.api.openstack import wsgi_app
from nova.compute import manager as compute_manager
from nova.compute import rpcapi as compute_rpcapi
from nova.conductor import rpcapi as conductor_rpcapi
from nova.db.main import api as main_db
from nova.objects import base as objects_base
from nova.scheduler import rpcapi as scheduler_rpcapi
from nova.virt import driver as virt_driver
from oslo_log import log as logging

from estate_sandbox.nova_driver import HostSize, KvmDriver
from estate_sandbox.wsgi import serve

CONF = nova.conf.CONF
CONTROL = "control"
"""Host name of conductor and scheduler."""


def main() -> None:
    """Start everything, then sleep until a signal ends the process."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--port", type=int)
    parser.add_argument("--hosts", type=Path, required=True)
    arguments, nova_arguments = parser.parse_known_args()
    sys.argv[1:] = nova_arguments
    hosts = json.loads(arguments.hosts.read_text())

    running = _control(arguments.port) if arguments.port else _conductor_client()
    running += _computes(hosts)
    threading.Event().wait()


def _control(port: int) -> list[Any]:
    name, program = "osapi_compute", "nova-api-os-compute"
    wsgi_app.init_global_data(wsgi_app._get_config_files(), name, program)
    # A host's fragment names its nova-compute; these services are nobody's host. The scheduler that looks
    # for new hosts compares its own name with this option (nova/scheduler/manager.py).
    CONF.set_override("host", CONTROL)
    application = wsgi_app.init_application(name, program)
    os_vif.initialize()
    services = [
        service.Service.create(binary="nova-conductor", topic=conductor_rpcapi.RPC_TOPIC),
        service.Service.create(binary="nova-scheduler", topic=scheduler_rpcapi.RPC_TOPIC),
    ]
    for one in services:
        one.start()
    serve(application, port)
    return services


def _conductor_client() -> list[Any]:
    config.parse_args(sys.argv)
    logging.setup(CONF, "nova")
    objects.register_all()
    os_vif.initialize()
    main_db.DISABLE_DB_ACCESS = True
    objects_base.NovaObject.indirection_api = conductor_rpcapi.ConductorAPI()
    return []


def _computes(hosts: list[dict[str, Any]]) -> list[Any]:
    # The option compute_driver stays what the operator's fragment says; only its loading is replaced.
    virt_driver.load_compute_driver = lambda virtapi, *_, **__: KvmDriver(virtapi)
    # Node uuids come from the hosts' names; Nova's file of its node is one for each process. So that a
    # restarted process finds its nodes again:
    compute_manager.ComputeManager._ensure_existing_node_identity = lambda *_: None
    services = []
    for host in hosts:
        KvmDriver.sizes[host["name"]] = HostSize(
            host["vcpus"], host["memory_mib"], host["disk_gib"], tuple(host["traits"])
        )
        # Read once, by the resource tracker that Service.create makes: each host has traits of its own.
        CONF.set_override("provider_config_location", host["provider_config"], group="compute")
        compute = service.Service.create(
            host=host["name"],
            binary="nova-compute",
            topic=compute_rpcapi.RPC_TOPIC,
            topic_alt=compute_rpcapi.RPC_TOPIC_ALT,
        )
        compute.start()
        services.append(compute)
    return services


if __name__ == "__main__":
    main()
