"""Gates for what the OpenStack provider has no resource for; the real services come in tests/rehearsal."""

from typing import Any, TypeVar

import pytest
from openstack import exceptions
from pulumi.dynamic import Config, ConfigureRequest

from components.gates import gate
from components.gates.default_volume_type import DefaultVolumeTypeProvider
from components.gates.host_routes import HostRoutesProvider
from components.gates.volume_type_encryption import VolumeTypeEncryptionProvider
from components.gates.volume_type_quota import VolumeTypeQuotaProvider
from components.gates.volume_types_in_use import VolumeTypesInUseProvider
from estate.openstack.errors import CloudError
from tests.components.fake_storage import Encryption, FakeStorage, Volume

ROUTES = {"subnetId": "subnet", "routes": {"10.99.0.0/16": "10.20.0.3", "10.8.0.0/16": "10.20.0.4"}}
LUKS = {
    "volumeTypeId": "type",
    "encryptionProvider": "luks",
    "cipher": "aes-xts-plain64",
    "keySize": 256.0,  # the engine knows no integers
    "controlLocation": "front-end",
}
ENCRYPTED = Encryption(provider="luks", cipher="aes-xts-plain64", key_size=256, control_location="front-end")
DEFAULT = {"projectId": "project", "volumeTypeId": "type"}
QUOTA = {"project": "project", "limits": {"volumes_gold": 10.0, "gigabytes_gold": 500.0}}

G = TypeVar("G", bound=gate.Gate)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> FakeStorage:
    fake = FakeStorage()
    monkeypatch.setattr(gate, "_connection", lambda _name: fake)
    return fake


def made(kind: type[G], props: dict[str, Any]) -> G:
    """A gate that has settled, and has nothing more to do."""
    provider = kind()
    provider.configure(ConfigureRequest(Config({}, "estate")))
    provider.create(dict(props))
    assert not changes(provider, props)
    return provider


def changes(provider: gate.Gate, olds: dict[str, Any], news: dict[str, Any] | None = None) -> bool:
    return bool(provider.diff("settled", dict(olds), dict(news or olds)).changes)


# Host routes.


def test_routes_are_set_together_in_any_order(cloud: FakeStorage) -> None:
    made(HostRoutesProvider, ROUTES)
    assert cloud.subnets["subnet"].host_routes == [
        {"destination": "10.99.0.0/16", "nexthop": "10.20.0.3"},
        {"destination": "10.8.0.0/16", "nexthop": "10.20.0.4"},
    ]


def test_a_route_of_others_is_seen_and_goes(cloud: FakeStorage) -> None:
    provider = made(HostRoutesProvider, ROUTES)
    cloud.subnets["subnet"].host_routes.append({"destination": "10.7.0.0/16", "nexthop": "10.20.0.9"})
    assert changes(provider, ROUTES)
    provider.update("settled", dict(ROUTES), dict(ROUTES))
    assert len(cloud.subnets["subnet"].host_routes) == 2
    assert not changes(provider, ROUTES)


def test_routes_go_with_their_block_also_when_the_subnet_is_gone_already(cloud: FakeStorage) -> None:
    provider = made(HostRoutesProvider, ROUTES)
    provider.delete("settled", dict(ROUTES))
    assert cloud.subnets["subnet"].host_routes == []
    del cloud.subnets["subnet"]
    assert changes(provider, ROUTES)
    provider.delete("settled", dict(ROUTES))


# Encryption of a volume type.


def test_a_type_is_encrypted_and_no_longer(cloud: FakeStorage) -> None:
    provider = made(VolumeTypeEncryptionProvider, LUKS)
    assert cloud.encryptions["type"] == ENCRYPTED
    provider.delete("settled", dict(LUKS))
    assert cloud.encryptions["type"] == Encryption()
    assert changes(provider, LUKS)


def test_an_encryption_of_others_is_seen_and_changed_in_place(cloud: FakeStorage) -> None:
    provider = made(VolumeTypeEncryptionProvider, LUKS)
    cloud.encryptions["type"] = Encryption(provider="luks2", cipher="aes", key_size=128)
    assert changes(provider, LUKS)
    provider.update("settled", dict(LUKS), dict(LUKS))
    assert cloud.encryptions["type"] == ENCRYPTED


def test_the_refusal_of_a_type_that_volumes_have_is_said(cloud: FakeStorage) -> None:
    provider = made(VolumeTypeEncryptionProvider, LUKS)
    cloud.in_use.add("type")
    with pytest.raises((CloudError, exceptions.SDKException), match="currently in use"):
        provider.update("settled", dict(LUKS), {**LUKS, "keySize": 512.0})
    assert cloud.encryptions["type"] == ENCRYPTED


def test_a_type_that_takes_the_place_of_another_takes_its_encryption_too(cloud: FakeStorage) -> None:
    provider = made(VolumeTypeEncryptionProvider, LUKS)
    cloud.encryptions["other"] = Encryption()
    provider.update("settled", dict(LUKS), {**LUKS, "volumeTypeId": "other"})
    assert cloud.encryptions == {"type": Encryption(), "other": ENCRYPTED}
    del cloud.encryptions["other"]
    provider.delete("settled", {**LUKS, "volumeTypeId": "other"})


