"""Every block renamed: each resource is the one that it was. The engine itself judges in tests/rehearsal."""

from estate.model import Estate
from review.recording import record_estate
from review.resources import differences
from review.value import Operation
from tests.estates import changed, sandbox
from tests.renaming import renamed


def test_every_resource_of_a_renamed_estate_was_there_before() -> None:
    before, after = (
        {(one.type, one.name): one for one in record_estate(estate).values()}
        for estate in (sandbox(), Estate.model_validate(renamed(sandbox())))
    )
    found = list(differences("sandbox", before, after))
    assert {one.operation for one in found} == {Operation.UPDATE, Operation.RENAME}
    assert len(found) > 100


def test_what_its_service_cannot_rename_keeps_its_name_there() -> None:
    recorded = record_estate(sandbox())
    kinds = {"Flavor", "ServerGroup", "Keypair", "VolumeTypeV3", "QosV3"}
    for key, one in recorded.items():
        if one.custom and key.partition("::")[0] in kinds:
            assert one.ignore_changes == ("name",), key
    assert recorded["Volume::ledger-db/data"].property_dependencies["volumeType"] >= {
        "VolumeTypeV3::standard-esxi"
    }


def test_back_ends_outlive_the_rename_of_their_array() -> None:
    before, after = record_estate(sandbox()), record_estate(Estate.model_validate(renamed(sandbox())))
    specs = before["VolumeTypeV3::standard-esxi"].inputs["extraSpecs"]
    assert after["VolumeTypeV3::standard-esxi-renamed"].inputs["extraSpecs"] == specs


def test_a_block_may_be_protected_by_itself() -> None:
    recorded = record_estate(
        changed(
            ("storage/array1/volume_types/standard-kvm/protect", True), ("aggregates/vendor/protect", True)
        )
    )
    protected = {key for key, one in recorded.items() if one.protect}
    assert {"VolumeTypeV3::standard-kvm", "AggregateV2::vendor"} <= protected
    assert not any("esxi" in key for key in protected if key.startswith("VolumeType"))
