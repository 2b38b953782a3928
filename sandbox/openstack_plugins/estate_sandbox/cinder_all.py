# ruff: noqa: E402
# mypy: disable-error-code="import-not-found,misc"
"""Cinder's API, scheduler and all volume back ends in one process with native threads.

``python -m estate_sandbox.cinder_all --port N --pretended NAME,… --config-file … --config-file …``

``--pretended``: back ends that get :class:`estate_sandbox.cinder_driver.PretendDriver`, whatever their
``volume_driver`` says. The others run the driver that their stanza names, once its vCenter clusters exist.
"""

from cinder import monkey_patch

monkey_patch.patch(backend="threading")

from cinder import objects

objects.register_all()  # modules below use the registered names when they are loaded

import argparse
import os
import shlex
import signal
import sys
import threading
import time

import os_brick
from cinder import context, service, utils
from cinder.cmd import volume  # before the files are read: it registers options
from cinder.volume import manager
from cinder.volume.configuration import Configuration
from cinder.volume.drivers.vmware import vmdk
from cinder.wsgi import wsgi
from oslo_config import cfg
from oslo_log import log as logging
from oslo_privsep import priv_context

from estate_sandbox import cinder_driver, vcenter
from estate_sandbox.wsgi import serve

CONF = cfg.CONF
LOG = logging.getLogger(__name__)
CLUSTER_POLL = 1.0
"""Seconds between two looks whether a back end's clusters exist."""
PRETEND_DRIVER = f"{cinder_driver.__name__}.{cinder_driver.PretendDriver.__name__}"


class Service(service.Service):
    """Cinder keeps ``service_id`` on the class, one per process; here each back end needs its own."""

    def report_state(self) -> None:
        """Report this instance: under a lock, because Cinder reads the class attribute meanwhile."""
        with _REPORT:
            service.Service.service_id = self.origin_service_id
            super().report_state()


_REPORT = threading.Lock()


def main() -> None:
    """Start everything, then sleep until a signal ends the process."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pretended", default="")
    arguments, cinder_arguments = parser.parse_known_args()
    sys.argv[1:] = cinder_arguments
    pretended = set(filter(None, arguments.pretended.split(",")))

    application = wsgi.initialize_application()
    priv_context.init(root_helper=shlex.split(utils.get_root_helper()))
    os_brick.setup(CONF)
    serve(application, arguments.port)
    # The scheduler waits 30 s for the first reports of the back ends: in a thread of its own.
    threading.Thread(target=_scheduler, name="scheduler", daemon=True).start()
    for name in CONF.enabled_backends:
        if name in pretended:
            _pretend(name)
        threading.Thread(
            target=_backend, args=(name, name in pretended), name=f"backend-{name}", daemon=True
        ).start()
    threading.Event().wait()


def _scheduler() -> None:
    Service.create(binary="cinder-scheduler").start()


def _pretend(name: str) -> None:
    # The manager maps old driver paths to new ones with this table; the option itself stays untouched.
    configured = Configuration(manager.volume_backend_opts, config_group=name).volume_driver
    manager.MAPPING[configured] = PRETEND_DRIVER


def _backend(name: str, pretended: bool) -> None:
    served = None if pretended else _wait_for_clusters(name)
    CONF.register_opt(volume.host_opt, group=name)
    host = f"{CONF[name].backend_host or CONF.host}@{name}"
    made = Service.create(host=host, service_name=name, binary="cinder-volume", coordination=True)
    made.start()
    LOG.info("Back end %s runs", name)
    while served is not None:
        served = _wait_for_other_clusters(name, served)
        LOG.warning("Back end %s: its clusters were made anew; the driver is set up again", name)
        made.manager.driver.do_setup(context.get_admin_context())


def _wait_for_clusters(name: str) -> dict[str, str]:
    """Return once all of the back end's clusters exist: their names and managed object ids."""
    wanted = _wanted_clusters(name)
    while (found := _clusters(name)) is None or not wanted <= found.keys():
        time.sleep(CLUSTER_POLL)
    return {cluster: found[cluster] for cluster in wanted}


def _wait_for_other_clusters(name: str, served: dict[str, str]) -> dict[str, str]:
    """Return once clusters of the same names exist that are others: the driver knows only those of its start.

    An operator restarts cinder-volume then (cinder/volume/drivers/vmware/vmdk.py ``do_setup``).
    """
    while (found := _wait_for_clusters(name)) == served:
        time.sleep(CLUSTER_POLL)
    return found


def _wanted_clusters(name: str) -> set[str]:
    return set(Configuration(vmdk.vmdk_opts, config_group=name).vmware_cluster_name or ())


def _clusters(name: str) -> dict[str, str] | None:
    """Clusters of the back end's vCenter; ``None`` while it does not answer."""
    options = Configuration(vmdk.vmdk_opts, config_group=name)
    login = vcenter.Login(
        options.vmware_host_ip,
        options.vmware_host_port,
        options.vmware_host_username,
        options.vmware_host_password,
        options.vmware_ca_file,
    )
    try:
        with vcenter.session(login) as content:
            found: dict[str, str] = vcenter.clusters(content)
            return found
    except Exception as error:  # the vCenter may be away for any reason: ask again
        LOG.warning("Back end %s: vCenter %s: %s", name, login.host, error)
        return None


if __name__ == "__main__":
    main()
