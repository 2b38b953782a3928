"""What a review says of changes: in words of the domain, with landing, proof, findings and hazards."""

import json
import re
import shutil
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from cli import app
from operations.reviews import reviewed
from review import junit
from review.comment import comment
from review.document import document, schema
from review.reviewing import exit_code
from review.struck import by_block, by_effect
from review.value import Action, Hazard, HazardKind, Operation, Reading, Review, Status, Verdict
from tests.review.repository import ROOT, Repository

WORKLOADS = "sandbox/workloads.yaml"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.of(tmp_path)


def hazards(review: Review) -> dict[HazardKind, Hazard]:
    return {one.kind: one for one in review.hazards}


def test_nothing_changed(repository: Repository) -> None:
    review = repository.review()
    assert (review.verdict, review.changes, review.hazards, review.problems) == (
        Verdict.UNCHANGED,
        (),
        (),
        (),
    )
    assert not any(one.moved for one in review.landings)
    assert review.head_commit == review.base_commit == repository.git("rev-parse", "HEAD")
    assert exit_code(review) == 0


def test_comments_and_order_are_no_change(repository: Repository) -> None:
    text = repository.file(WORKLOADS).read_text()
    repository.file(WORKLOADS).write_text(f"# said otherwise\n{text}")
    review = repository.review()
    assert (review.verdict, review.changes) == (Verdict.UNCHANGED, ())
    assert review.environments[0].digest == review.environments[0].base_digest
    assert review.head_commit is None


def test_another_flavor_reboots_one_server(repository: Repository) -> None:
    repository.edit(
        WORKLOADS,
        ("web-1: {image: linux-kvm, flavor: kvm-small", "web-1: {image: linux-kvm, flavor: kvm-medium"),
    )
    review = repository.review()
    (change,) = review.changes
    assert (change.kind, change.name, change.field, change.old, change.new) == (
        "workloads",
        "web-1",
        "flavor",
        "kvm-small",
        "kvm-medium",
    )
    assert str(change.place) == "stacks/sandbox/workloads.yaml:6"
    (resource,) = review.resources
    assert (resource.operation, resource.name, resource.properties) == (
        Operation.UPDATE,
        "web-1",
        ("flavorId",),
    )
    (hazard,) = review.hazards
    assert (hazard.kind, hazard.servers) == (HazardKind.REBOOT, ("web-1",))
    assert (review.verdict, exit_code(review)) == (Verdict.ATTENTION, 0)
    assert review.environments[0].digest != review.environments[0].base_digest


def test_a_workload_that_comes_to_esxi(repository: Repository) -> None:
    repository.edit(
        WORKLOADS,
        ("queue: {image: linux-kvm, flavor: kvm-small", "queue: {image: linux-esxi, flavor: esxi-small"),
    )
    review = repository.review()
    (landing,) = (one for one in review.landings if one.moved)
    assert landing.before is not None
    assert landing.after is not None
    assert (landing.workload, landing.before.aggregate, landing.after.aggregate) == (
        "queue",
        "general",
        "vendor",
    )
    assert landing.after.decided_by == "required traits"
    found = hazards(review)
    assert found[HazardKind.REPLACE].servers == found[HazardKind.DATA_LOSS].servers == ("queue",)
    assert "queue moves from KVM to ESXi; data is lost, made anew: queue" in review.summary
    (row,) = by_block(review.hazards)
    assert row.kinds == (HazardKind.DATA_LOSS, HazardKind.REPLACE)
    missing = {one.feature: one for one in review.missing_features}
    assert missing["pause"].source == "Nova's support matrix, [operation.pause] driver.vmware=missing"
    assert not missing["pause"].needed
    (transfer,) = review.transfers
    assert (transfer.image, transfer.copies, transfer.total) == ("linux-esxi", 1, transfer.size)
    assert review.environments[0].proof.after is not None
    assert review.environments[0].proof.after.holds


