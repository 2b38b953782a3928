"""Operators' fragments go last and verbatim; the sandbox's keys never meet theirs."""

from pathlib import Path

import pytest

from sandbox import fragments
from sandbox.errors import SandboxError

OWN = {"DEFAULT": {"state_path": "/run/nova"}}


def files(arguments: tuple[str, ...]) -> list[str]:
    return [argument for argument in arguments if argument != "--config-file"]


def test_fragment_is_verbatim_and_last(tmp_path: Path) -> None:
    text = "# a comment\n[DEFAULT]\nreport_interval = 10\n"
    arguments = fragments.layers(
        tmp_path, OWN, {"nova.conf": text}, tuning={"DEFAULT": {"report_interval": 20}}
    )
    own, fragment = files(arguments)
    assert Path(fragment).read_text() == text
    assert Path(own).read_text() == "[DEFAULT]\nstate_path = /run/nova\n"
    assert Path(own).stat().st_mode & 0o777 == 0o600


def test_own_key_in_a_fragment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"nova.conf sets \[DEFAULT\] state_path, which is the sandbox's"):
        fragments.layers(tmp_path, OWN, {"nova.conf": "[DEFAULT]\nstate_path: /var/lib/nova\n"})


def test_what_the_sandbox_relies_on_is_added_or_compared(tmp_path: Path) -> None:
    same = {"DEFAULT": {"host": "esx-a"}}
    own = files(fragments.layers(tmp_path, {}, {"nova.conf": ""}, same=same))[0]
    assert Path(own).read_text() == "[DEFAULT]\nhost = esx-a\n"
    with pytest.raises(SandboxError, match="host = esx-b, expected esx-a"):
        fragments.layers(tmp_path, {}, {"nova.conf": "[DEFAULT]\nhost = esx-b\n"}, same=same)


def test_broken_fragment_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"fragment nova.conf is not a configuration file"):
        fragments.layers(tmp_path, OWN, {"nova.conf": "state_path = /no/section\n"})


def test_hosts_that_differ_by_name_only_may_share_a_process() -> None:
    one, other = ("[DEFAULT]\nhost = kvm1\nx = 1\n", "[DEFAULT]\nx = 1\nhost = kvm2\n")
    name = ("DEFAULT", "host")
    assert fragments.without(one, name) == fragments.without(other, name)
    assert fragments.without(one, name) != fragments.without("[DEFAULT]\nx = 2\n", name)


def test_disagreement() -> None:
    assert fragments.disagree("[a]\nx = 1\n", "[a]\nx = 2\n")
    assert not fragments.disagree("[a]\nx = 1\n", "[a]\ny = 2\n[b]\nx = 2\n")
