"""Run by the Python of the OpenStack services: nova-scheduler's own code says which hosts it accepts.

``ask_scheduler.py --config-file …`` reads JSON lines from stdin and answers each with one: ``arrange`` puts
hosts, traits, inventories and aggregates into Nova's database and into placement; ``ask`` runs request
filters, the query to placement and the enabled filters, and prints the accepted hosts. Nothing is claimed.
"""

# ruff: noqa: ANN001, ANN202, E402, PLC0415 - runs where nothing is typed, by Nova's own rules
# mypy: ignore-errors

import json
import sys
import traceback

from nova import monkey_patch

monkey_patch.patch(backend="threading")

import nova.conf
from nova import context as nova_context
from nova import exception, objects
from nova.compute import rpcapi  # noqa: F401 - registers
from nova.scheduler import request_filter, utils
from nova.scheduler.client import report

CONF = nova.conf.CONF
MICROVERSION = "1.39"


def start(arguments):
    from nova import config, rpc

    config.parse_args(["nova-scheduler", *arguments])
    objects.register_all()
    rpc.init(CONF)


class Cloud:
    """Nova's database and placement, arranged as a cloud says."""

    def __init__(self) -> None:
        self.context = nova_context.get_admin_context()
        self.client = report.report_client_singleton()
        self.uuids = {}

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
            self.client.put(f"/traits/{trait}", None, version=MICROVERSION)
        nodes = self.nodes()
        assert len(nodes) >= len(cloud["hosts"]), (len(nodes), len(cloud["hosts"]))
        self.names = {}
        for (cell, node), host in zip(nodes, cloud["hosts"], strict=False):
            self.names[node.host] = host["name"]
            self.uuids[host["name"]] = node.uuid
            with nova_context.target_cell(self.context, cell) as cctxt:
                found = objects.ComputeNode.get_by_uuid(cctxt, node.uuid)
                found.hypervisor_type = host["hypervisor_type"]
                found.supported_hv_specs = [objects.HVSpec.from_list(one) for one in host["supported"]]
                found.save()
                service = objects.Service.get_by_compute_host(cctxt, node.host)
                service.disabled = not host["enabled"]
                service.save()
            self._provider(node.uuid, host["traits"], host["inventories"])
        for _, node in nodes[len(cloud["hosts"]) :]:
            self._provider(node.uuid, [], {})
        self.by_name = {ours: theirs for theirs, ours in self.names.items()}
        membership = {}
        for one in cloud["aggregates"]:
            made = objects.Aggregate(self.context, name=f"fidelity-{one['name']}", metadata=one["metadata"])
            made.create()
            for host in one["hosts"]:
                made.add_host(self.by_name[host])
                membership.setdefault(host, []).append(made.uuid)
        for host in self.uuids:
            if host in self.by_name:
                self._put(
                    f"/resource_providers/{self.uuids[host]}/aggregates",
                    {
                        "aggregates": membership.get(host, []),
                        "resource_provider_generation": self._generation(self.uuids[host]),
                    },
                )

    def _forget(self):
        for one in objects.AggregateList.get_all(self.context):
            for host in list(one.hosts):
                one.delete_host(host)
            one.destroy()

    def _generation(self, uuid):
        return self.client.get(f"/resource_providers/{uuid}", version=MICROVERSION).json()["generation"]

    def _put(self, url, body):
        answer = self.client.put(url, body, version=MICROVERSION)
        assert answer.status_code < 300, (url, answer.status_code, answer.text)

    def _provider(self, uuid, traits, inventories):
        for trait in traits:
            if trait.startswith("CUSTOM_"):
                self.client.put(f"/traits/{trait}", None, version=MICROVERSION)
        self._put(
            f"/resource_providers/{uuid}/traits",
            {"traits": sorted(traits), "resource_provider_generation": self._generation(uuid)},
        )
        self._put(
            f"/resource_providers/{uuid}/inventories",
            {"inventories": inventories, "resource_provider_generation": self._generation(uuid)},
        )

    def ask(self, asked):
        """Accepted hosts, by the names of the cloud."""
        from nova.scheduler import manager

        for section, values in asked["conf"].items():
            for key, value in values.items():
                CONF.set_override(key, value, group=None if section == "DEFAULT" else section)
        scheduler = manager.SchedulerManager()
        context = nova_context.RequestContext(user_id="fidelity", project_id=asked["project"], is_admin=True)
        try:
            spec = self.spec(context, asked)
        except (ValueError, exception.NovaException) as error:
            return {"accepted": [], "refused": f"{type(error).__name__}: {error}"}
        try:
            summaries = None
            if not utils.request_is_rebuild(spec):
                request_filter.process_reqspec(context, spec)
                resources = utils.resources_from_request_spec(context, spec, scheduler.host_manager)
                found = scheduler.placement_client.get_allocation_candidates(context, resources)
                candidates, summaries, _ = found or (None, None, None)
                if not candidates:
                    return {"accepted": [], "refused": None}
            states = scheduler._get_all_host_states(context.elevated(), spec, summaries)
            accepted = scheduler.host_manager.get_filtered_hosts(states, spec)
        except (exception.NoValidHost, exception.RequestFilterFailed) as error:
            return {"accepted": [], "refused": str(error)}
        return {
            "accepted": sorted(self.names[one.host] for one in accepted if one.host in self.names),
            "refused": None,
        }

    def spec(self, context, asked):
        flavor = asked["flavor"]
        image = asked["image"]
        spec = objects.RequestSpec(
            context=context,
            num_instances=1,
            project_id=asked["project"],
            user_id="fidelity",
            instance_uuid="8a3f0b0e-0d55-4f0c-9a8f-3f8a6d0d3c11",
            availability_zone=asked["zone"],
            flavor=objects.Flavor(
                id=1,
                flavorid=flavor["name"],
                name=flavor["name"],
                vcpus=flavor["vcpus"],
                memory_mb=flavor["memory_mb"],
                root_gb=flavor["root_gb"],
                ephemeral_gb=flavor["ephemeral_gb"],
                swap=flavor["swap_mb"],
                extra_specs=flavor["extra_specs"],
            ),
            image=objects.ImageMeta.from_dict(
                {"properties": dict(image["properties"]), "disk_format": image["disk_format"]}
                if image
                else {}
            ),
            is_bfv=asked["is_bfv"],
            pci_requests=objects.InstancePCIRequests(requests=[]),
            numa_topology=None,
            instance_group=None,
            ignore_hosts=[self.by_name[asked["ignore"]]] if asked["ignore"] else None,
            force_hosts=[self.by_name.get(asked["force_host"], asked["force_host"])]
            if asked["force_host"]
            else None,
            force_nodes=None,
            requested_destination=None,
            retry=None,
            limits=objects.SchedulerLimits(),
            scheduler_hints={"_nova_check_type": ["rebuild"]} if asked["rebuild"] else {},
            requested_resources=[],
            request_level_params=objects.RequestLevelParams(),
            requested_networks=objects.NetworkRequestList(objects=[]),
            security_groups=objects.SecurityGroupList(objects=[]),
        )
        if asked["host"]:
            spec.requested_destination = objects.Destination(
                host=self.by_name.get(asked["host"], asked["host"])
            )
        return spec


def main():
    start(sys.argv[1:])
    cloud = Cloud()
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if "arrange" in command:
                cloud.arrange(command["arrange"])
                answer = {"arranged": len(command["arrange"]["hosts"])}
            else:
                answer = cloud.ask(command["ask"])
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
        print("ANSWER " + json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
