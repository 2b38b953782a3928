"""Cinder's back ends: whether one serves volumes by now."""

from estate.openstack.sdk import Connection
from estate.openstack.waiting import Report, wait_for


def serving(cloud: Connection, name: str) -> tuple[str, ...]:
    """Pools (``HOST@BACKEND#POOL``) with that ``volume_backend_name`` which report to the scheduler now."""
    return tuple(
        pool.name
        for pool in cloud.block_storage.backend_pools()
        if (pool.capabilities or {}).get("volume_backend_name") == name
    )


def wait_until_serving(cloud: Connection, name: str, *, seconds: float, report: Report) -> None:
    """Wait until a back end with that ``volume_backend_name`` reports to the scheduler.

    A VMDK back end comes up only once its vSphere clusters exist
    (cinder/volume/drivers/vmware/vmdk.py ``do_setup``); a volume made before goes into error at once.

    :raises CloudError: after ``seconds``, with where to look.
    """
    wait_for(
        lambda: serving(cloud, name),
        lambda pools: (
            None
            if pools
            else f"no back end with volume_backend_name = {name} reports to cinder-scheduler; "
            "look at the log of its cinder-volume"
        ),
        seconds=seconds,
        report=report,
    )
