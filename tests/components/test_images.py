"""The path that stands for an image file's content: the file is the one that the documents mean."""

import hashlib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from components.image_files import STAND_INS, STORE, ImageFileError, store
from estate.model import Image
from estate.model.images import Source, glance_name
from tests.estates import sandbox

IMAGES = list(sandbox().images.values())
SOURCES: dict[str, Source] = {
    glance_name(one.name, version): one.source(version) for one in IMAGES for version in one.versions
}
CONTENT = b"a disk"
RIGHT = {"sha256": hashlib.sha256(CONTENT).hexdigest(), "sha512": hashlib.sha512(CONTENT).hexdigest()}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(STAND_INS, raising=False)
    return fill(tmp_path / "images")


def fill(folder: Path) -> Path:
    folder.mkdir()
    for name, source in SOURCES.items():
        (folder / source.file_name).write_text(f"content of {name}")
    return folder


def test_paths_are_relative_and_lead_to_the_files_of_all_versions(folder: Path) -> None:
    links = store(IMAGES, folder)
    assert {"batch-kvm-2026.1", "batch-kvm-2025.4"} <= set(links) == set(SOURCES)
    for name, path in links.items():
        assert not Path(path).is_absolute()
        assert Path(path).read_text() == f"content of {name}"


def test_the_same_content_elsewhere_is_no_change(folder: Path, tmp_path: Path) -> None:
    assert store(IMAGES, folder) == store(IMAGES, fill(tmp_path / "elsewhere"))


def test_a_new_file_at_the_same_path_is_a_change(folder: Path) -> None:
    before = store(IMAGES, folder)
    (folder / IMAGES[0].file_name).write_text("patched")
    after = store(IMAGES, folder)
    assert {name for name in before if before[name] != after[name]} == {IMAGES[0].name}
    assert Path(after[IMAGES[0].name]).read_text() == "patched"


def test_all_missing_files_are_said_at_once_and_how_to_mend(folder: Path) -> None:
    for name in ("linux-kvm", "batch-kvm-2025.4"):
        (folder / SOURCES[name].file_name).unlink()
    with pytest.raises(ImageFileError) as caught:
        store(IMAGES, folder)
    assert str(caught.value).count("there is no file") == 2
    assert 'image "batch-kvm-2025.4"' in str(caught.value)
    assert "ESTATE_IMAGES" in str(caught.value)


def image(**values: Any) -> Image:
    return Image.model_validate({"name": "checked", "hypervisor": "kvm", "virtual_size": "1 GiB"} | values)


@pytest.fixture
def disk(folder: Path) -> Path:
    (folder / "disk.qcow2").write_bytes(CONTENT)
    return folder


@pytest.mark.parametrize("kind", ["sha256", "sha512"])
def test_a_file_with_its_checksum_is_taken(disk: Path, kind: str) -> None:
    (link,) = store([image(file="disk.qcow2", **{kind: RIGHT[kind]})], disk).values()
    assert Path(link).read_bytes() == CONTENT


@pytest.mark.parametrize("kind", ["sha256", "sha512"])
def test_a_file_with_another_checksum_is_refused_and_nothing_is_linked(disk: Path, kind: str) -> None:
    wrong = "0" * len(RIGHT[kind])
    with pytest.raises(ImageFileError) as caught:
        store([image(file="disk.qcow2", **{kind: wrong})], disk)
    assert f'image "checked": expected {kind} {wrong}, found {RIGHT[kind]} of' in str(caught.value)
    assert "It is not uploaded." in str(caught.value)
    assert not (STORE / "images").exists()


def test_an_older_version_has_a_checksum_of_its_own(disk: Path) -> None:
    old = {"2025.4": {"file": "disk.qcow2", "sha256": "0" * 64}}
    with pytest.raises(ImageFileError, match=r'image "checked-2025\.4": expected sha256 0{64}'):
        store([image(file="disk.qcow2", sha256=RIGHT["sha256"], version="2026.1", older=old)], disk)


def test_a_stand_in_fits_no_checksum_and_is_taken(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rehearsal's images are empty disks."""
    monkeypatch.setenv(STAND_INS, "1")
    (link,) = store([image(file="disk.qcow2", sha256="0" * 64)], disk).values()
    assert Path(link).read_bytes() == CONTENT


class Server:
    """A web server with one folder; what it was asked for."""

    def __init__(self, folder: Path) -> None:
        asked: list[str] = []

        class Handler(SimpleHTTPRequestHandler):
            def log_request(self, code: object = "-", size: object = "-") -> None:  # noqa: ARG002
                asked.append(self.path)

            def log_message(self, *_arguments: object) -> None:
                """Nothing on the terminal."""

        self.asked = asked
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def server(disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serves ``disk.qcow2``; the machine has fetched nothing yet."""
    monkeypatch.setenv("ESTATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    made = Server(disk)
    thread = Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield made
    made.http.shutdown()
    thread.join()
    made.http.server_close()


@pytest.mark.parametrize("kind", ["sha256", "sha512"])
def test_an_address_is_fetched_once(server: Server, folder: Path, kind: str) -> None:
    one = image(url=f"{server.url}/disk.qcow2", **{kind: RIGHT[kind]})
    first, second = store([one], folder), store([one], folder)
    assert first == second
    assert Path(first["checked"]).read_bytes() == CONTENT
    assert Path(first["checked"]).suffix == ".qcow2"
    assert server.asked == ["/disk.qcow2"]


def kept(tmp_path: Path) -> list[Path]:
    return [one for one in (tmp_path / "home").rglob("*") if one.is_file()]


def test_what_comes_with_another_checksum_is_refused_and_not_kept(
    server: Server, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(ImageFileError) as caught:
        store([image(url=f"{server.url}/disk.qcow2", sha256="0" * 64)], folder)
    assert f"found {RIGHT['sha256']} of {server.url}/disk.qcow2" in str(caught.value)
    assert kept(tmp_path) == []


def test_an_address_with_nothing_behind_it(server: Server, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ImageFileError, match=r"/gone\.qcow2 cannot be fetched: File not found"):
        store([image(url=f"{server.url}/gone.qcow2", **RIGHT)], folder)
    assert kept(tmp_path) == []


def test_a_server_that_does_not_answer(server: Server, folder: Path) -> None:
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(ImageFileError, match=r"cannot be fetched: .*Connection refused"):
        store([image(url=f"{server.url}/disk.qcow2", **RIGHT)], folder)
