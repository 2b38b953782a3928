"""The real Nova of a running sandbox: arranged as a cloud says, asked for all hosts that accept a request."""

import json
import os
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from estate.placement.nova import Cloud, Conf, Decision, Request
from sandbox.parts import openstack

PROGRAM = Path(__file__).with_name("asked")

_CONF = {
    "scheduler": (
        "enable_isolated_aggregate_filtering",
        "query_placement_for_image_type_support",
        "image_metadata_prefilter",
        "limit_tenants_to_placement_aggregate",
        "placement_aggregate_required_for_tenants",
    ),
    "filter_scheduler": (
        "enabled_filters",
        "isolated_hosts",
        "isolated_images",
        "restrict_isolated_hosts_to_isolated_images",
        "image_properties_default_architecture",
        "max_instances_per_host",
        "max_io_ops_per_host",
    ),
    "DEFAULT": ("default_schedule_zone", "default_availability_zone", "allow_resize_to_same_host"),
    "cinder": ("cross_az_attach",),
}
"""Section of nova.conf → options; each is a field of ``Conf``."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What Nova says to a request."""

    accepted: frozenset[str]
    refused: str | None = None
    """What the API says, with its HTTP status; ``None``: it accepted the call."""
    ended: str | None = None
    """Why conductor or scheduler ended it without choosing among hosts."""

    def agrees(self, decision: Decision) -> bool:
        """Whether the engine decides the same: the same refusal in the same words, or the same hosts."""
        refusal = decision.refusal
        said = refusal.words if refusal is not None else None
        if self.refused is not None or (said or "").endswith(")"):
            return said == self.refused
        if said is not None:
            return self.ended is not None and said in self.ended
        none_fits = self.ended is None or self.ended.startswith("NoValidHost")
        return none_fits and decision.accepted == self.accepted


class NovaServices:
    """Nova's own code in a process of its own, on the databases and the placement of a sandbox."""

    def __init__(self, configuration: Path, log: Path) -> None:
        """``configuration``: folder of the sandbox's nova-api (``sandbox.conf`` and fragments)."""
        files = [configuration / name for name in ("sandbox.conf", "scheduler.conf", "kvm.conf")]
        arguments = [part for file in files if file.exists() for part in ("--config-file", str(file))]
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                [openstack.program("python"), str(PROGRAM), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={
                    **os.environ,
                    "PYTHONWARNINGS": "ignore",
                    "OS_NOVA_CONFIG_DIR": str(openstack.folder() / "etc" / "nova"),
                },
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    def arrange(self, cloud: Cloud) -> None:
        """Make the sandbox's compute nodes, providers and aggregates those of the cloud."""
        hosts = [
            {
                "name": host.name,
                "hypervisor_type": host.hypervisor_type,
                "hypervisor_version": host.hypervisor_version,
                "supported": [list(one) for one in host.supported_instances],
                "traits": sorted(host.traits),
                "enabled": host.enabled,
                "up": host.up,
                "num_instances": host.num_instances,
                "num_io_ops": host.num_io_ops,
                "inventories": {
                    key: {name: value for name, value in asdict(one).items() if name != "used"}
                    for key, one in host.inventories.items()
                },
                "used": {key: one.used for key, one in host.inventories.items()},
            }
            for host in cloud.hosts
        ]
        aggregates = [
            {"name": one.name, "metadata": dict(one.metadata), "hosts": sorted(one.hosts)}
            for one in cloud.aggregates
        ]
        self._say(
            {"arrange": {"traits": sorted(cloud.known_traits), "hosts": hosts, "aggregates": aggregates}}
        )

    def answer(self, cloud: Cloud, request: Request) -> Answer:
        """What becomes of a request on the cloud that was arranged last."""
        asked = {
            "conf": _conf(cloud.conf),
            "rebuild": cloud.conf.rebuild,
            "request": asdict(request),
        }
        said = self._say({"ask": asked})
        return Answer(**{**said, "accepted": frozenset(said["accepted"])})

    def _say(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command, default=list) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("ANSWER "):
                answer: dict[str, Any] = json.loads(line.removeprefix("ANSWER "))
                assert "error" not in answer, f"{answer['error']}\n{answer['trace']}"
                return answer
        raise RuntimeError("the process that asks Nova ended; its log says why")


def _conf(conf: Conf) -> dict[str, dict[str, Any]]:
    """Values for oslo.config by section and option."""
    return {section: {name: getattr(conf, name) for name in names} for section, names in _CONF.items()}
