"""Run by the Python of the OpenStack services: Nova's own code says what becomes of a request.

``python FOLDER --config-file …`` reads JSON lines from stdin and answers each with one. ``arrange`` puts
hosts, traits, inventories and aggregates into Nova's database and into placement. ``ask`` sends a request
through Nova's API, conductor and scheduler, all their own code in this process, up to the moment at which
the scheduler would choose one of the hosts that it accepts: these are the answer, or the refusal before.
Nothing is claimed, nothing is built.
"""

import json
import sys
import traceback

from nova import monkey_patch

monkey_patch.patch(backend="threading")

import nova.conf
from nova import config, objects, rpc
from nova.compute import rpcapi  # noqa: F401 - registers

CONF = nova.conf.CONF


def start(arguments):
    config.parse_args(["nova-api", *arguments])
    # Whether a service is up is said by the cloud that is asked about (forced_down), not by its heartbeat.
    CONF.set_override("service_down_time", 10**7)
    CONF.set_override("track_instance_changes", False, group="filter_scheduler")
    objects.register_all()
    rpc.init(CONF)


def main():
    start(sys.argv[1:])
    from asking import Nova  # which wants the configuration

    asked = Nova()
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if "arrange" in command:
                asked.cloud.arrange(command["arrange"])
                answer = {"arranged": len(command["arrange"]["hosts"])}
            else:
                answer = asked.ask(command["ask"])
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
        print("ANSWER " + json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