def test_hosts_that_leave_must_be_drained(repository: Repository) -> None:
    text = repository.file("sandbox/compute.yaml").read_text()
    assert "kvm[01-" in text
    before = repository.review()
    shape = before.environments[0].shape.after
    assert shape is not None
    hosts = next(one.hosts for one in shape.aggregates if one.name == "general")
    repository.edit("sandbox/compute.yaml", ("kvm[01-", "kvm[02-"))
    after = repository.review()
    (change,) = after.changes
    assert (change.field, change.old, change.new) == (
        "host_classes.standard.hosts",
        "kvm[01-05].sandbox.example",
        "kvm[02-05].sandbox.example",
    )
    spots = {one["workload"]: one["after"] for one in document(after)["landings"]}
    assert spots["web-1"]["hosts"] == ["kvm[02-05].sandbox.example"]
    hazard = hazards(after)[HazardKind.DRAIN]
    assert hosts[0] in hazard.message
    assert "web-1" in hazard.servers
    assert "ledger-db" not in hazard.servers


def test_findings_are_new_fixed_or_unchanged(repository: Repository) -> None:
    late = ("review: 2027-06-30", "review: 2026-06-30")
    repository.edit(WORKLOADS, late)
    repository.commit("one overdue")
    repository.edit(WORKLOADS, ("# What runs.", "# A line more.\n# What runs."))
    (finding,) = repository.review().findings
    assert (finding.status, finding.rule) == (Status.UNCHANGED, "restriction-review")
    assert exit_code(repository.review()) == 0
    repository.edit(WORKLOADS, tuple(reversed(late)), ("review: 2027-03-31", "review: 2026-03-31"))  # type: ignore[arg-type]
    review = repository.review()
    assert {one.status for one in review.findings} == {Status.NEW, Status.FIXED}
    assert (review.verdict, exit_code(review)) == (Verdict.ATTENTION, 1)


def test_a_rename_keeps_what_exists(repository: Repository) -> None:
    repository.edit(WORKLOADS, ("  queue: {image", "  waiting: {was: queue, image"))
    review = repository.review()
    (change,) = review.changes
    assert (change.action, change.old, change.new) == (Action.RENAMED, "queue", "waiting")
    assert {one.operation for one in review.resources} <= {Operation.UPDATE, Operation.RENAME}
    assert not review.hazards
    assert len(review.landings) == len(repository.review(base="HEAD", head="HEAD").landings)
    (landing,) = [one for one in review.landings if one.workload == "waiting"]
    assert (landing.was, landing.servers_before, landing.moved) == ("queue", ("queue",), False)
    assert landing.before == landing.after


def test_a_renamed_aggregate_moves_nothing(repository: Repository) -> None:
    text = repository.file("sandbox/compute.yaml").read_text()
    assert "  general:\n" in text
    repository.edit("sandbox/compute.yaml", ("  general:\n", "  common:\n    was: general\n"))
    review = repository.review()
    assert {one.action for one in review.changes} == {Action.RENAMED}
    assert {one.after.aggregate for one in review.landings if one.after} == {"common", "vendor"}
    assert not [one for one in review.landings if one.moved]
    (room,) = [one for one in review.environments[0].headroom if one.aggregate in ("common", "general")]
    assert room.before is not None
    assert room.before.capacity == (room.after.capacity if room.after else None)
    assert "| holds | fits |" in comment(review)


def test_a_restricted_workload_on_kvm_is_blocked(repository: Repository) -> None:
    repository.edit(
        WORKLOADS,
        ("    image: linux-esxi\n    flavor: esxi-medium", "    image: linux-kvm\n    flavor: kvm-medium"),
    )
    review = repository.review()
    assert review.verdict is Verdict.BLOCKED
    assert any(one.status is Status.NEW and one.severity == "error" for one in review.findings)
    assert exit_code(review) == 1


def test_a_workload_without_a_place_is_no_broken_guarantee(repository: Repository) -> None:
    compute = repository.file("sandbox/compute.yaml").read_text()
    found = re.search(r"  general:\n(?:    .*\n)+", compute)
    assert found is not None
    more = found[0].replace("general", "more").replace("kvm[01-05]", "kvm[11-12]")
    more = re.sub(r"availability_zone: .*", "availability_zone: az-more", more)
    repository.file("sandbox/compute.yaml").write_text(compute.replace(found[0], found[0] + more))
    review = repository.review()
    assert review.verdict is Verdict.BLOCKED
    assert "the guarantee" not in review.summary
    assert "not taken where it was declared to be: " in review.summary
    # It is refused before anything is applied.
    assert not [one for one in review.hazards if one.kind is HazardKind.DATA_LOSS]
    written = comment(review)
    assert "⛔ no place" in written
    assert "The guarantee does not hold" not in written


