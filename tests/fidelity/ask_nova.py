"""Run by the Python of the OpenStack services: Nova's own code says what becomes of a request.

``ask_nova.py --config-file …`` reads JSON lines from stdin and answers each with one. ``arrange`` puts hosts,
traits, inventories and aggregates into Nova's database and into placement. ``ask`` sends a request through
Nova's API, conductor and scheduler, all their own code in this process, up to the moment at which the
scheduler would choose one of the hosts that it accepts: these are the answer, or the refusal before. Nothing
is claimed, nothing is built.

What stands in: Glance's and Cinder's answers about the one image and the volumes of a request, Cyborg's
about its device profile, and Neutron's about ports, of which there are none.
"""

# ruff: noqa: ANN001, ANN002, ANN003, ANN202, ANN204, E402, PLC0415 - runs where nothing is typed
# mypy: ignore-errors

import json
import re
import sys
import traceback
import uuid
from contextlib import contextmanager

from nova import monkey_patch

monkey_patch.patch(backend="threading")

import nova.conf
import oslo_messaging as messaging
from nova import availability_zones, exception, objects
from nova import context as nova_context
from nova.compute import rpcapi  # noqa: F401 - registers
from nova.scheduler import utils as scheduler_utils
from nova.scheduler.client import query, report
from oslo_utils import timeutils

CONF = nova.conf.CONF
PLACEMENT = "1.39"
NEWEST = "2.104"
USER = "fidelity"
NAMES = uuid.UUID("5f0b1f3e-6a0e-4c5e-9c46-1a1d8a3b7c55")


SCHEDULER = {}
"""The scheduler of the cloud that was arranged last: it reads configuration and aggregates at its start."""


def known(name):
    """The id of an image, a volume or a flavor."""
    return str(uuid.uuid5(NAMES, name))


class Ended(BaseException):
    """Conductor or scheduler end the request without choosing among hosts; the API has accepted the call."""


class Asked(BaseException):
    """The scheduler was asked; ``hosts`` are those that it accepts. Neither Nova nor webob may catch it."""

    def __init__(self, hosts):
        super().__init__()
        self.hosts = hosts


def start(arguments):
    from nova import config, rpc

    config.parse_args(["nova-api", *arguments])
    # Whether a service is up is said by the cloud that is asked about (forced_down), not by its heartbeat.
    CONF.set_override("service_down_time", 10**7)
    CONF.set_override("track_instance_changes", False, group="filter_scheduler")
    objects.register_all()
    rpc.init(CONF)


class StandIns:
    """What Glance, Cinder, Cyborg and Neutron would say."""

    def __init__(self):
        self.images, self.volumes = {}, {}

    def install(self):
        from nova.accelerator import cyborg
        from nova.image import glance
        from nova.network import neutron
        from nova.volume import cinder

        def image(api, context, image_id, *_, **__):
            return dict(self.images[image_id])

        def volume(api, context, volume_id, *_, **__):
            return dict(self.volumes[volume_id])

        glance.API.get = image
        cinder.API.get = volume
        cinder.API.check_attached = cinder.API.check_attach = lambda *_, **__: None
        cinder.API.attachment_create = lambda *_, **__: {"id": known("attachment")}
        cinder.API.reserve_volume = lambda *_, **__: None
        cyborg.get_device_profile_request_groups = lambda *_, **__: []
        cyborg.get_device_profile_groups = lambda *_, **__: []
        neutron.API.get_requested_resource_for_instance = lambda *_, **__: (
            [],
            objects.RequestLevelParams(),
        )
        neutron.API.instance_has_extended_resource_request = lambda *_, **__: False
        neutron.API.has_port_binding_extension = lambda *_, **__: True


class Conductor:
    """In place of the message queue: the conductor's own methods are called."""

    def __init__(self):
        from nova.conductor import manager
        from nova.conductor import rpcapi as conductor_rpcapi

        self.manager = manager.ComputeTaskManager()
        self.manager._bury_in_cell0 = _bury
        conductor_rpcapi.ComputeTaskAPI.__init__ = lambda api: setattr(api, "client", self)

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


