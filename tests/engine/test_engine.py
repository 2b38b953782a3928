"""The real engine, language host and plugins run a small program; no cloud answers, and none is needed."""

import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.trial import TrialStack
from toolchain import download
from toolchain.engine import Toolchain, install
from toolchain.progress import Progress, Step
from toolchain.schemas import plugin_inputs, sdk_inputs
from toolchain.versions import versions

# The first test may have to build the toolchain.
pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]

PROGRAM = """
import sys
import pulumi
import pulumi_openstack as openstack
import pulumi_vsphere as vsphere
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, Resource, ResourceProvider


class Shouting(ResourceProvider):
    def create(self, props):
        return CreateResult("shout", {**props, "loud": props["word"].upper()})

    def check(self, olds, news):
        print("declared last:", olds.get("word"))
        return CheckResult(news, [])

    def diff(self, _id, _olds, _news):
        return DiffResult(changes=False)


class Shout(Resource):
    loud: pulumi.Output[str]

    def __init__(self, name, word, opts=None):
        super().__init__(Shouting(), name, {"word": word, "loud": None}, opts)


class Group(pulumi.ComponentResource):
    def __init__(self, name, kind, opts=None):
        super().__init__("trial:index:Group", name, {"kind": kind}, opts)
        self.shout = Shout(f"{name}-shout", kind, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


config = pulumi.Config()
if config.get("fault") == "raise":
    raise pulumi.RunError("the documents are wrong")
group = Group("group", config.get("kind") or "esxi")
pulumi.export("loud", group.shout.loud)
pulumi.export("password", config.get_secret("password"))
if config.get_bool("clouds"):
    cloud = openstack.Provider(
        "cloud", auth_url="http://127.0.0.1:9/v3", user_name="u", password="p", tenant_name="t",
        region="r", delayed_auth=True,
    )
    to = pulumi.ResourceOptions(provider=cloud)
    openstack.compute.AggregateV2("hosts", name="hosts", zone="z", hosts=["h"], metadata={"a": "b"}, opts=to)
    openstack.compute.Instance("server", flavor_id="f", image_id="i", networks=[{"uuid": "n"}], opts=to)
    openstack.networking.Subnet(
        "subnet", network_id="n", cidr="10.0.0.0/24",
        allocation_pools=[{"start": "10.0.0.10", "end": "10.0.0.20"}], opts=to,
    )
"""

POLICIES = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy


def no_kvm(args, report):
    if args.resource_type == "trial:index:Group" and args.props["kind"] == "kvm":
        report(f"{args.name} is on KVM")


PolicyPack(
    "trial-pack",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[ResourceValidationPolicy(name="no-kvm", description="Nothing is on KVM.", validate=no_kvm)],
)
"""


@pytest.fixture(scope="module")
def toolchain() -> Toolchain:
    """The installed toolchain, built or fetched now if it is not there."""
    return install(Progress())


class Stack(TrialStack):
    """A stack of the trial program, and a policy pack."""

    def __init__(self, toolchain: Toolchain, folder: Path) -> None:
        super().__init__(toolchain, folder)
        self.write(PROGRAM)
        (folder / "pack").mkdir()
        (folder / "pack" / "PulumiPolicy.yaml").write_text((folder / "Pulumi.yaml").read_text())
        (folder / "pack" / "__main__.py").write_text(POLICIES)


@pytest.fixture
def stack(toolchain: Toolchain, tmp_path: Path) -> Stack:
    """An empty stack."""
    return Stack(toolchain, tmp_path)


def test_a_second_installation_starts_nothing(toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    assert install(Progress()) == toolchain


def test_the_engine_takes_official_plugins_as_archives(
    toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plugin(name: str, folder: Path, _step: Step) -> Path:
        (folder / f"pulumi-resource-{name}").write_text("#!/bin/sh\n")
        archive = folder / "archive.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(folder / f"pulumi-resource-{name}", f"pulumi-resource-{name}")
        return archive

    monkeypatch.setattr(download, "plugin", plugin)
    monkeypatch.setenv("ESTATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{toolchain.pulumi.parent}{os.pathsep}{os.environ['PATH']}")
    made = install(Progress(), "path")
    found = subprocess.run(
        [str(made.pulumi), "plugin", "ls", "--json"],
        env=made.environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert {(one["name"], one["version"]) for one in json.loads(found)} == {
        (name, plugin.version) for name, plugin in versions().plugins.items()
    }


def test_a_component_and_a_dynamic_resource_live_and_die(stack: Stack) -> None:
    stack.run("config", "set", "--secret", "password", "hush")
    assert "3 created" in stack.run("up", "--yes")
    outputs = json.loads(stack.run("stack", "output", "--json", "--show-secrets"))
    assert outputs == {"loud": "ESXI", "password": "hush"}
    (state,) = (stack.folder / "state").rglob("trial.json")
    assert "hush" not in state.read_text()
    assert "3 unchanged" in stack.run("up", "--yes")
    assert "3 unchanged" in stack.run("preview", "--refresh")
    # One that never differs is told what was declared last: components/gates/shrinking_disks.py.
    stack.run("config", "set", "kind", "kvm")
    assert "declared last: esxi" in stack.run("up", "--yes")
    stack.run("config", "set", "kind", "any")
    assert "declared last: kvm" in stack.run("preview")
    assert "3 deleted" in stack.run("destroy", "--yes")


def test_a_preview_with_the_openstack_plugin(stack: Stack) -> None:
    stack.run("config", "set", "clouds", "true")
    shown = stack.run("preview", "--diff")
    assert "openstack:compute/aggregateV2:AggregateV2: (create)" in shown
    assert "openstack:compute/instance:Instance: (create)" in shown
    assert "allocationPools" in shown
    assert "7 to create" in shown  # stack, component, dynamic resource, provider, three of OpenStack


def test_a_policy_pack_refuses_and_nothing_is_created(stack: Stack) -> None:
    assert "trial-pack" in stack.run("preview", "--policy-pack", "pack")
    stack.run("config", "set", "kind", "kvm")
    refused = stack.run("up", "--yes", "--policy-pack", "pack", fails=True)
    assert "[mandatory]  no-kvm" in refused
    assert "group is on KVM" in refused
    assert "Traceback" not in refused
    assert json.loads(stack.run("stack", "export"))["deployment"].get("resources", []) == []


def test_a_program_that_says_what_is_wrong_ends_without_a_traceback(stack: Stack) -> None:
    stack.run("config", "set", "fault", "raise")
    said = stack.run("preview", fails=True)
    assert "the documents are wrong" in said
    assert "Traceback" not in said


def test_a_missing_virtual_environment_is_said(stack: Stack) -> None:
    stack.project(Path("nowhere"))
    assert "nowhere" in stack.run("preview", fails=True)


def test_a_plugin_that_is_not_installed_is_said(stack: Stack) -> None:
    stack.run("config", "set", "clouds", "true")
    (stack.folder / "home" / "plugins").unlink()
    assert "openstack" in stack.run("preview", fails=True)


def test_the_openstack_plugin_takes_exactly_what_the_sdk_sends() -> None:
    known = sdk_inputs("openstack")
    for token, properties in plugin_inputs("openstack").items():
        assert properties == {name for name in known[token] if "." not in name}, token


def test_the_sdk_knows_all_that_the_older_vsphere_plugin_takes() -> None:
    known = sdk_inputs("vsphere")
    for token, properties in plugin_inputs("vsphere").items():
        assert properties <= known[token], token