def test_a_base_that_does_not_exist(repository: Repository) -> None:
    repository.edit(WORKLOADS, ("review: 2027-06-30", "review: 2026-06-30"))
    review = repository.review(base="no-such")
    assert "no revision" in review.problems[0].message
    assert [one.rule for one in review.findings] == ["restriction-review"]
    assert review.landings
    assert (review.verdict, exit_code(review)) == (Verdict.INCOMPLETE, 2)
    # What is known all the same is said in the first line, too.
    assert review.summary.endswith("sandbox: 1 new warning.")
    # Nobody knows what is new.
    assert review.changes == ()
    assert [one.verdict for one in review.environments] == [Verdict.INCOMPLETE]
    assert "new:" not in comment(review)
    assert "| ? → 4 |" in comment(review)
    assert str(repository.top) not in comment(review)


@pytest.mark.parametrize("broken", ["workloads: [", "  web-1: {image: linux-kvm, flavor: 3}"])
@pytest.mark.parametrize("side", ["base", "head"])
def test_one_side_that_cannot_be_read(repository: Repository, side: str, broken: str) -> None:
    sound = repository.file(WORKLOADS).read_text()
    wrong = (
        broken + "\n"
        if "[" in broken
        else sound.replace(
            "  web-1: {image: linux-kvm, flavor: kvm-small, networks: [app], security_groups: [web]}", broken
        )
    )
    first, then = (wrong, sound) if side == "base" else (sound, wrong)
    repository.file(WORKLOADS).write_text(first)
    repository.git("add", "-A")
    repository.git("commit", "-qm", "first", "--allow-empty")
    repository.file(WORKLOADS).write_text(then)
    review = repository.review()
    assert (review.verdict, exit_code(review)) == (Verdict.INCOMPLETE, 2)
    part = review.environments[0]
    reading, other = (part.base, part.head) if side == "base" else (part.head, part.base)
    assert reading in (Reading.FAULTY, Reading.UNREADABLE)
    assert other is Reading.READ
    assert any(one.side == side for one in review.problems)
    status = Status.FIXED if side == "base" else Status.NEW
    assert any(
        one.status is status and str(one.place).startswith("stacks/sandbox/workloads.yaml")
        for one in review.findings
    )
    # What a file with errors says of other blocks nobody knows: they neither came nor went.
    assert any(one.name == "web-1" for one in review.changes) == ("[" not in broken)
    assert {one.action for one in review.changes} <= {Action.CHANGED}
    known = [one for one in review.landings if (one.before is None) != (one.after is None)]
    assert "gone:" not in comment(review)
    assert "new:" not in comment(review)
    assert "0 → " not in comment(review)
    assert not known or "[" in broken


def test_user_data_that_was_written_wrong_is_not_shown(repository: Repository) -> None:
    repository.edit(
        WORKLOADS, ("web-1: {image: linux-kvm", 'web-1: {user_data: "echo planted-words", image: linux-kvm')
    )
    written = comment(repository.review())
    assert "<code>user&#95;data</code> | - | <code>(1 lines)</code>" in written
    assert "planted-words" not in written.partition("Changes of")[2]


def test_what_goes_is_said_where_it_was(repository: Repository) -> None:
    text = repository.file(WORKLOADS).read_text()
    line = "  queue: {image: linux-kvm, flavor: kvm-small, networks: [data]}\n"
    at = text.partition(line)[0].count("\n") + 1
    repository.edit(WORKLOADS, (line, ""))
    review = repository.review()
    (hazard,) = review.hazards
    assert str(hazard.place) == f"stacks/sandbox/workloads.yaml:{at}"
    come_or_go = comment(review).partition("Workloads and members that come or go (1)")[2]
    assert "<code>queue</code> | <code>general</code> (KVM) | - |" in come_or_go


def test_an_environment_that_is_new(repository: Repository) -> None:
    repository.git("mv", "stacks/sandbox", "stacks/other")
    repository.commit("another name")
    review = repository.review("other", base="HEAD~1")
    assert review.environments[0].base is Reading.ABSENT
    assert {one.action for one in review.changes} == {Action.ADDED}
    assert not review.problems


