"""From the API's call to the moment at which the scheduler would choose: conductor and scheduler, their own
code in this process.
"""

import nova.conf
import oslo_messaging as messaging
from nova import exception
from nova.conductor import manager as conductor_manager
from nova.conductor import rpcapi as conductor_rpcapi
from nova.conductor.tasks import live_migrate
from nova.scheduler import manager, request_filter
from nova.scheduler import utils as scheduler_utils
from nova.scheduler.client import query

CONF = nova.conf.CONF
SCHEDULER = {}
"""The scheduler of the cloud that was arranged last: it reads configuration and aggregates at its start."""


class Ended(BaseException):
    """Conductor or scheduler end the request without choosing among hosts; the API has accepted the call."""


class Asked(BaseException):
    """The scheduler was asked; ``hosts`` are those that it accepts. Neither Nova nor webob may catch it."""

    def __init__(self, hosts):
        super().__init__()
        self.hosts = hosts


class UpToTheChoice:
    """What is called in place of the message queue: the conductor's own methods, which ask for hosts."""

    def __init__(self):
        self.manager = conductor_manager.ComputeTaskManager()
        self.manager._bury_in_cell0 = _bury
        conductor_rpcapi.ComputeTaskAPI.__init__ = lambda api: setattr(api, "client", self)
        query.SchedulerQueryClient.select_destinations = accept
        self.migration = []
        """The task of a live migration: what it looks at once the scheduler has chosen."""
        find = live_migrate.LiveMigrationTask._find_destination

        def remembered(task):
            self.migration = [task]
            return find(task)

        live_migrate.LiveMigrationTask._find_destination = remembered

    def prepare(self, **_):
        return self

    def can_send_version(self, _):
        return True

    def cast(self, context, method, **values):
        try:
            return getattr(self.manager, method)(context, **values)
        except Exception as error:  # the server's fault: whoever called the API is told nothing
            meant = error.exc_info[1] if isinstance(error, messaging.ExpectedException) else error
            raise Ended(f"{type(meant).__name__}: {meant}") from error

    call = cast


def _bury(context, spec, error, **_):
    """In place of a record of a server that could not be scheduled."""
    raise Ended(f"{type(error).__name__}: {error}")


def _candidates(scheduler, context, spec, translate):
    """What placement offers, and whether dedicated CPUs are asked for."""
    resources = scheduler_utils.resources_from_request_spec(
        context, spec, scheduler.host_manager, enable_pinning_translate=translate
    )
    found = scheduler.placement_client.get_allocation_candidates(context, resources)
    candidates, summaries, _ = found or (None, None, None)
    return candidates or [], summaries or {}, resources.cpu_pinning_requested


def accept(client, context, spec, instance_uuids, *_, **__):
    """In place of the call to nova-scheduler: its own steps, but for the choice (``select_destinations``)."""
    scheduler = SCHEDULER.get("of this cloud") or manager.SchedulerManager()
    SCHEDULER["of this cloud"] = scheduler
    summaries = None
    if not scheduler_utils.request_is_rebuild(spec):
        try:
            request_filter.process_reqspec(context, spec)
        except exception.RequestFilterFailed as error:
            raise Ended(error.message) from None
        found, summaries, pinned = _candidates(scheduler, context, spec, translate=True)
        if pinned and not CONF.workarounds.disable_fallback_pcpu_query:
            more, more_summaries, _ = _candidates(scheduler, context, spec, translate=False)
            found, summaries = [*found, *more], {**summaries, **more_summaries}
        if not found:
            raise Asked([])
    states = list(scheduler._get_all_host_states(context.elevated(), spec, summaries))
    raise Asked([one.host for one in scheduler.host_manager.get_filtered_hosts(states, spec)])
