"""Volume types, versions of images, and what servers start with, as the engine gets them."""

import pytest

from review.recording import record_estate
from review.registration import Registration
from tests.estates import changed, sandbox

Recorded = dict[str, Registration]
TYPES = "storage/array1/volume_types"


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return record_estate(sandbox())


def test_limits_stand_where_they_are_kept_and_volumes_wait_for_them(recorded: Recorded) -> None:
    assert recorded["QosV3::standard-kvm-limits"].inputs == {
        "name": "standard-kvm-limits",
        "consumer": "front-end",
        "specs": {"total_iops_sec": "2000"},
    }
    association = recorded["QosAssociationV3::standard-kvm-limits"]
    assert association.inputs == {"qosId": "id-standard-kvm-limits", "volumeTypeId": "id-standard-kvm"}
    assert "QosAssociationV3::standard-kvm-limits" in recorded["Volume::reports/archive"].dependencies
    assert "QosV3::standard-esxi-limits" not in recorded


def test_limits_of_the_array_are_in_its_words() -> None:
    recorded = record_estate(changed((f"{TYPES}/standard-kvm/qos", {"back_end": {"maxIOPS": "5000"}})))
    limits = recorded["QosV3::standard-kvm-limits"].inputs
    assert (limits["consumer"], limits["specs"]) == ("back-end", {"maxIOPS": "5000"})


def test_a_type_is_encrypted_before_a_volume_has_it(recorded: Recorded) -> None:
    gate = recorded["VolumeTypeEncryption::encrypted-kvm-encryption"]
    assert {key: value for key, value in gate.inputs.items() if key != "__provider"} == {
        "volumeTypeId": "id-encrypted-kvm",
        "encryptionProvider": "luks",
        "cipher": "aes-xts-plain64",
        "keySize": 256,
        "controlLocation": "front-end",
    }
    assert "VolumeTypeEncryption::encrypted-kvm-encryption" in recorded["Volume::cache/tokens"].dependencies


def test_a_type_is_the_default_of_the_projects_that_it_names(recorded: Recorded) -> None:
    default = recorded["DefaultVolumeType::payments-default-volume-type"].inputs
    assert (default["projectId"], default["volumeTypeId"]) == ("id-payments", "id-standard-kvm")


def test_a_type_of_some_projects_is_private() -> None:
    recorded = record_estate(changed((f"{TYPES}/standard-kvm/projects", ["payments"])))
    assert recorded["VolumeTypeV3::standard-kvm"].inputs["isPublic"] is False
    assert recorded["VolumeTypeAccessV3::standard-kvm/payments"].inputs == {
        "volumeTypeId": "id-standard-kvm",
        "projectId": "id-payments",
    }
    assert recorded["VolumeTypeV3::encrypted-kvm"].inputs["isPublic"] is True


def test_a_version_is_an_image_of_its_own_and_older_ones_are_hidden(recorded: Recorded) -> None:
    new, old = recorded["Image::batch-kvm-2026.1"].inputs, recorded["Image::batch-kvm-2025.4"].inputs
    assert "hidden" not in new
    assert old["hidden"] is True
    assert new["minRamMb"] == old["minRamMb"] == 512
    assert new["properties"] == old["properties"]
    assert new["localFilePath"] != old["localFilePath"]
    assert recorded["Instance::batch"].inputs["imageId"] == "id-batch-kvm-2025.4"


def test_a_root_volume_is_made_from_the_image_by_nova(recorded: Recorded) -> None:
    server = recorded["Instance::api-2"].inputs
    assert "imageId" not in server
    assert server["blockDevices"] == [
        {
            "sourceType": "image",
            "uuid": "id-linux-kvm",
            "destinationType": "volume",
            "bootIndex": 0,
            "volumeSize": 1,
            "volumeType": "standard-kvm",
            "deleteOnTermination": True,
        }
    ]
    # The type must be whole, as for any other volume.
    assert "QosAssociationV3::standard-kvm-limits" in recorded["Instance::api-2"].dependencies
    assert recorded["Workload::api-2"].inputs["volumeTypes"] == ["standard-kvm"]
    sized = record_estate(changed(("workloads/api-2/boot_volume", {"type": "standard-kvm", "size": "5 GiB"})))
    assert sized["Instance::api-2"].inputs["blockDevices"][0]["volumeSize"] == 5


def test_what_a_server_starts_with(recorded: Recorded) -> None:
    server = recorded["Instance::batch"]
    assert recorded["Keypair::operations"].inputs["publicKey"].startswith("ssh-ed25519 ")
    assert server.inputs["keyPair"] == "operations"
    assert "Keypair::operations" in server.dependencies
    assert server.inputs["userData"].startswith("#cloud-config\n")
    assert server.inputs["configDrive"] is True
    assert server.inputs["tags"] == ["nightly"]
    assert server.inputs["metadata"] == {
        "estate_workload": "batch",
        "estate_description": "Nightly runs",
        "estate_owner": "operations",
    }
    assert {"keyPair", "userData", "configDrive", "tags", "blockDevices"}.isdisjoint(
        recorded["Instance::web-1"].inputs
    )


def test_other_user_data_or_another_key_makes_no_server_anew(recorded: Recorded) -> None:
    """Cloud-init reads both at the first boot only."""
    assert recorded["Instance::batch"].ignore_changes == ("userData", "keyPair")
