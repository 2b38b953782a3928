"""The release of the target cloud: for all services or by service, and what is not proven."""

# ruff: noqa: E501 - messages stand here as a person reads them
from pathlib import Path

import pytest

from estate.documents import load
from estate.model import Severity
from estate.model.releases import SERVICES
from policies import over_documents
from tests.unit.marked import BASE, folder, unmarked


def released(tmp_path: Path, release: str) -> Path:
    assert BASE.startswith("\nestate: {name: t}")
    return folder(tmp_path / "t", base=BASE.replace("{name: t}", f"{{name: t, release: {release}}}"))


def test_by_service(tmp_path: Path) -> None:
    estate = load(released(tmp_path, '{nova: "2025.1", default: "2026.1"}')).estate
    assert estate is not None
    assert {one: estate.estate.release_of(one) for one in SERVICES} == {
        **dict.fromkeys(SERVICES, "2026.1"),
        "nova": "2025.1",
    }


def test_for_all_services(tmp_path: Path) -> None:
    estate = load(released(tmp_path, '"2026.2"')).estate
    assert estate is not None
    assert {estate.estate.release_of(one) for one in SERVICES} == {"2026.2"}


@pytest.mark.parametrize(
    ("release", "message"),
    [
        ('¦"2024.2"', "release: expected 2025.1, 2025.2, 2026.1 or 2026.2, got '2024.2'."),
        ("¦2026.2", 'release: expected text, got 2026.2; put it in quotes: "2026.2".'),
        ("{nova: ¦2025.1}", 'release.nova: expected text, got 2025.1; put it in quotes: "2025.1".'),
        ("¦2024.2", "release: expected 2025.1, 2025.2, 2026.1 or 2026.2, got 2024.2."),
        ("¦caracal", "release: expected 2025.1, 2025.2, 2026.1 or 2026.2, got 'caracal'."),
        ('{nova: ¦"2024.2"}', "release.nova: expected 2025.1, 2025.2, 2026.1 or 2026.2, got '2024.2'."),
        ('{¦novaa: "2026.2"}', 'release: unknown key "novaa". Did you mean nova?'),
        (
            '{¦ironic: "2026.2"}',
            'release: unknown key "ironic". There is: cinder, default, glance, keystone, neutron, nova, placement.',
        ),
        ('¦["2026.2"]', "release: expected 2025.1, 2025.2, 2026.1 or 2026.2, got a list."),
    ],
)
def test_unknown_releases(tmp_path: Path, release: str, message: str) -> None:
    text, [(line, column)] = unmarked(BASE.replace("{name: t}", f"{{name: t, release: {release}}}"))
    where = folder(tmp_path / "t", base=text)
    (problem,) = load(where).problems
    assert str(problem) == f"{where}/base.yaml:{line}:{column}: estate: {message}"


def test_check_warns_of_what_is_not_proven(tmp_path: Path) -> None:
    found = over_documents.judged(load(released(tmp_path, '{nova: "2025.1", cinder: "2026.2"}')))
    warned = ["release-not-proven", "nova-version"]
    assert [(one.rule, one.severity) for one in found] == [(rule, Severity.WARNING) for rule in warned]
    assert str(found[0]).startswith(
        f"{tmp_path}/t/base.yaml:2:35: estate: nova may have other rules and defaults in 2025.1"
    )
    assert "with Nova before 31.3.1 in release 2025.1" in found[1].message
    assert "_nova_check_type=rebuild" in found[1].message
    found = over_documents.judged(load(released(tmp_path, '"2026.1"')))
    assert found[0].message.startswith("the services may ")
    assert "Bring every nova-api and nova-scheduler to 33.0.2 or later" in found[1].message
    found = over_documents.judged(load(released(tmp_path, '{cinder: "2025.1"}')))
    assert [one.rule for one in found] == ["release-not-proven"]
    assert not over_documents.judged(load(released(tmp_path, '"2026.2"')))
