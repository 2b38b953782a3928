"""Act 1: the first ``up`` of an empty estate."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from estate.openstack import lookup
from estate.vsphere import lookup as vsphere_lookup
from tests.rehearsal.intruders import Fate, Intruders
from tests.rehearsal.stage import Stage


def test_every_server_is_where_it_was_predicted(stage: Stage, applied: Intruders) -> None:
    rows = stage.landings()

    assert {name: row.differences for name, row in rows.items() if not row.equal} == {}
    assert len(rows) == 12
    restricted = {name for name, row in rows.items() if row.restricted}
    assert restricted == {"ledger-db", "ledger-app", "swift-gateway", "hsm-proxy"}
    esxi = {host for cluster in stage.estate.clusters.values() for host in cluster.hosts}
    assert {name for name, row in rows.items() if row.esxi_host in esxi} == restricted


def test_no_intruder_ever_landed_on_esxi(stage: Stage, applied: Intruders) -> None:
    """Nor did the scheduler ever send one there: a failed boot would have another fault."""
    assert len(applied.fates) > 10
    assert set(applied.fates) == {Fate("ERROR", "", "No valid host was found.")}


def test_one_volume_on_each_side(stage: Stage, applied: Intruders) -> None:
    rows = stage.landings()

    (archive,) = rows["reports"].volumes
    assert archive.type == "standard-kvm"
    assert archive.datastore is None
    (data,) = rows["ledger-db"].volumes
    assert data.type == "standard-esxi"
    assert data.datastore in {"ds-shared-1", "ds-shared-2"}


def test_ports_on_esxi_are_backed_in_vcenter(stage: Stage, applied: Intruders) -> None:
    networks = {network.name: network.id for network in stage.cloud.network.networks()}

    assert stage.landings()["ledger-app"].networks == {
        "ledger-app/app": f"app_{networks['app']}",
        "ledger-app/data": f"data_{networks['data']}",
    }


def test_the_pack_is_told_every_id_that_the_cloud_gave(stage: Stage, applied: Intruders) -> None:
    """So that a program which names them is judged: also hidden images, private flavors and types."""
    with stage.stack.entered():
        done = subprocess.run(
            [Path(sys.executable).with_name("estate"), "policies", "config", stage.documents, "--ids"],
            capture_output=True,
            text=True,
            check=True,
        )
    told = json.loads(done.stdout)["image-and-flavor-known"]
    cloud = stage.cloud
    server = cloud.compute.find_server("batch")  # of an older version of its image
    assert told["images"][cloud.compute.get_server(server).image.id] == told["images"]["batch-kvm-2025.4"]
    for kind, listed in (
        ("flavors", cloud.compute.flavors(is_public=None)),
        ("volumeTypes", cloud.block_storage.types(is_public=None)),
    ):
        ids = {one.name: one.id for one in listed}
        names = [name for name in told[kind] if name in ids]
        assert names
        assert all(told[kind][ids[name]] == told[kind][name] for name in names)


def test_a_second_up_changes_nothing(stage: Stage, applied: Intruders) -> None:
    stage.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")


def test_a_preview_with_refresh_shows_nothing(stage: Stage, applied: Intruders) -> None:
    stage.pulumi("preview", "--refresh", "--expect-no-changes")


def test_no_secret_is_in_the_state_in_clear(stage: Stage, applied: Intruders) -> None:
    run = stage.stack.config_file.parent
    secrets = json.loads((run / "settings.json").read_text())["secrets"].values()
    state = "".join(path.read_text() for path in (run / "pulumi-state").rglob("*.json"))

    assert "ledger-db" in state
    assert [secret for secret in secrets if secret in state] == []


REPEATED = ("QuotaSetV2", "QuotaV2", "QuoteSetV3")
"""Kinds that recovery need not find: their creation sets values, and may be repeated."""


@pytest.fixture(scope="module")
def made(stage: Stage, applied: Intruders) -> list[dict[str, Any]]:
    """What the providers have made, as the state knows it."""
    deployment = json.loads(stage.pulumi("stack", "export", "--show-secrets"))["deployment"]
    return [
        one
        for one in deployment["resources"]
        if one["custom"] and one["type"].startswith(("openstack:", "vsphere:"))
    ]


def test_recovery_finds_all_that_was_made(stage: Stage, made: list[dict[str, Any]]) -> None:
    """By the inputs alone, as after a kill that came before the state was written."""
    wanted = {
        one["urn"]: one["id"]
        for one in made
        if one["type"].startswith("openstack:") and not one["type"].endswith(REPEATED)
    }
    kinds = {one["urn"]: (one["type"], one["inputs"]) for one in made}
    cloud = stage.cloud
    assert len(wanted) > 60
    assert {urn: lookup.find(cloud, *kinds[urn], frozenset()) for urn in wanted} == wanted


def test_recovery_finds_what_was_made_in_vcenter(stage: Stage, made: list[dict[str, Any]]) -> None:
    wanted = [one for one in made if one["type"].startswith("vsphere:")]
    with stage.vcenter() as service:
        found = [vsphere_lookup.find(service, one["type"], one["inputs"]) for one in wanted]
    assert [one.id for one in found if one] == [one["id"] for one in wanted]
    assert {one.path for one in found if one} == {
        "/dc1/host/esx-a",
        "/dc1/host/esx-b",
        "/dc1/network/dvs-data",
        "/dc1/network/tep",
    }


def test_landing_on_the_command_line(stage: Stage, applied: Intruders) -> None:
    estate = Path(sys.executable).with_name("estate")
    done = subprocess.run(
        [estate, "landing", stage.documents, "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["cloud"] == "sandbox"
    assert len(document["landings"]) == 12
    row = next(one for one in document["landings"] if one["server"] == "ledger-db")
    assert row["equal"] is True
    assert row["workload"] == "ledger-db"
    assert row["restricted"] is True
    assert row["aggregate"] == "vendor"
    assert re.fullmatch(r"nova-esx-[ab]", row["novaHost"])
    assert row["esxiHost"].startswith("esxi-")
