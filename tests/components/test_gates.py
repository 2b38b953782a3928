"""The gates' decisions over a cloud in every state that matters; the real services come in tests/sandbox."""

from typing import TypeVar

import pytest
from pulumi.dynamic import Config, ConfigureRequest

from components.gates import gate
from components.gates.aggregate_isolation import AggregateIsolationProvider
from components.gates.compute_enabled import ComputeEnabledProvider
from components.gates.compute_ready import ComputeReadyProvider
from components.gates.leaving_hosts import LeavingHostsProvider
from estate.openstack.errors import CloudError
from tests.components.fake_cloud import TRAIT, FakeCloud, Thing

METADATA = {f"trait:{TRAIT}": "required", "img_hv_type": "vmware"}
READY = {
    "host": "nova-a",
    "traits": [TRAIT],
    "aggregate": "vendor",
    "zone": "az-esxi",
    "clusterId": "domain-c1",
}
ISOLATION = {"aggregateId": "7", "hosts": ["nova-a"], "trait": TRAIT, "metadata": METADATA}
ENABLED = {"host": "nova-a", "aggregate": "vendor", "aggregateId": "7"}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> FakeCloud:
    fake = FakeCloud()
    monkeypatch.setattr(gate, "_connection", lambda _name: fake)
    return fake


G = TypeVar("G", bound=gate.Gate)


def configured(kind: type[G], patience: str = "1") -> G:
    provider = kind()
    provider.configure(ConfigureRequest(Config({"estate:patience": patience}, "estate")))
    return provider


# Before a host joins.


def missing(cloud: FakeCloud) -> str:
    with pytest.raises(CloudError) as caught:
        configured(ComputeReadyProvider, "0.1").create(dict(READY))
    assert cloud.calls == []
    return str(caught.value)


def test_no_service(cloud: FakeCloud) -> None:
    assert "has no nova-compute service for host nova-a" in missing(cloud)


