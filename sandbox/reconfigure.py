"""A running sandbox with other operators' configuration: files are written anew, their services restarted.

For what an operator could change at any time. A restarted nova-compute of pretended hosts has forgotten its
servers; Nova's database has not.
"""

from functools import partial
from http import HTTPStatus

from sandbox import apis, cinder, nova, process, ready, settings, vcenters
from sandbox.lifecycle import Running
from sandbox.settings import Settings
from sandbox.shape import Shape
from toolchain.progress import Progress


def reconfigure(running: Running, before: Shape, after: Shape, progress: Progress) -> None:
    """Give the services the configuration of ``after``, and return when they have it.

    Both shapes may differ in fragments only. The nova-compute of a cluster is started by its supervisor.
    """
    known = settings.load(running.run)
    if _of_nova(before) != _of_nova(after):
        with progress.step("Nova with other configuration") as step:
            records = [process.start(running.run, program) for program in nova.programs(known, after)]
            ready.wait(known, after, records, step)
            # Its first look at all cells comes too early for a cell that is not connected yet.
            process.wait_ready(records[0], partial(_zones, known))
    for old, new in zip(before.clusters, after.clusters, strict=True):
        if old != new:
            _restart_cluster(known, after, new.name)
    if (before.glance_protections, before.glance_conf) != (after.glance_protections, after.glance_conf):
        apis.restart_glance(known, after.glance_protections, after.glance_conf)
    if before.cinder_policy != after.cinder_policy:  # read anew, it would still have the rules that are gone
        with progress.step("Cinder with other rules") as step:
            ready.wait(known, after, [process.start(running.run, cinder.program(known, after))], step)


def _of_nova(shape: Shape) -> tuple[object, ...]:
    return shape.scheduler_conf, shape.nova_policy, shape.kvm_hosts


def _zones(known: Settings) -> bool:
    api = ready.api(known, "compute")
    return bool(api.get("/os-availability-zone", raise_exc=False).status_code == HTTPStatus.OK)


def _restart_cluster(known: Settings, shape: Shape, name: str) -> None:
    (cluster,) = [one for one in shape.clusters if one.name == name]
    program = nova.cluster_program(known, cluster, vcenters.connection(known, shape, cluster.vcenter))
    process.stop(known.run, [program.name])
