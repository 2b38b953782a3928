"""The path that stands for an image file's content."""

from pathlib import Path

import pytest

from components.image_files import ImageFileError, store
from estate.model import Image
from tests.components.recording import sandbox

IMAGES = list(sandbox().images.values())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return fill(tmp_path / "images", IMAGES)


def fill(folder: Path, images: list[Image]) -> Path:
    folder.mkdir()
    for image in images:
        (folder / image.file_name).write_text(f"content of {image.name}")
    return folder


def test_paths_are_relative_and_lead_to_the_files(folder: Path) -> None:
    for name, path in store(IMAGES, folder).items():
        assert not Path(path).is_absolute()
        assert Path(path).read_text() == f"content of {name}"


def test_the_same_content_elsewhere_is_no_change(folder: Path, tmp_path: Path) -> None:
    assert store(IMAGES, folder) == store(IMAGES, fill(tmp_path / "elsewhere", IMAGES))


def test_a_new_file_at_the_same_path_is_a_change(folder: Path) -> None:
    before = store(IMAGES, folder)
    (folder / IMAGES[0].file_name).write_text("patched")
    after = store(IMAGES, folder)
    assert {name for name in before if before[name] != after[name]} == {IMAGES[0].name}
    assert Path(after[IMAGES[0].name]).read_text() == "patched"


def test_all_missing_files_are_said_at_once_and_how_to_mend(folder: Path) -> None:
    for image in IMAGES[:2]:
        (folder / image.file_name).unlink()
    with pytest.raises(ImageFileError) as caught:
        store(IMAGES, folder)
    assert str(caught.value).count("there is no file") == 2
    assert "ESTATE_IMAGES" in str(caught.value)
