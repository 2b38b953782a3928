"""Sends a request through Nova's API on an arranged cloud, and says what came of it."""

import json
import re

import nova.conf
from arranged_cloud import Cloud
from calls import call
from names import USER, known
from nova import context as nova_context
from nova import exception, policy
from nova.api.openstack import compute, wsgi
from nova.scheduler import utils as scheduler_utils
from oslo_policy.policy import Rules
from prepared import Prepared
from stand_ins import StandIns
from to_the_choice import Asked, Ended, UpToTheChoice

CONF = nova.conf.CONF
NEWEST = "2.104"
"""Microversion of Nova's API."""
REBUILD = "os_compute_api:servers:rebuild"


class Nova:
    """Nova's API, and behind it the conductor, on an arranged cloud."""

    def __init__(self):
        self.cloud = Cloud()
        self.stand_ins = StandIns()
        self.stand_ins.install()
        self.behind = UpToTheChoice()
        self.api = compute.APIRouterV21()
        policy.init()
        policy._ENFORCER.load_rules()  # else it would do so later, and take back what is set here
        self.rebuild = policy._ENFORCER.registered_rules[REBUILD].check_str

    def ask(self, asked):
        """Accepted hosts by the names of the cloud, or the refusal."""
        filters = asked["conf"]["filter_scheduler"]
        filters["isolated_hosts"] = [self.cloud.theirs(one) for one in filters["isolated_hosts"]]
        filters["isolated_images"] = [known(one) for one in filters["isolated_images"]]
        for section, values in asked["conf"].items():
            for key, value in values.items():
                CONF.set_override(key, value, group=None if section == "DEFAULT" else section)
        rules = {REBUILD: self.rebuild if asked["rebuild"] else "!"}
        policy.set_rules(Rules.from_dict(rules), overwrite=False)
        scheduler_utils.reset_globals()
        self.behind.migration = []
        request = asked["request"]
        with Prepared(self.cloud, self.stand_ins, request) as prepared:
            return self._answer(request, *call(self.cloud, self.stand_ins, request, prepared))

    def _answer(self, request, method, url, body):
        sent = wsgi.Request.blank(url, method=method)
        sent.headers["Content-Type"] = "application/json"
        sent.headers["OpenStack-API-Version"] = f"compute {NEWEST}"
        sent.body = json.dumps(body).encode()
        roles = ["manager", "member", "reader"]
        sent.environ["nova.context"] = nova_context.RequestContext(
            user_id=USER,
            project_id=request["project"],
            roles=["admin", *roles] if request["admin"] else roles,
            is_admin=request["admin"],
        )
        image = request["image"]["name"] if request["image"] else None
        try:
            answer = sent.get_response(self.api)
        except Asked as found:
            hosts = [one for one in found.hosts if one in self.cloud.ours and self._compatible(one)]
            return {"accepted": sorted(self.cloud.ours[one] for one in hosts)}
        except Ended as ended:
            return {"accepted": [], "ended": self._words(str(ended), image)}
        assert 400 <= answer.status_int < 500, (answer.status_int, answer.body)
        said = next(iter(json.loads(answer.body).values()))["message"]
        return {"accepted": [], "refused": self._words(f"{said} (HTTP {answer.status_int})", image)}

    def _compatible(self, host):
        """What the conductor looks at after a live migration was scheduled."""
        for task in self.behind.migration:
            try:
                task._check_compatible_with_source_hypervisor(host)
            except exception.Invalid:
                return False
        return True

    def _words(self, text, image):
        """By the names of the cloud."""
        for theirs, ours in self.cloud.ours.items():
            text = text.replace(theirs, ours)
        return re.sub(re.escape(known(image)), image, text) if image else text