def test_the_same_review_is_the_same_to_the_byte(repository: Repository) -> None:
    repository.edit(
        WORKLOADS,
        ("web-1: {image: linux-kvm, flavor: kvm-small", "web-1: {image: linux-kvm, flavor: kvm-medium"),
    )
    first, second = (json.dumps(document(repository.review())) for _ in range(2))
    assert first == second
    assert str(repository.top) not in first


def test_the_committed_schema_is_current_and_a_review_fits_it(repository: Repository) -> None:
    committed = json.loads((ROOT / "docs" / "schema" / "review.schema.json").read_text())
    assert committed == schema(), "run: make language"
    repository.edit(
        WORKLOADS,
        ("queue: {image: linux-kvm, flavor: kvm-small", "queue: {image: linux-esxi, flavor: esxi-small"),
    )
    written = document(repository.review())
    jsonschema.validate(written, committed)
    assert {"verdict", "changes", "landings", "findings", "hazards", "digest"} <= written.keys()
    assert {"before", "after"} <= written["landings"][0].keys()


def test_what_would_be_refused_blocks_and_names_the_thing(repository: Repository) -> None:
    repository.edit("sandbox/estate.yaml", ("destroy: allowed", "destroy: forbidden"))
    repository.commit("protected")
    repository.edit(
        "sandbox/network.yaml",
        ('ports: "443"', 'ports: "8443"'),
        ("10.30.0.0/24", "10.31.0.0/24"),
        ("10.30.0.50, end: 10.30.0.200", "10.31.0.50, end: 10.31.0.200"),
    )
    repository.edit(WORKLOADS, ("[10.30.0.21]", "[10.31.0.21]"), ("[10.30.0.20]", "[10.31.0.20]"))

    review = repository.review()

    refused = {one.subject: one.message for one in review.hazards if one.kind is HazardKind.REFUSED}
    assert 'subnet "data/data-v4" would be made anew, but it is protected' in refused['network "data"']
    assert 'security group rule "web/' in refused['security group "web"']
    # What happens to several resources of a block is said once.
    assert refused['security group "web"'].count("would be deleted, but they are protected") == 1
    assert (review.verdict, exit_code(review)) == (Verdict.BLOCKED, 1)
    assert 'name="hazards"' in junit.text(review)
    assert "would be made anew" in junit.text(review).partition('name="hazards"')[2].partition("<failure")[2]


def test_a_flavor_with_a_smaller_root_disk_is_refused(repository: Repository) -> None:
    """But for a server whose root disk is a volume: to it the flavor's disk means nothing."""
    repository.edit(
        WORKLOADS,
        ("api-1: {image: linux-kvm, flavor: kvm-medium", "api-1: {image: linux-kvm, flavor: kvm-small"),
        (
            "  api-2:\n    image: linux-kvm\n    flavor: kvm-medium",
            "  api-2:\n    image: linux-kvm\n    flavor: kvm-small",
        ),
        ("web-1: {image: linux-kvm, flavor: kvm-small", "web-1: {image: linux-kvm, flavor: kvm-medium"),
    )
    review = repository.review()
    assert {one.subject: (one.kind, one.message.partition(";")[0]) for one in review.hazards} == {
        'workload "api-1"': (
            HazardKind.REFUSED,
            "its root disk would shrink from 20 to 10 GiB by the other flavor",
        ),
        'workload "api-2"': (HazardKind.REBOOT, "resized to another flavor, with one stop"),
        'workload "web-1"': (HazardKind.REBOOT, "resized to another flavor, with one stop"),
    }
    assert (review.verdict, exit_code(review)) == (Verdict.BLOCKED, 1)