def accept(client, context, spec, instance_uuids, *_, **__):
    """In place of the call to nova-scheduler: its own steps, but for the choice (``select_destinations``)."""
    from nova.scheduler import manager, request_filter

    scheduler = SCHEDULER.get("of this cloud") or manager.SchedulerManager()
    SCHEDULER["of this cloud"] = scheduler
    summaries = None
    if not scheduler_utils.request_is_rebuild(spec):
        try:
            request_filter.process_reqspec(context, spec)
        except exception.RequestFilterFailed as error:
            raise Ended(error.message) from None
        resources = scheduler_utils.resources_from_request_spec(context, spec, scheduler.host_manager)
        found = scheduler.placement_client.get_allocation_candidates(context, resources)
        candidates, summaries, _ = found or (None, None, None)
        if not candidates:
            raise Asked([])
    states = list(scheduler._get_all_host_states(context.elevated(), spec, summaries))
    raise Asked([one.host for one in scheduler.host_manager.get_filtered_hosts(states, spec)])


class Cloud:
    """Nova's database and placement, arranged as a cloud says."""

    def __init__(self):
        self.context = nova_context.get_admin_context()
        self.client = report.report_client_singleton()

    def nodes(self):
        """Cell and compute node, by host."""
        found = []
        for cell in objects.CellMappingList.get_all(self.context):
            if cell.uuid != objects.CellMapping.CELL0_UUID:
                with nova_context.target_cell(self.context, cell) as cctxt:
                    found += [(cell, node) for node in objects.ComputeNodeList.get_all(cctxt)]
        return sorted(found, key=lambda one: one[1].host)

    def arrange(self, cloud):
        """Hosts of the cloud, in turn, on the compute nodes that there are."""
        self._forget()
        for trait in cloud["traits"]:
            self.client.put(f"/traits/{trait}", None, version=PLACEMENT)
        nodes = self.nodes()
        assert len(nodes) >= len(cloud["hosts"]), (len(nodes), len(cloud["hosts"]))
        self.ours, self.node, self.cell = {}, {}, {}
        for (cell, node), host in zip(nodes, cloud["hosts"], strict=False):
            name = host["name"]
            self.ours[node.host], self.node[name], self.cell[name] = name, node, cell
            with nova_context.target_cell(self.context, cell) as cctxt:
                found = objects.ComputeNode.get_by_uuid(cctxt, node.uuid)
                found.hypervisor_type = host["hypervisor_type"]
                found.hypervisor_version = host["hypervisor_version"]
                found.supported_hv_specs = [objects.HVSpec.from_list(one) for one in host["supported"]]
                found.stats = {"num_instances": host["num_instances"], "io_workload": host["num_io_ops"]}
                found.save()
                service = objects.Service.get_by_compute_host(cctxt, node.host)
                service.disabled = not host["enabled"]
                service.forced_down = not host["up"]
                service.save()
            self._provider(node.uuid, host["traits"], host["inventories"])
            if used := {key: amount for key, amount in host["used"].items() if amount}:
                self.allocate(str(uuid.uuid4()), node.uuid, used)
        for _, node in nodes[len(cloud["hosts"]) :]:
            self._provider(node.uuid, [], {})
        self._aggregates(cloud["aggregates"])
        SCHEDULER.clear()
        self.client.clear_provider_cache()
        availability_zones.reset_cache()

    def theirs(self, host):
        """The compute host that stands for one of the cloud."""
        return self.node[host].host if host in self.node else host

    def _aggregates(self, aggregates):
        membership = {}
        for one in aggregates:
            made = objects.Aggregate(self.context, name=f"fidelity-{one['name']}", metadata=one["metadata"])
            made.create()
            for host in one["hosts"]:
                made.add_host(self.node[host].host)
                membership.setdefault(host, []).append(made.uuid)
        for host, node in self.node.items():
            self._put(
                f"/resource_providers/{node.uuid}/aggregates",
                {
                    "aggregates": membership.get(host, []),
                    "resource_provider_generation": self._generation(node.uuid),
                },
            )

    def _forget(self):
        for one in objects.AggregateList.get_all(self.context):
            for host in list(one.hosts):
                one.delete_host(host)
            one.destroy()
        for _, node in self.nodes():
            url = f"/resource_providers/{node.uuid}/allocations"
            for consumer in self.client.get(url, version=PLACEMENT).json()["allocations"]:
                self.client.delete(f"/allocations/{consumer}", version=PLACEMENT)

    def _generation(self, provider):
        return self.client.get(f"/resource_providers/{provider}", version=PLACEMENT).json()["generation"]

    def _put(self, url, body):
        answer = self.client.put(url, body, version=PLACEMENT)
        assert answer.status_code < 300, (url, answer.status_code, answer.text)

    def _provider(self, provider, traits, inventories):
        for trait in traits:
            if trait.startswith("CUSTOM_"):
                self.client.put(f"/traits/{trait}", None, version=PLACEMENT)
        self._put(
            f"/resource_providers/{provider}/traits",
            {"traits": sorted(traits), "resource_provider_generation": self._generation(provider)},
        )
        self._put(
            f"/resource_providers/{provider}/inventories",
            {"inventories": inventories, "resource_provider_generation": self._generation(provider)},
        )

    def allocate(self, consumer, provider, resources):
        """A consumer takes some of a provider."""
        body = {
            "allocations": {provider: {"resources": resources}},
            "project_id": USER,
            "user_id": USER,
            "consumer_generation": None,
            "consumer_type": "INSTANCE",
        }
        self._put(f"/allocations/{consumer}", body)