def test_service_down(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    cloud.service("nova-a").state = "down"
    assert "is down" in missing(cloud)


def test_service_but_no_compute_node(cloud: FakeCloud) -> None:
    cloud.add_service("nova-a")
    assert "has no compute node" in missing(cloud)


def test_compute_node_but_no_resource_provider(cloud: FakeCloud) -> None:
    cloud.add_service("nova-a")
    cloud.add_node("nova-a")
    assert "no resource provider" in missing(cloud)


def test_resource_provider_without_trait(cloud: FakeCloud) -> None:
    cloud.add_service("nova-a")
    cloud.add_node("nova-a")
    cloud.add_provider("nova-a", "HW_ARCH_X86_64")
    assert f"lacks the trait {TRAIT}; put the rendered provider.yaml" in missing(cloud)


def test_hardware_that_is_declared_and_not_there(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    with pytest.raises(CloudError, match="lacks the trait HW_CPU_X86_AVX512F; its driver reports"):
        configured(ComputeReadyProvider, "0.1").create({**READY, "traits": [TRAIT, "HW_CPU_X86_AVX512F"]})


def test_the_node_of_an_earlier_cluster_does_not_count(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a", "domain-c12.vc")
    said = missing(cloud)
    assert "domain-c12.vc, expected domain-c1.…" in said


def test_waits_until_the_host_is_ready_and_says_what_for(
    cloud: FakeCloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.add_service("nova-a")
    coming = [lambda: None, lambda: cloud.add_node("nova-a"), lambda: cloud.add_provider("nova-a", TRAIT)]
    services = cloud.services

    def looked(*, binary: str, host: str | None = None) -> list[Thing]:
        if coming:
            coming.pop(0)()
        return services(binary=binary, host=host)

    monkeypatch.setattr(cloud, "services", looked)
    assert configured(ComputeReadyProvider, "9").create(dict(READY)).outs == READY
    said = capsys.readouterr().out
    assert "waiting (0 of at most 9 s)" in said
    assert "has no compute node" in said


def test_all_pages_of_compute_nodes_are_read(cloud: FakeCloud) -> None:
    for number in range(5):
        cloud.add_ready(f"nova-{number}", f"domain-c{number}.vc")
    configured(ComputeReadyProvider).create({**READY, "host": "nova-4", "clusterId": "domain-c4"})


def test_the_service_of_a_cluster_goes_with_it(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    provider = configured(ComputeReadyProvider)
    provider.delete("settled", dict(READY))
    provider.delete("settled", dict(READY))
    assert cloud.calls == ["delete nova-a"]


def test_the_service_of_a_kvm_host_stays(cloud: FakeCloud) -> None:
    cloud.add_ready("kvm1", "kvm1")
    configured(ComputeReadyProvider).delete("settled", {**READY, "host": "kvm1", "clusterId": ""})
    assert cloud.calls == []


def test_the_service_of_a_cluster_that_was_made_anew_goes_too(cloud: FakeCloud) -> None:
    """The next one of that name starts disabled: its resource provider is in no aggregate yet."""
    cloud.add_ready("nova-a", "domain-c1.vc")
    with pytest.raises(CloudError, match="has no nova-compute service"):
        configured(ComputeReadyProvider, "0.1").update(
            "settled", dict(READY), {**READY, "clusterId": "domain-c2"}
        )
    assert cloud.calls == ["delete nova-a"]


# What stands in the way of joining.


def refused(provider: gate.Gate, olds: gate.Props, news: gate.Props) -> list[str]:
    result = provider.check(olds, news)
    assert result.inputs == news
    return [failure.reason for failure in result.failures]


def test_a_host_that_is_in_the_aggregate_by_hand_is_taken_out_closed(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    cloud.service("nova-a").status = "enabled"
    cloud.aggregate.hosts.append("nova-a")
    provider = configured(ComputeReadyProvider)
    assert refused(provider, {}, dict(READY)) == []
    provider.create(dict(READY))
    assert cloud.calls == ["disabled nova-a", "remove nova-a"]


def test_a_host_that_is_in_by_hand_with_servers_is_refused(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    cloud.aggregate.hosts.append("nova-a")
    cloud.running.append(Thing(name="ledger-db", host="nova-a"))
    with pytest.raises(CloudError, match=r"by hand, but still has servers \(ledger-db\)"):
        configured(ComputeReadyProvider).create(dict(READY))


def test_a_member_that_is_settled_is_not_touched(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    cloud.aggregate.hosts.append("nova-a")
    configured(ComputeReadyProvider).update("settled", dict(READY), {**READY, "traits": [TRAIT]})
    assert cloud.calls == []


def test_a_host_of_a_zone_of_others_is_refused_before_anything_begins(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    cloud.others.append(
        Thing(id="3", name="theirs", hosts=["nova-a"], availability_zone="az-theirs", uuid="theirs")
    )
    provider = configured(ComputeReadyProvider, "60")
    (said,) = refused(provider, {}, dict(READY))
    assert "nova-a is in aggregate theirs of zone az-theirs" in said
    assert "openstack aggregate remove host 3 nova-a" in said
    with pytest.raises(CloudError, match="aggregate theirs of zone az-theirs"):
        provider.create(dict(READY))
    assert refused(provider, dict(READY), dict(READY)) == [], "what is settled is not asked again"
    assert cloud.calls == []


def test_an_aggregate_of_the_same_zone_is_in_nobodys_way(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    for zone in ("az-esxi", None):
        cloud.others.append(Thing(id="3", name="rack-1", hosts=["nova-a"], availability_zone=zone))
    provider = configured(ComputeReadyProvider)
    assert refused(provider, {}, dict(READY)) == []
    provider.create(dict(READY))


def test_another_aggregate_of_the_estate_is_waited_for(
    cloud: FakeCloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.add_ready("nova-a")
    old = Thing(id="3", name="old", hosts=["nova-a"], availability_zone="az-old", metadata=dict(METADATA))
    cloud.others.append(old)
    provider = configured(ComputeReadyProvider, "9")
    assert refused(provider, {}, dict(READY)) == []

    def say(line: str) -> None:
        print(line)
        old.hosts.clear()

    monkeypatch.setattr(provider, "say", say)
    provider.create(dict(READY))
    assert "waiting (0 of at most 9 s): nova-a is in aggregate old" in capsys.readouterr().out


def test_an_aggregate_that_somebody_else_made_is_left_to_them(cloud: FakeCloud) -> None:
    cloud.aggregate.hosts.append("nova-a")
    news = {"aggregate": "vendor", "zone": "az-esxi", "hosts": ["nova-a"]}
    provider = configured(LeavingHostsProvider)
    (said,) = refused(provider, {}, dict(news))
    assert "Nova has an aggregate vendor already (number 7, hosts: nova-a)" in said
    assert refused(provider, {}, {**news, "aggregate": "other"}) == []
    assert refused(provider, dict(news), dict(news)) == [], "it is the stack's own by now"


# Isolation: the three states that a failed `up` may leave, and tampering.


def isolate(cloud: FakeCloud) -> None:
    provider = configured(AggregateIsolationProvider)
    provider.create(dict(ISOLATION))
    assert cloud.aggregate.hosts == ["nova-a"]
    assert cloud.providers["n-nova-a"].aggregates == {"agg-uuid"}
    assert METADATA.items() <= cloud.aggregate.metadata.items()
    cloud.calls.clear()
    assert provider.diff("settled", dict(ISOLATION), dict(ISOLATION)).changes is False
    assert cloud.calls == [], "a look changes nothing"


def test_an_isolated_aggregate_is_left_alone(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    cloud.aggregate.metadata = dict(METADATA)
    cloud.add_host_to_aggregate("7", "nova-a")
    cloud.calls.clear()
    configured(AggregateIsolationProvider).create(dict(ISOLATION))
    assert cloud.calls == []


def test_membership_that_never_came_is_added(cloud: FakeCloud) -> None:
    """State 1: add-host failed for want of the service; it is there now."""
    cloud.add_ready("nova-a")
    isolate(cloud)


def test_membership_written_by_a_failed_call_is_mirrored(cloud: FakeCloud) -> None:
    """State 2: a service without compute node, so add-host wrote the membership and failed."""
    cloud.add_service("nova-a")
    with pytest.raises(Exception, match="list index"):
        cloud.add_host_to_aggregate("7", "nova-a")
    cloud.add_node("nova-a")
    cloud.add_provider("nova-a", TRAIT)
    isolate(cloud)


def test_a_mirror_that_is_silently_missing_is_made(cloud: FakeCloud) -> None:
    """State 3: a compute node without resource provider, so add-host only logged a warning."""
    cloud.add_service("nova-a")
    cloud.add_node("nova-a")
    cloud.add_host_to_aggregate("7", "nova-a")
    cloud.add_provider("nova-a", TRAIT)
    isolate(cloud)


def test_other_aggregates_of_a_provider_stay(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    cloud.aggregate.hosts.append("nova-a")
    cloud.providers["n-nova-a"].aggregates = {"other"}
    configured(AggregateIsolationProvider).create(dict(ISOLATION))
    assert cloud.providers["n-nova-a"].aggregates == {"other", "agg-uuid"}


def test_isolation_without_trait_is_no_isolation(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    cloud.providers["n-nova-a"].traits.clear()
    with pytest.raises(CloudError, match=f"no resource provider with the trait {TRAIT}"):
        configured(AggregateIsolationProvider, "0.1").create(dict(ISOLATION))


@pytest.mark.parametrize("what", ["metadata", "membership", "mirror", "trait", "node"])
def test_the_next_look_sees_what_was_tampered_with(
    cloud: FakeCloud, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.add_ready("nova-a")
    isolate(cloud)
    if what == "metadata":
        del cloud.aggregate.metadata[f"trait:{TRAIT}"]
    elif what == "membership":
        cloud.aggregate.hosts.clear()
    elif what == "mirror":
        cloud.providers["n-nova-a"].aggregates.clear()
    elif what == "trait":
        cloud.providers["n-nova-a"].traits.clear()
    else:
        cloud._nodes.clear()
    provider = configured(AggregateIsolationProvider)
    assert provider.diff("settled", dict(ISOLATION), dict(ISOLATION)).changes is True
    assert "aggregate vendor does not isolate" in capsys.readouterr().out


def test_an_aggregate_that_is_gone_is_said_in_a_sentence(cloud: FakeCloud) -> None:
    with pytest.raises(CloudError, match="no aggregate 8 any more"):
        configured(AggregateIsolationProvider).create({**ISOLATION, "aggregateId": "8"})


# Opening and closing a host.


def test_a_new_service_is_enabled(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    provider = configured(ComputeEnabledProvider)
    provider.create(dict(ENABLED))
    assert cloud.service("nova-a").status == "enabled"
    assert provider.diff("settled", dict(ENABLED), dict(ENABLED)).changes is False


def test_a_service_that_we_disabled_is_enabled_again(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    cloud.service("nova-a").disabled_reason = "estate: leaves aggregate vendor"
    provider = configured(ComputeEnabledProvider)
    assert provider.diff("settled", dict(ENABLED), dict(ENABLED)).changes is True
    provider.update("settled", dict(ENABLED), dict(ENABLED))
    assert cloud.service("nova-a").status == "enabled"


@pytest.mark.parametrize("reason", [None, "maintenance until Friday", "set by vmwareapi host_state"])
def test_what_others_disabled_stays_disabled_and_is_said(
    cloud: FakeCloud, reason: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.add_ready("nova-a")
    cloud.service("nova-a").disabled_reason = reason
    provider = configured(ComputeEnabledProvider)
    provider.create(dict(ENABLED))
    assert provider.diff("settled", dict(ENABLED), dict(ENABLED)).changes is False
    assert cloud.calls == []
    said = capsys.readouterr().out
    assert said.count(reason or "(no reason given)") == 2


def test_enabled_means_that_placement_knows_it_too(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    cloud.providers["n-nova-a"].traits.add("COMPUTE_STATUS_DISABLED")
    with pytest.raises(CloudError, match="still has COMPUTE_STATUS_DISABLED"):
        configured(ComputeEnabledProvider, "0.1").create(dict(ENABLED))


def test_a_member_is_disabled_when_its_aggregate_goes(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    isolate(cloud)
    provider = configured(ComputeEnabledProvider)
    provider.create(dict(ENABLED))
    provider.delete("settled", dict(ENABLED))
    assert cloud.service("nova-a").status == "disabled"
    assert cloud.service("nova-a").disabled_reason == "estate: aggregate vendor is taken down"


def test_a_host_that_has_left_already_is_not_touched(cloud: FakeCloud) -> None:
    """It may be enabled in another aggregate by now: Pulumi deletes at the end of an update."""
    cloud.add_ready("nova-a")
    cloud.service("nova-a").status = "enabled"
    configured(ComputeEnabledProvider).delete("settled", dict(ENABLED))
    assert cloud.calls == []


def test_hosts_are_disabled_before_they_leave(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    cloud.add_ready("nova-b")
    for host in ("nova-a", "nova-b"):
        cloud.service(host).status = "enabled"
    olds = {"aggregate": "vendor", "zone": "az-esxi", "hosts": ["nova-a", "nova-b"]}
    configured(LeavingHostsProvider).update("settled", olds, {**olds, "hosts": ["nova-b"]})
    assert cloud.calls == ["disabled nova-a"]
    assert cloud.service("nova-a").disabled_reason == "estate: leaves aggregate vendor"


def test_a_host_with_servers_cannot_leave_and_takes_no_more(
    cloud: FakeCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.add_ready("nova-a")
    cloud.service("nova-a").status = "enabled"
    cloud.running.append(Thing(name="ledger-db", host="nova-a"))
    olds = {"aggregate": "vendor", "zone": "az-esxi", "hosts": ["nova-a"]}
    provider, news = configured(LeavingHostsProvider), {**olds, "hosts": []}
    assert refused(provider, olds, news) == [], "`up` closes the host first"
    assert provider.diff("settled", dict(olds), dict(news)).changes is True
    assert "leaving aggregate vendor with servers: nova-a (ledger-db)" in capsys.readouterr().out
    assert cloud.calls == []
    with pytest.raises(CloudError, match=r"still has servers \(ledger-db\)"):
        provider.update("settled", olds, news)
    assert cloud.calls == ["disabled nova-a"]


def test_a_zone_with_servers_does_not_change(cloud: FakeCloud) -> None:
    olds = {"aggregate": "vendor", "zone": "az-esxi", "hosts": ["nova-a", "nova-b"]}
    provider, news = configured(LeavingHostsProvider), {**olds, "zone": "az-vendor"}
    assert refused(provider, olds, news) == []
    cloud.running.append(Thing(name="ledger-db", host="nova-b"))
    (said,) = refused(provider, olds, news)
    assert "aggregate vendor cannot get zone az-vendor: nova-b has servers (ledger-db)" in said
    assert refused(provider, olds, {**olds, "aggregate": "renamed"}) == []


def test_a_stranger_is_closed_before_it_is_removed(cloud: FakeCloud) -> None:
    cloud.add_ready("nova-a")
    isolate(cloud)
    cloud.add_ready("stranger")
    cloud.service("stranger").status = "enabled"
    cloud.add_host_to_aggregate("7", "stranger")
    cloud.calls.clear()
    provider = configured(AggregateIsolationProvider)
    assert provider.diff("settled", dict(ISOLATION), dict(ISOLATION)).changes is True
    provider.update("settled", dict(ISOLATION), dict(ISOLATION))
    assert cloud.calls == ["disabled stranger", "remove stranger"]


def test_a_changed_input_is_a_change_without_a_look(cloud: FakeCloud) -> None:
    changed = {**READY, "clusterId": "domain-c2", "__provider": "x"}
    assert configured(ComputeReadyProvider).diff("settled", dict(READY), changed).changes is True
    assert configured(ComputeReadyProvider).diff("settled", changed, dict(changed)).changes is False


# What an import left as it was found.


def test_what_is_left_is_neither_settled_nor_looked_at(cloud: FakeCloud) -> None:
    provider = configured(AggregateIsolationProvider)
    as_found = {**ISOLATION, gate.LEFT: True}  # the fake cloud has no such aggregate: a look would fail
    assert provider.diff("settled", as_found, as_found).changes is False
    assert provider.update("settled", as_found, as_found).outs == as_found
    assert cloud.calls == []


def test_what_is_no_longer_left_is_a_change(cloud: FakeCloud) -> None:
    provider = configured(AggregateIsolationProvider)
    assert provider.diff("settled", {**ISOLATION, gate.LEFT: True}, ISOLATION).changes is True


def test_in_an_import_a_gate_is_noted_only(cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(gate.IMPORTING, "/ids.json")
    provider = configured(LeavingHostsProvider)
    assert provider.check({}, {"aggregate": "vendor", "hosts": []}).failures == []
    assert configured(AggregateIsolationProvider).create(dict(ISOLATION)).outs == ISOLATION
    assert provider.diff("settled", {"hosts": ["a"]}, {"hosts": []}).changes is False
    assert cloud.calls == []