def test_other_extra_specs_of_a_volume_type_are_refused_where_volumes_have_it(repository: Repository) -> None:
    repository.edit("sandbox/storage.yaml", ("provisioning: thin", "provisioning: thick"))
    (found,) = (one for one in repository.review().hazards if one.kind is HazardKind.REFUSED)
    assert (found.subject, found.servers) == ('array "array1"', ("ledger-db",))
    assert found.message.startswith("volume type standard-esxi cannot change while volumes have it;")

    repository.edit(WORKLOADS, ("      data: {type: standard-esxi, size: 10 GiB}\n", "      {}\n"))
    repository.commit("no volume of the type")
    repository.edit("sandbox/storage.yaml", ("provisioning: thick", "provisioning: eager-zeroed-thick"))
    assert not [one for one in repository.review().hazards if one.kind is HazardKind.REFUSED]


def test_another_content_under_the_same_name_is_another_image(repository: Repository) -> None:
    def file(checksum: str) -> str:
        return f"{{hypervisor: kvm, file: linux.qcow2, virtual_size: 1 GiB{checksum}}}"

    repository.edit("sandbox/catalogue.yaml", (file(""), file(f", sha256: {'1' * 64}")))
    assert repository.review().hazards == ()  # nobody says that the file is another one
    repository.commit("the image with its checksum")
    repository.edit("sandbox/catalogue.yaml", (f"sha256: {'1' * 64}", f"sha256: {'2' * 64}"))
    review = repository.review()
    image = next(one for one in review.resources if one.name == "linux-kvm" and one.because)
    assert (image.operation, image.because) == (Operation.REPLACE, ("localFilePath",))
    lost = {server for one in review.hazards if one.kind is HazardKind.DATA_LOSS for server in one.servers}
    assert {"web-1", "web-2", "api-1"} <= lost


def test_what_one_change_does_to_many_is_one_row(repository: Repository) -> None:
    repository.edit(
        "sandbox/catalogue.yaml",
        ("linux-kvm: {hypervisor: kvm,", 'linux-kvm: {version: "2", hypervisor: kvm,'),
    )
    review = repository.review()
    made_anew = next(one for one in by_effect(by_block(review.hazards)) if one.servers)
    assert made_anew.kinds == (HazardKind.DATA_LOSS, HazardKind.REPLACE)
    assert len(made_anew.subjects) > 3
    written = comment(review)
    head = written.partition("<details>")[0]
    assert head.count("made anew, because its image cannot change in place") == 1
    assert f"All of: Hazards ({len(by_block(review.hazards))})" in written


def test_what_a_server_reads_at_its_first_boot_only_does_nothing_to_it(repository: Repository) -> None:
    repository.edit(WORKLOADS, ("    keypair: operations\n", ""), ("nightly.timer", "daily.timer"))
    found = {one.message.partition(";")[0]: one for one in repository.review().hazards}
    assert set(found) == {"its key pair changes", "its user data changes"}
    assert {(one.kind, one.servers) for one in found.values()} == {(HazardKind.NO_EFFECT, ("batch",))}


def test_a_member_that_comes_is_no_new_workload(repository: Repository) -> None:
    """Members that differ are in groups, and a new member may change the groups of all."""
    repository.edit(
        WORKLOADS,
        ("  queue: {image: linux-kvm, flavor: kvm-small, networks: [data]}", MEMBERS % "[1-2]"),
    )
    repository.commit("members")
    repository.edit(WORKLOADS, ("jobs-[1-2]", "jobs-[1-3]"))

    review = repository.review()

    (landing,) = (one for one in review.landings if one.servers != one.servers_before)
    assert landing.before is not None
    assert (landing.workload.partition("/")[0], set(landing.servers) - set(landing.servers_before)) == (
        "jobs",
        {"jobs-3"},
    )
    assert not any(one.before is None or one.after is None for one in review.landings)
    assert "+jobs-3" in comment(review)
    assert "new:" not in comment(review)

    # One that differs from all is a group of its own, and is called by its name.
    repository.edit(WORKLOADS, ("{jobs-2: {flavor: kvm-medium}}", "{'jobs-[2-3]': {flavor: kvm-medium}}"))
    repository.commit("two of each")
    repository.edit(
        WORKLOADS,
        ("jobs-[1-3]", "jobs-[1-4]"),
        ("{flavor: kvm-medium}}", "{flavor: kvm-medium}, jobs-4: {tags: [x]}}"),
    )
    assert 'new: jobs-4"' in comment(repository.review())


MEMBERS = """  jobs:
    members: jobs-%s
    image: linux-kvm
    flavor: kvm-small
    networks: [data]
    differences: {jobs-2: {flavor: kvm-medium}}"""