class Server:
    """A server that runs somewhere in Nova's database, for as long as it is asked about."""

    def __init__(self, cloud, flavor, image, *, project, on, zone=None, volume=None, shelved=False):
        from nova import utils
        from nova.network import model as network_model

        self.cloud, self.node, self.cell = cloud, cloud.node[on], cloud.cell[on]
        self.uuid = str(uuid.uuid4())
        self.silenced = False
        with nova_context.target_cell(cloud.context, self.cell) as cctxt:
            instance = objects.Instance(
                cctxt,
                uuid=self.uuid,
                project_id=project,
                user_id=USER,
                display_name="asked-about",
                host=None if shelved else self.node.host,
                node=None if shelved else self.node.hypervisor_hostname,
                compute_id=None if shelved else self.node.id,
                vm_state="shelved_offloaded" if shelved else "active",
                power_state=4 if shelved else 1,
                flavor=flavor,
                old_flavor=None,
                new_flavor=None,
                image_ref="" if volume else (image or {}).get("id", ""),
                root_device_name="/dev/vda",
                launched_at=timeutils.utcnow(),
                availability_zone=zone,
                system_metadata={
                    **utils.get_system_metadata_from_image(image or {}, flavor),
                    **({"shelved_image_id": image["id"]} if shelved and image and not volume else {}),
                },
                metadata={},
                numa_topology=None,
                pci_requests=objects.InstancePCIRequests(requests=[]),
                info_cache=objects.InstanceInfoCache(network_info=network_model.NetworkInfo()),
            )
            instance.create()
            if volume:
                objects.BlockDeviceMapping(
                    cctxt,
                    instance_uuid=self.uuid,
                    source_type="volume",
                    destination_type="volume",
                    device_type="disk",
                    boot_index=0,
                    volume_id=volume,
                    volume_size=100,
                    device_name="/dev/vda",
                    connection_info="{}",
                    attachment_id=known("attachment"),
                    delete_on_termination=False,
                    no_device=False,
                ).create()
        objects.InstanceMapping(
            cloud.context,
            instance_uuid=self.uuid,
            cell_mapping=self.cell,
            project_id=project,
            user_id=USER,
            queued_for_delete=False,
        ).create()
        self.spec = objects.RequestSpec(
            cloud.context,
            instance_uuid=self.uuid,
            num_instances=1,
            project_id=project,
            user_id=USER,
            availability_zone=zone,
            flavor=flavor,
            image=objects.ImageMeta.from_dict(image or {}),
            is_bfv=bool(volume),
            numa_topology=None,
            pci_requests=objects.InstancePCIRequests(requests=[]),
            instance_group=None,
            ignore_hosts=None,
            force_hosts=None,
            force_nodes=None,
            requested_destination=None,
            retry=None,
            limits=objects.SchedulerLimits.from_dict({}),
            scheduler_hints={},
            security_groups=objects.SecurityGroupList(objects=[]),
            requested_networks=objects.NetworkRequestList(objects=[]),
        )
        self.spec.create()

    def occupy(self):
        """It holds something of its host's provider, as running servers do."""
        inventories = self.cloud.client.get(
            f"/resource_providers/{self.node.uuid}/inventories", version=PLACEMENT
        ).json()["inventories"]
        step = inventories["MEMORY_MB"]["step_size"]
        self.cloud.allocate(self.uuid, self.node.uuid, {"MEMORY_MB": step})

    def hear_of_host(self, *, up):
        """Whether its nova-compute is heard of: Nova evacuates only from hosts that are not."""
        self.silenced = not up
        with nova_context.target_cell(self.cloud.context, self.cell) as cctxt:
            service = objects.Service.get_by_compute_host(cctxt, self.node.host)
            service.forced_down = not up
            service.save()

    def forget(self):
        if self.silenced:
            self.hear_of_host(up=True)
        self.cloud.client.delete(f"/allocations/{self.uuid}", version=PLACEMENT)
        with nova_context.target_cell(self.cloud.context, self.cell) as cctxt:
            objects.Instance.get_by_uuid(cctxt, self.uuid).destroy()


