"""The pins agree with each other wherever they have to be written twice."""

import re
import tomllib
from pathlib import Path

import pytest

from toolchain.schemas import sdk_inputs
from toolchain.versions import versions

ROOT = Path(__file__).parents[2]
GO = ROOT / "toolchain" / "go"


def required(module: str, folder: str) -> str:
    """The version of ``module`` that a go.mod asks for, without its v."""
    match = re.search(rf"{re.escape(module)} v(\S+)", (GO / folder / "go.mod").read_text())
    assert match, f"{folder}/go.mod does not require {module}"
    return match[1]


def test_python_packages_are_pinned_to_the_same_versions() -> None:
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert f"pulumi=={versions().engine.version}" in dependencies
    for name, plugin in versions().plugins.items():
        assert f"pulumi-{name}=={plugin.version}" in dependencies


def test_every_official_archive_has_its_sum() -> None:
    for release, platforms in (
        (versions().engine, {"linux-x64", "linux-arm64"}),
        *((plugin, {"linux-amd64", "linux-arm64"}) for plugin in versions().plugins.values()),
    ):
        assert release.archives.sha256.keys() == platforms
        assert all(re.fullmatch("[0-9a-f]{64}", one) for one in release.archives.sha256.values())


def test_go_modules_are_pinned_to_the_same_engine() -> None:
    assert required("github.com/pulumi/pulumi/pkg/v3", "engine") == versions().engine.version
    assert required("github.com/pulumi/pulumi/sdk/v3", "language-python") == versions().engine.version


@pytest.mark.parametrize(
    "module", ["engine", "bridge", "language-python", "provider-openstack", "provider-vsphere"]
)
def test_the_pinned_go_can_build_every_module(module: str) -> None:
    asked = re.search(r"^go (\S+)$", (GO / module / "go.mod").read_text(), re.MULTILINE)
    assert asked

    def numbers(version: str) -> list[int]:
        return [int(part) for part in version.split(".")]

    assert numbers(asked[1]) <= numbers(versions().go.minimum) <= numbers(versions().go.wheel)


def test_both_plugins_use_the_same_bridge() -> None:
    bridge = "github.com/pulumi/pulumi-terraform-bridge/v3"
    assert (
        len({required(bridge, folder) for folder in ("bridge", "provider-openstack", "provider-vsphere")})
        == 1
    )


def test_the_openstack_provider_is_verified_although_no_checksum_database_knows_it() -> None:
    sums = (GO / "provider-openstack" / "go.sum").read_text()
    provider = "github.com/terraform-provider-openstack/terraform-provider-openstack/v3 v3.4.0"
    # As in the go.sum of pulumi-openstack itself.
    assert f"{provider} h1:Ap8gvameIY5ZM7CMh7fngP/VoIyeupzKX3izoyfp9yg=" in sums
    assert f"{provider}/go.mod h1:gF9VSPgY51+FFWv41akaQN+ewnmgcyddyt+bRjLoDvg=" in sums


@pytest.mark.parametrize("provider", ["openstack", "vsphere"])
def test_every_name_in_a_plugin_s_tables_is_one_of_the_sdk(provider: str) -> None:
    source = (GO / f"provider-{provider}" / "main.go").read_text()
    rows = re.findall(rf'"{provider}_\w+":\s+"(\w+)/(\w+)"', source)
    assert len(rows) > 20
    known = sdk_inputs(provider)
    for module, member in rows:
        assert f"{provider}:{module}/{member[0].lower()}{member[1:]}:{member}" in known
