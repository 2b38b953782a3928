"""An environment in all the parts that there can be, on real services. Short siblings: test_parts.py of
tests/unit and tests/components, and act 1 with one stack.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

import psutil
import pytest
from openstack import exceptions
from ruamel.yaml import YAML

from estate.model.parts import DRS_RULES, PLATFORM
from estate.openstack.connection import connect
from operations import rehearsal
from operations.parts import Parts, choose
from operations.stack import PROGRAM, Stack
from sandbox import lifecycle
from sandbox.vcenters import process_name
from tests.rehearsal.rebuilt.test_4_destroyed import left
from tests.rehearsal.stage import Stage

TEAM = ["web-2", "api-2", "cache", "ledger-db", "ledger-app", "swift-gateway", "hsm-proxy"]
KVM_ONLY = ("--part", PLATFORM, "--part", "payments")
SMALL = {"image": "linux-kvm", "flavor": "kvm-small", "networks": ["app"], "security_groups": ["web"]}


def estate(stage: Stage, command: str, *options: str, code: int = 0) -> str:
    """What a command said, both streams."""
    done = subprocess.run(
        [sys.executable, "-c", "from cli import main; main()", command, str(stage.documents), *options],
        env={**os.environ, "PYTHONPATH": str(PROGRAM)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def stacks(stage: Stage) -> dict[str, Stack]:
    parts = Parts.of(stage.stack, stage.estate, choose("sandbox", stage.estate)).parts
    return {one.share.name: one.stack for one in parts}


@contextmanager
def stopped(stage: Stage) -> Iterator[None]:
    """vc1 answers nobody while the body runs."""
    parts = lifecycle.status(rehearsal.key(stage.documents)).parts
    (vcenter,) = [psutil.Process(one.pid) for one in parts if one.name == process_name("vc1")]
    vcenter.suspend()
    try:
        yield
    finally:
        vcenter.resume()


def member(stage: Stage) -> Any:
    with stacks(stage)["payments"].entered():
        return connect()


def divide(stage: Stage) -> None:
    document = {"parts": {"vc1": {"vcenter": "vc1"}, "payments": {"project": "payments", "workloads": TEAM}}}
    YAML().dump(document, stage.documents / "parts.yaml")
    for network in ("data", "backup"):
        stage.edit("network.yaml", "networks", network, "shared_with", value="payments")


def test_platform_team_and_vcenter_each_have_their_stack(stage: Stage, tmp_path: Path) -> None:
    divide(stage)
    said = estate(stage, "preview")
    assert f"sandbox.payments: not previewed before {PLATFORM} is applied" in said
    assert f'part "payments" needs {PLATFORM}' in estate(stage, "up", "--part", "payments", code=2)

    estate(stage, "rehearse")  # up, landing and a second preview
    assert len(stage.landings()) == 12
    assert "vendors-spread" in stacks(stage)[DRS_RULES].pulumi("stack", "--show-urns", quiet=True).stdout

    the_team_has_no_rights_beyond_its_project(stage)
    an_image_that_lost_its_trait_stops_the_team(stage)
    without_the_vcenter_kvm_goes_on(stage)
    what_was_approved_is_applied_part_by_part(stage, tmp_path / "approved.json")
    one_block_at_a_time(stage)
    a_killed_run_of_a_part_is_recovered(stage, tmp_path / "killed.log")

    assert "stand on part" in estate(stage, "destroy", "--part", PLATFORM, code=2)
    estate(stage, "destroy")
    assert left(stage) == {}
    estate(stage, "destroy")  # again: there is nothing


def the_team_has_no_rights_beyond_its_project(stage: Stage) -> None:
    cloud = member(stage)
    assert {one.name for one in cloud.compute.servers()} == set(TEAM)
    assert {one.name for one in cloud.block_storage.volumes()} >= {"cache/tokens", "ledger-db/data"}
    assert {one.project_id for one in cloud.network.ports(name="ledger-db/data")} == {
        cloud.current_project_id
    }
    with pytest.raises(exceptions.ForbiddenException):
        list(cloud.compute.services())


def an_image_that_lost_its_trait_stops_the_team(stage: Stage) -> None:
    image = next(stage.cloud.image.images(name="linux-esxi"))
    key = "trait:CUSTOM_HV_VMWARE"
    stage.cloud.image.update_image_properties(image, **{key: "forbidden"})
    try:
        said = estate(stage, "preview", "--part", "payments", code=1)
    finally:
        stage.cloud.image.update_image_properties(image, **{key: "required"})
    assert f'image "linux-esxi" should say {key}=required (found forbidden)' in said


def without_the_vcenter_kvm_goes_on(stage: Stage) -> None:
    stage.edit("workloads.yaml", "workloads", "web-3", value=SMALL)
    stage.edit("workloads.yaml", "workloads", "web-4", value=SMALL)
    stage.edit("parts.yaml", "parts", "payments", "workloads", value=[*TEAM, "web-3"])
    with stopped(stage):
        assert "3 to create" in estate(stage, "preview", *KVM_ONLY)
        estate(stage, "up", *KVM_ONLY)
        estate(stage, "preview", *KVM_ONLY, "--", "--expect-no-changes")
    rows = stage.landings()
    assert rows["web-3"].equal
    assert rows["web-4"].equal
    assert "web-3" in {one.name for one in member(stage).compute.servers()}


def what_was_approved_is_applied_part_by_part(stage: Stage, file: Path) -> None:
    """One file for all parts; drift in one of them stops all, before the first is touched."""
    stage.edit("estate.yaml", "estate", "approval", value="required")
    stage.edit("network.yaml", "security_groups", "db", "description", value="Databases")
    stage.edit("workloads.yaml", "workloads", "web-3", "tags", value=["approved"])
    stage.edit("workloads.yaml", "workloads", "web-4", "tags", value=["approved"])
    estate(stage, "preview", "--proposal", str(file))
    due = {
        one["stack"]: {(step["operation"], step["name"]) for step in one["steps"]}
        for one in json.loads(file.read_text())["stacks"]
        if one["steps"]
    }
    assert due == {
        "sandbox": {("update", "db"), ("update", "web-4")},
        "sandbox.payments": {("update", "web-3")},
    }
    assert "approval: required" in estate(stage, "up", code=1)

    cloud = member(stage)
    (server,) = cloud.compute.servers(name="web-3")
    cloud.compute.update_server(server, name="by-hand")
    try:
        said = estate(stage, "up", "--approved", str(file), code=1)
    finally:
        cloud.compute.update_server(server, name="web-3")
    assert "otherwise than approved, and nothing was begun" in said
    (group,) = [one for one in stage.cloud.network.security_groups() if one.name == "db"]
    assert group.description != "Databases"

    estate(stage, "up", "--approved", str(file))

    assert stage.cloud.network.get_security_group(group.id).description == "Databases"
    stage.edit("estate.yaml", "estate", "approval", value="optional")
    estate(stage, "preview", "--", "--expect-no-changes")


def one_block_at_a_time(stage: Stage) -> None:
    for name in ("web-3", "web-4", "cache"):
        stage.edit("workloads.yaml", "workloads", name, "tags", value=["new"])
    said = estate(stage, "up", "--only", "workload:web-3")
    assert "1 updated" in said
    assert "sandbox on sandbox" not in said  # the platform's stack makes nothing of it
    servers = {one.name: one for one in stage.cloud.compute.servers(all_projects=True)}
    tags = {name: list(stage.cloud.compute.get(f"/servers/{one.id}/tags", microversion="2.26").json()["tags"])
            for name, one in servers.items() if name in ("web-3", "web-4", "cache")}  # fmt: skip
    assert tags == {"web-3": ["new"], "web-4": ["approved"], "cache": []}
    for name in ("web-3", "web-4"):
        stage.edit("workloads.yaml", "workloads", name, value=None)
    stage.edit("parts.yaml", "parts", "payments", "workloads", value=TEAM)
    assert "deleted" in estate(stage, "up", "--only", "workload:web-4")
    assert {"web-3", "web-4"} & set(stage.landings()) == {"web-3"}
    estate(stage, "up")


def a_killed_run_of_a_part_is_recovered(stage: Stage, log: Path) -> None:
    stage.edit("workloads.yaml", "workloads", "web-3", value=SMALL)
    stage.edit("parts.yaml", "parts", "payments", "workloads", value=[*TEAM, "web-3"])
    team = copy(stage)
    team.stack = stacks(stage)["payments"]
    team.killed("up", "openstack:compute:Instance web-3 creating", log)

    assert "Recover what the killed run of stack sandbox.payments was doing" in estate(stage, "up")

    assert [one.name for one in member(stage).compute.servers(name="web-3")] == ["web-3"]
    estate(stage, "preview", "--", "--expect-no-changes")
