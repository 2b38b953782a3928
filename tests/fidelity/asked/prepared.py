"""What a request presupposes: its flavor, its server group, and the server that an operation is about."""

import uuid

from names import USER, known
from nova import objects
from running_server import Server


class Prepared:
    """Of one request; all of it is gone afterwards."""

    def __init__(self, cloud, stand_ins, request):
        self.cloud, self.stand_ins, self.request = cloud, stand_ins, request
        self.flavors, self.servers = [], []

    def __enter__(self):
        asked = self.request["flavor"]
        more = {key: asked[key] for key in ("vcpus", "memory_mb", "root_gb", "ephemeral_gb", "extra_specs")}
        public = asked["projects"] is None
        self.flavor = self._made(asked["name"], **more, swap=asked["swap_mb"], is_public=public)
        for project in asked["projects"] or ():
            self.flavor.add_access(project)
        self.stand_ins.know(self.request)
        self.group = self._group()
        return self

    def __exit__(self, *_):
        for one in self.servers:
            one.forget()
        for one in self.flavors:
            one.destroy()

    def _made(self, name, **more):
        """A flavor."""
        usual = {"ephemeral_gb": 0, "swap": 0, "is_public": True, "extra_specs": {}}
        fixed = {"flavorid": name, "name": name, "rxtx_factor": 1.0, "disabled": False}
        made = objects.Flavor(self.cloud.context, **{**usual, **fixed, **more})
        made.create()
        self.flavors.append(made)
        return objects.Flavor.get_by_flavor_id(self.cloud.context, name)

    def _group(self):
        """A server group with its members, or None."""
        request, group = self.request, self.request["group"]
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
                self.servers.append(
                    Server(self.cloud, self.flavor, None, project=request["project"], on=host)
                )
                objects.InstanceGroup.add_members(self.cloud.context, made.uuid, [self.servers[-1].uuid])
        return made

    def moved(self):
        """The server that an operation is about."""
        request, operation = self.request, self.request["operation"]
        image = self.stand_ins.images.get(known(request["image"]["name"])) if request["image"] else None
        volume = known("volume 0") if request["source"] != "image" else None
        if volume:
            self.stand_ins.volumes[volume] |= {"status": "in-use", "attach_status": "attached"}
        if operation == "rebuild":  # with another image than before
            image = self.stand_ins.images[known("before")]
            if volume:
                self.stand_ins.volumes[volume]["volume_image_metadata"] = {"image_id": image["id"]}
        before = self.flavor
        if operation == "resize":
            before = self._made("fidelity-before", vcpus=1, memory_mb=64, root_gb=request["made_with_gb"])
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
        self.servers.append(server)
        if operation == "rebuild":
            server.occupy()
        if self.group is not None:
            objects.InstanceGroup.add_members(self.cloud.context, self.group.uuid, [server.uuid])
            server.spec.instance_group = objects.InstanceGroup.get_by_uuid(
                self.cloud.context, self.group.uuid
            )
            server.spec.save()
        if operation == "evacuate":
            server.hear_of_host(up=False)
        return server