def test_every_format_from_one_call_and_no_secret_in_any(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted where people put them although they should not; and where the program itself finds them."""
    monkeypatch.setenv("ESTATE_SECRET_LEDGER", "planted-1")
    monkeypatch.setenv("OS_PASSWORD", "planted-2")
    monkeypatch.chdir(repository.top)
    repository.edit(
        WORKLOADS,
        ("  queue: {image: linux-kvm, flavor: kvm-small, networks: [data]}", SECRETIVE),
        (
            "      evidence: Vendor support",
            "      evidence: https://reader:planted-9@wiki.example Vendor support",
        ),
        ("      owner: payments-platform", "      owner: 'password=planted-10'"),
        ("#cloud-config\\nruncmd:", "#cloud-config\\npassword: planted-11\\nruncmd:"),
    )
    endings = ("txt", "md", "json", "sarif", "xml", "html")
    files = [tmp_path / f"review.{ending}" for ending in endings]
    options = [part for file in files for part in ("--output", str(file))]
    done = CliRunner().invoke(app, ["review", "--base", "HEAD", "--env", "sandbox", *options])
    assert done.exit_code == 1, done.output
    for file in files:
        assert "planted" not in file.read_text(), file
    assert "planted" not in done.output
    assert "!secret ledger" in files[2].read_text()
    assert (tmp_path / "review.md").read_text().startswith("### ⛔ Blocked")
    assert "secret-in-clear" in (tmp_path / "review.xml").read_text()


SECRETIVE = """  queue:
    image: linux-kvm
    flavor: kvm-small
    networks: [data]
    description: "token=planted-3"
    metadata: {password: planted-4, note: "api_key: planted-5", db-credentials: planted-6}
    owner: "Authorization: Bearer planted-7-planted"
    user_data: {secret: !secret ledger}"""


def test_wrong_use_of_the_command_is_said(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository.top)
    for arguments, said in (
        (["--base", "HEAD", "--env", "no-such"], 'no environment "no-such"'),
        (["--base", "HEAD", "--env", "sandbox", "--head", "gone"], 'no revision "gone"'),
        (["--base", "HEAD", "--env", "sandbox", "--output", "x.pdf"], "expected a file that ends in"),
    ):
        done = CliRunner().invoke(app, ["review", *arguments])
        assert (done.exit_code, done.stdout) == (2, "")
        assert said in done.stderr


def test_without_a_name_all_environments_are_reviewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository.of(tmp_path, "base", "dev", "sandbox")
    (tmp_path / "stacks" / "sandbox").rename(tmp_path / "stacks" / "other")
    monkeypatch.chdir(tmp_path)
    # A layer of others has no name of its own, so it is none; what comes and what goes is one.
    found = reviewed([], "HEAD")
    assert [(one.name, one.base, one.head) for one in found.environments] == [
        ("dev", Reading.READ, Reading.READ),
        ("other", Reading.ABSENT, Reading.READ),
        ("sandbox", Reading.READ, Reading.ABSENT),
    ]
    repository.file("dev/estate.yaml").write_text("estate: {")
    assert "dev" in [one.name for one in reviewed([], "no-such").environments]
    repository.git("rm", "-rqf", "stacks")
    shutil.rmtree(tmp_path / "stacks")
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["review", "--base", "HEAD"]).exit_code == 2


def test_several_environments_are_one_review(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Repository.of(tmp_path, "base", "dev", "staging")
    repository.edit("base/flavors.yaml", ("memory: 8 GiB", "memory: 9 GiB"))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(
        app, ["review", "--base", "HEAD", "--env", "dev", "staging", "--format", "json"]
    )
    written = json.loads(done.stdout)
    assert [one["name"] for one in written["environments"]] == ["dev", "staging"]
    assert {one["place"]["file"] for one in written["changes"]} == {"stacks/base/flavors.yaml"}
    kinds = {(one["environment"], one["kind"]) for one in written["hazards"]}
    # Everything of staging is protected (destroy: forbidden), so its flavor cannot be made anew.
    assert kinds == {("dev", "reboot"), ("staging", "reboot"), ("staging", "refused")}