# Volume types that volumes have.


def types(**extra_specs: dict[str, str]) -> dict[str, Any]:
    return {"types": {name: {"extraSpecs": specs, "was": ""} for name, specs in extra_specs.items()}}


GOLD = {"volume_backend_name": "array1", "RESKEY:availability_zones": "az1"}


def refused(olds: dict[str, Any], news: dict[str, Any]) -> list[str]:
    provider = made(VolumeTypesInUseProvider, olds)
    return [one.reason for one in provider.check(dict(olds), dict(news)).failures]


def test_extra_specs_change_as_long_as_no_volume_has_the_type(cloud: FakeStorage) -> None:
    olds, news = types(gold=GOLD), types(gold={**GOLD, "RESKEY:availability_zones": "az1,az2"})
    cloud.made = [Volume("d", "silver")]
    assert refused(olds, news) == []
    cloud.made.append(Volume("ledger-db/data", "gold"))
    (said,) = refused(olds, news)
    assert (
        "volume type gold cannot change RESKEY:availability_zones: volumes have it (ledger-db/data)" in said
    )
    assert refused(olds, types(gold=GOLD, silver={})) == []


def test_a_renamed_type_is_the_same_under_both_names(cloud: FakeStorage) -> None:
    olds, renamed = types(gold=GOLD), types(best=GOLD)
    renamed["types"]["best"]["was"] = "gold"
    cloud.made = [Volume("ledger-db/data", "gold")]
    assert refused(olds, renamed) == []
    (said,) = refused(renamed, types(best={}))
    assert "volume type best cannot change" in said


def test_a_type_that_is_removed_with_volumes_is_said(
    cloud: FakeStorage, capsys: pytest.CaptureFixture[str]
) -> None:
    olds, news = types(gold=GOLD, silver={}), types(silver={})
    assert refused(olds, news) == [], "the same change may remove the volumes"
    provider = made(VolumeTypesInUseProvider, olds)
    assert changes(provider, olds, news)
    assert capsys.readouterr().out == ""
    cloud.made = [Volume("ledger-db/data", "gold")]
    assert changes(provider, olds, news)
    assert "volume type gold is removed while volumes have it (ledger-db/data)" in capsys.readouterr().out


# Default types.


def test_a_default_is_set_seen_when_it_is_gone_and_taken_back(cloud: FakeStorage) -> None:
    provider = made(DefaultVolumeTypeProvider, DEFAULT)
    assert cloud.defaults == {"project": "type"}
    cloud.defaults.clear()
    assert changes(provider, DEFAULT)
    provider.update("settled", dict(DEFAULT), dict(DEFAULT))
    provider.delete("settled", dict(DEFAULT))
    assert cloud.defaults == {}


def test_a_default_that_is_another_by_now_stays(cloud: FakeStorage) -> None:
    provider = made(DefaultVolumeTypeProvider, DEFAULT)
    cloud.defaults["project"] = "theirs"
    assert changes(provider, DEFAULT)
    provider.delete("settled", dict(DEFAULT))
    assert cloud.defaults == {"project": "theirs"}


def test_a_default_moves_to_another_project(cloud: FakeStorage) -> None:
    provider = made(DefaultVolumeTypeProvider, DEFAULT)
    provider.update("settled", dict(DEFAULT), {**DEFAULT, "projectId": "second"})
    assert cloud.defaults == {"second": "type"}


# Quotas of volume types.


def test_limits_are_set_alone_and_only_they_are_watched(cloud: FakeStorage) -> None:
    cloud.limits = {"volumes_silver": 7}
    provider = made(VolumeTypeQuotaProvider, QUOTA)
    assert cloud.limits == {"volumes_silver": 7, "volumes_gold": 10, "gigabytes_gold": 500}
    cloud.limits["volumes_silver"] = 8
    assert not changes(provider, QUOTA)
    cloud.limits["volumes_gold"] = 11
    assert changes(provider, QUOTA)


def test_a_limit_that_is_declared_no_longer_is_lifted(cloud: FakeStorage) -> None:
    provider = made(VolumeTypeQuotaProvider, QUOTA)
    less = {**QUOTA, "limits": {"volumes_gold": 10.0}}
    assert changes(provider, QUOTA, less)
    provider.update("settled", dict(QUOTA), less)
    assert cloud.limits == {"volumes_gold": 10, "gigabytes_gold": -1}
    provider.delete("settled", less)
    assert cloud.limits == {"volumes_gold": -1, "gigabytes_gold": -1}


def test_what_cinder_refuses_is_said_with_the_limits(cloud: FakeStorage) -> None:
    cloud.most = 100
    with pytest.raises(CloudError, match=r"Cinder refuses the quota .*'gigabytes_gold': 500.*Bad key"):
        made(VolumeTypeQuotaProvider, QUOTA)
