"""A running sandbox's scheduler: arranged as a cloud says, asked for all hosts that accept a request."""

import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from estate.placement.nova import Cloud, Operation, Request
from estate.placement.nova.api import Refusal, aim_of
from sandbox.parts import openstack

SCRIPT = Path(__file__).with_name("ask_scheduler.py")
_SCHEDULER = (
    "enable_isolated_aggregate_filtering",
    "query_placement_for_image_type_support",
    "image_metadata_prefilter",
    "limit_tenants_to_placement_aggregate",
    "placement_aggregate_required_for_tenants",
)


class Scheduler:
    """nova-scheduler's own code in a process of its own, on the databases and the placement of a sandbox."""

    def __init__(self, configuration: Path, log: Path) -> None:
        """``configuration``: folder of the sandbox's nova-scheduler (``sandbox.conf`` and fragments)."""
        files = [configuration / name for name in ("sandbox.conf", "scheduler.conf", "kvm.conf")]
        arguments = [part for file in files if file.exists() for part in ("--config-file", str(file))]
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                [openstack.program("python"), str(SCRIPT), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, "PYTHONWARNINGS": "ignore"},
            )

    def __enter__(self) -> "Scheduler":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    def arrange(self, cloud: Cloud) -> None:
        """Make the sandbox's compute nodes, providers and aggregates those of the cloud."""
        self._say(
            {
                "arrange": {
                    "traits": sorted(cloud.known_traits),
                    "hosts": [
                        {
                            "name": host.name,
                            "hypervisor_type": host.hypervisor_type,
                            "supported": [list(one) for one in host.supported_instances],
                            "traits": sorted(host.traits),
                            "enabled": host.enabled,
                            "inventories": {
                                key: {
                                    "total": one.total,
                                    "reserved": one.reserved,
                                    "min_unit": one.min_unit,
                                    "max_unit": one.max_unit,
                                    "step_size": one.step_size,
                                    "allocation_ratio": one.allocation_ratio,
                                }
                                for key, one in host.inventories.items()
                            },
                        }
                        for host in cloud.hosts
                    ],
                    "aggregates": [
                        {"name": one.name, "metadata": dict(one.metadata), "hosts": sorted(one.hosts)}
                        for one in cloud.aggregates
                    ],
                }
            }
        )

    def accepted(self, cloud: Cloud, request: Request) -> frozenset[str] | None:
        """All hosts that the scheduler accepts; ``None`` where nova-api refuses before it is asked."""
        aim = aim_of(cloud, request, frozenset())
        if isinstance(aim, Refusal):
            return None
        flavor, image = request.flavor, request.image
        answer = self._say(
            {
                "ask": {
                    "conf": {
                        "scheduler": {key: getattr(cloud.conf, key) for key in _SCHEDULER},
                        "filter_scheduler": {"enabled_filters": list(cloud.conf.enabled_filters)},
                    },
                    "project": request.project,
                    "zone": aim.zone,
                    "host": aim.host,
                    "ignore": aim.ignore,
                    "force_host": aim.force_host,
                    "rebuild": request.operation is Operation.REBUILD,
                    "is_bfv": request.is_bfv,
                    "image": None
                    if image is None
                    else {"disk_format": image.disk_format, "properties": dict(image.properties)},
                    "flavor": {
                        "name": flavor.name,
                        "vcpus": flavor.vcpus,
                        "memory_mb": flavor.memory_mb,
                        "root_gb": flavor.root_gb,
                        "ephemeral_gb": flavor.ephemeral_gb,
                        "swap_mb": flavor.swap_mb,
                        "extra_specs": dict(flavor.extra_specs),
                    },
                }
            }
        )
        return frozenset(answer["accepted"])

    def _say(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("ANSWER "):
                answer: dict[str, Any] = json.loads(line.removeprefix("ANSWER "))
                assert "error" not in answer, answer
                return answer
        raise RuntimeError("the scheduler's process ended; its log says why")