class Nova:
    """Nova's API, and behind it the conductor, on an arranged cloud."""

    def __init__(self):
        from nova.api.openstack import compute
        from nova.conductor.tasks import live_migrate

        self.cloud = Cloud()
        self.stand_ins = StandIns()
        self.stand_ins.install()
        Conductor()
        query.SchedulerQueryClient.select_destinations = accept
        self.migration = []
        find = live_migrate.LiveMigrationTask._find_destination

        def remembered(task):
            self.migration = [task]
            return find(task)

        live_migrate.LiveMigrationTask._find_destination = remembered
        self.api = compute.APIRouterV21()

    def ask(self, asked):
        """Accepted hosts by the names of the cloud, or the refusal."""
        filters = asked["conf"]["filter_scheduler"]
        filters["isolated_hosts"] = [self.cloud.theirs(one) for one in filters["isolated_hosts"]]
        filters["isolated_images"] = [known(one) for one in filters["isolated_images"]]
        for section, values in asked["conf"].items():
            for key, value in values.items():
                CONF.set_override(key, value, group=None if section == "DEFAULT" else section)
        scheduler_utils.reset_globals()
        self.migration = []
        request = asked["request"]
        with self._flavor(request["flavor"]) as flavor, self._servers() as servers:
            self._images(request)
            group = self._group(request, flavor, servers)
            method, url, body = self._call(request, flavor, group, servers)
            return self._answer(request, method, url, body)

    def _answer(self, request, method, url, body):
        from nova.api.openstack import wsgi

        call = wsgi.Request.blank(url, method=method)
        call.headers["Content-Type"] = "application/json"
        call.headers["OpenStack-API-Version"] = f"compute {NEWEST}"
        call.body = json.dumps(body).encode()
        roles = ["manager", "member", "reader"]
        call.environ["nova.context"] = nova_context.RequestContext(
            user_id=USER,
            project_id=request["project"],
            roles=["admin", *roles] if request["admin"] else roles,
            is_admin=request["admin"],
        )
        try:
            answer = call.get_response(self.api)
        except Asked as found:
            hosts = [one for one in found.hosts if one in self.cloud.ours and self._compatible(one)]
            return {"accepted": sorted(self.cloud.ours[one] for one in hosts)}
        except Ended as ended:
            return {"accepted": [], "ended": self._words(str(ended))}
        assert 400 <= answer.status_int < 500, (answer.status_int, answer.body)
        said = next(iter(json.loads(answer.body).values()))["message"]
        return {"accepted": [], "refused": self._words(f"{said} (HTTP {answer.status_int})")}

    def _compatible(self, host):
        """What the conductor looks at after a live migration was scheduled."""
        for task in self.migration:
            try:
                task._check_compatible_with_source_hypervisor(host)
            except exception.Invalid:
                return False
        return True

    def _words(self, text):
        """By the names of the cloud."""
        for theirs, ours in self.cloud.ours.items():
            text = text.replace(theirs, ours)
        return re.sub(re.escape(known(self.image)), self.image, text) if self.image else text

    @contextmanager
    def _flavor(self, flavor):
        made = objects.Flavor(
            self.cloud.context,
            flavorid=flavor["name"],
            name=flavor["name"],
            vcpus=flavor["vcpus"],
            memory_mb=flavor["memory_mb"],
            root_gb=flavor["root_gb"],
            ephemeral_gb=flavor["ephemeral_gb"],
            swap=flavor["swap_mb"],
            rxtx_factor=1.0,
            disabled=False,
            is_public=flavor["projects"] is None,
            extra_specs=flavor["extra_specs"],
        )
        made.create()
        for project in flavor["projects"] or ():
            made.add_access(project)
        try:
            yield objects.Flavor.get_by_flavor_id(self.cloud.context, flavor["name"])
        finally:
            made.destroy()

    @contextmanager
    def _servers(self):
        made = []
        try:
            yield made
        finally:
            for one in made:
                one.forget()

    def _images(self, request):
        """The image that a request boots or rebuilds with, one that a server had before, and volumes."""
        image = request["image"]
        self.image = image["name"] if image else None
        self.stand_ins.images = {known("before"): _glance("before", "raw", {}, 0, 0)}
        self.stand_ins.volumes = {}
        if image:
            self.stand_ins.images[known(image["name"])] = _glance(
                image["name"],
                image["disk_format"],
                image["properties"],
                image["min_disk_gb"],
                image["min_ram_mb"],
            )
        zones = request["volume_zones"] or [request["zone"] or CONF.default_availability_zone]
        for number, zone in enumerate(zones):
            self.stand_ins.volumes[known(f"volume {number}")] = {
                "id": known(f"volume {number}"),
                "display_name": f"volume {number}",
                "status": "available",
                "attach_status": "detached",
                "size": 100,
                "bootable": True,
                "multiattach": False,
                "availability_zone": zone,
                "volume_image_metadata": {
                    **image["properties"],
                    "image_id": known(image["name"]),
                    "disk_format": image["disk_format"],
                    "min_disk": str(image["min_disk_gb"]),
                    "min_ram": str(image["min_ram_mb"]),
                }
                if image and number == 0 and request["source"] == "volume"
                else {},
            }

    def _group(self, request, flavor, servers):
        """A server group with its members, or None."""
        group = request["group"]
        if group is None:
            return None
        made = objects.InstanceGroup(
            self.cloud.context,
            uuid=str(uuid.uuid4()),
            name="fidelity",
            project_id=request["project"],
            user_id=USER,
            policy=group["policy"],
            members=[],
            hosts=None,
        )
        if group["policy"] == "anti-affinity":
            made._rules = {"max_server_per_host": str(group["max_server_per_host"])}
        made.create()
        for host, count in group["members_on"].items():
            for _ in range(count):
                servers.append(Server(self.cloud, flavor, None, project=request["project"], on=host))
                objects.InstanceGroup.add_members(self.cloud.context, made.uuid, [servers[-1].uuid])
        return made

    def _call(self, request, flavor, group, servers):
        """Method, path and body of the call."""
        if request["operation"] == "create":
            return "POST", "/servers", self._create(request, group)
        server = self._moved(request, flavor, group, servers)
        host = self.cloud.theirs(request["host"]) if request["host"] else None
        body = {
            "resize": lambda: {"resize": {"flavorRef": request["flavor"]["name"]}},
            "rebuild": lambda: {"rebuild": {"imageRef": known(request["image"]["name"])}},
            "migrate": lambda: {"migrate": {"host": host} if host else None},
            "live migration": lambda: {"os-migrateLive": {"host": host, "block_migration": "auto"}},
            "evacuate": lambda: {"evacuate": {"host": host} if host else {}},
            "unshelve": lambda: {"unshelve": _unshelved(request["zone"], host)},
        }[request["operation"]]()
        return "POST", f"/servers/{server.uuid}/action", body

    def _create(self, request, group):
        image, source = request["image"], request["source"]
        volumes = list(self.stand_ins.volumes) if request["volume_zones"] or source == "blank volume" else []
        devices = []
        if source != "image" and volumes:
            first, *volumes = volumes
            devices.append({"uuid": first, "source_type": "volume", "boot_index": 0})
        elif source == "volume":
            devices.append(
                {
                    "uuid": known(image["name"]),
                    "source_type": "image",
                    "volume_size": 100,
                    "boot_index": 0,
                }
            )
        more = [{"uuid": volume, "source_type": "volume", "boot_index": -1} for volume in volumes]
        if source == "image" and more:
            devices.append(
                {
                    "uuid": known(image["name"]),
                    "source_type": "image",
                    "destination_type": "local",
                    "boot_index": 0,
                }
            )
        server = {"name": "asked-about", "flavorRef": request["flavor"]["name"], "networks": "none"}
        if source == "image":
            server["imageRef"] = known(image["name"])
        if devices or more:
            server["block_device_mapping_v2"] = [
                {"destination_type": "volume", **one} for one in (*devices, *more)
            ]
        if request["zone"] is not None:
            server["availability_zone"] = self._zone(request["zone"])
        if request["host"]:
            server["host"] = self.cloud.theirs(request["host"])
        if request["node"]:
            server["hypervisor_hostname"] = self.cloud.theirs(request["node"])
        body = {"server": server}
        if group is not None:
            body["os:scheduler_hints"] = {"group": group.uuid}
        return body

    def _zone(self, zone):
        """``zone:host:node`` by the names of the compute hosts."""
        name, *places = zone.split(":")
        return ":".join([name, *(self.cloud.theirs(one) for one in places)])

    def _moved(self, request, flavor, group, servers):
        """The server that an operation is about."""
        operation = request["operation"]
        image = self.stand_ins.images.get(known(request["image"]["name"])) if request["image"] else None
        volume = known("volume 0") if request["source"] != "image" else None
        if volume:
            self.stand_ins.volumes[volume] |= {"status": "in-use", "attach_status": "attached"}
        if operation == "rebuild":  # with another image than before
            image = self.stand_ins.images[known("before")]
            if volume:
                self.stand_ins.volumes[volume]["volume_image_metadata"] = {"image_id": image["id"]}
        before = flavor
        if operation == "resize":
            before = objects.Flavor.get_by_flavor_id(self.cloud.context, self._before(request["made_with_gb"]))
        server = Server(
            self.cloud,
            before,
            image,
            project=request["project"],
            on=request["on"],
            zone=None if operation == "unshelve" else request["zone"],
            volume=volume,
            shelved=operation == "unshelve",
        )
        servers.append(server)
        if operation == "rebuild":
            server.occupy()
        if group is not None:
            objects.InstanceGroup.add_members(self.cloud.context, group.uuid, [server.uuid])
            server.spec.instance_group = objects.InstanceGroup.get_by_uuid(self.cloud.context, group.uuid)
            server.spec.save()
        if operation == "evacuate":
            server.hear_of_host(up=False)
        return server

    def _before(self, disk):
        """The flavor that a server has before it is resized, with such a root disk, GiB."""
        name = f"fidelity-before-{disk}"
        try:
            objects.Flavor.get_by_flavor_id(self.cloud.context, name)
        except exception.FlavorNotFound:
            objects.Flavor(
                self.cloud.context,
                flavorid=name,
                name=name,
                vcpus=1,
                memory_mb=64,
                root_gb=disk,
                ephemeral_gb=0,
                swap=0,
                rxtx_factor=1.0,
                disabled=False,
                is_public=True,
                extra_specs={},
            ).create()
        return name


def _unshelved(zone, host):
    asked = ({"availability_zone": zone} if zone else {}) | ({"host": host} if host else {})
    return asked or None


def _glance(name, disk_format, properties, min_disk, min_ram):
    """As nova/image/glance.py translates an image."""
    return {
        "id": known(name),
        "name": name,
        "status": "active",
        "visibility": "public",
        "is_public": True,
        "owner": USER,
        "size": 1,
        "container_format": "bare",
        "disk_format": disk_format,
        "min_disk": min_disk,
        "min_ram": min_ram,
        "properties": dict(properties),
    }


def main():
    start(sys.argv[1:])
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
