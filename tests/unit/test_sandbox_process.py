import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from sandbox import process
from sandbox.errors import SandboxError
from sandbox.process import NAME_MARK, RUN_MARK, Program

SLEEP = ("sleep", "300")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    process.stop(tmp_path)


def test_a_started_process_is_ours_until_it_is_stopped(run: Path) -> None:
    record = process.start(run, Program("one", SLEEP, ports=(12345,)))
    assert process.is_mine(record)
    (status,) = process.status(run)
    assert (status.name, status.running, status.pid, status.ports) == ("one", True, record.pid, [12345])
    deadline = time.monotonic() + 10
    while not process.status(run)[0].memory:  # it has its pages a moment after its pid
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.stop(run)
    assert not process.is_mine(record)
    assert process.status(run) == []


def test_a_process_of_the_same_number_but_another_birth_is_not_touched(run: Path) -> None:
    record = process.start(run, Program("one", SLEEP))
    time.sleep(0.05)  # create times are counted in hundredths of a second
    stranger = subprocess.Popen(SLEEP)
    path = run / "processes" / "one.json"
    # What a reused process id looks like: our record names the stranger's number.
    path.write_text(path.read_text().replace(f'"pid": {record.pid}', f'"pid": {stranger.pid}'))
    process.stop(run)
    assert stranger.poll() is None
    assert not process.is_mine(record)
    stranger.kill()
    stranger.wait()


def test_children_of_a_killed_process_are_ended_too(run: Path) -> None:
    record = process.start(run, Program("parent", ("sh", "-c", "sleep 300 & sleep 300; true")))
    process.wait_ready(record, lambda: len(_marked(run)) == 3, timeout=5)
    os.kill(record.pid, signal.SIGKILL)
    assert len(_marked(run)) >= 2
    process.stop(run)
    assert _marked(run) == []


def test_a_start_ends_what_was_left_without_a_record(run: Path) -> None:
    orphan = subprocess.Popen(SLEEP, env=os.environ | {RUN_MARK: str(run), NAME_MARK: "one"})
    other = subprocess.Popen(SLEEP, env=os.environ | {RUN_MARK: f"{run}-other", NAME_MARK: "one"})
    process.start(run, Program("one", SLEEP))
    assert orphan.wait(5) == -signal.SIGKILL
    assert other.poll() is None
    other.kill()
    other.wait()


def test_one_that_ignores_the_request_is_killed(run: Path) -> None:
    record = process.start(
        run, Program("deaf", ("sh", "-c", "trap '' TERM; echo ready; sleep 300; sleep 300"))
    )
    process.wait_ready(record, lambda: "ready" in Path(record.log).read_text(), timeout=5)
    process.stop(run, timeout=0.3)
    assert _marked(run) == []


def test_an_early_end_is_reported_with_the_log(run: Path) -> None:
    record = process.start(run, Program("short", ("sh", "-c", "sleep 0.2; echo out of luck; exit 3")))
    with pytest.raises(SandboxError, match=r"short ended by itself(?s:.*)out of luck"):
        process.wait_ready(record, lambda: False, timeout=10)


def test_time_up_is_reported_with_the_log(run: Path) -> None:
    record = process.start(run, Program("slow", ("sh", "-c", "echo still loading; sleep 300")))
    with pytest.raises(SandboxError, match="slow is not ready after 1 s"):
        process.wait_ready(record, lambda: False, timeout=1)


def test_a_program_that_does_not_exist_is_one_sentence(run: Path) -> None:
    with pytest.raises(SandboxError, match="ghost does not start: /no/such: No such file"):
        process.start(run, Program("ghost", ("/no/such",)))


def test_run_once_returns_its_own_output_and_fails_with_it(run: Path) -> None:
    program = Program("say", ("sh", "-c", "echo $WHAT; test $WHAT = good"), {"WHAT": "good"})
    assert process.run_once(run, program) == "good\n"
    with pytest.raises(SandboxError, match=r"exit code 1; end of .*:\nbad$"):
        process.run_once(run, Program("say", program.command, {"WHAT": "bad"}))
    with pytest.raises(SandboxError, match="takes longer than 1 s"):
        process.run_once(run, Program("say", SLEEP), timeout=1)


def test_nothing_of_the_users_environment_leaks_in(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_PASSWORD", "mine")
    monkeypatch.setenv("PYTHONPATH", "/mine")
    seen = process.run_once(run, Program("env", ("env",)))
    assert "mine" not in seen
    assert f"HOME={run}/home\n" in seen


def test_a_failure_ends_the_other_tasks_at_once(run: Path) -> None:
    def fail() -> None:
        time.sleep(0.3)
        raise SandboxError("first")

    with pytest.raises(SandboxError, match="first"):
        process.together(run, lambda: process.run_once(run, Program("long", SLEEP)), fail)
    assert not any(psutil.pid_exists(one.pid) for one in process.records(run))


def test_a_killed_caller_leaves_processes_that_the_next_one_finds(run: Path) -> None:
    script = (
        "from pathlib import Path; from sandbox import process; import time, sys\n"
        f"process.start(Path({str(run)!r}), process.Program('kept', ('sleep', '300')))\n"
        "print('started', flush=True); time.sleep(300)"
    )
    caller = subprocess.Popen((sys.executable, "-c", script), stdout=subprocess.PIPE, text=True)
    assert caller.stdout is not None
    assert caller.stdout.readline() == "started\n"
    caller.kill()
    caller.wait()
    (kept,) = process.records(run)
    assert process.is_mine(kept)
    process.stop(run)
    assert _marked(run) == []


def _marked(run: Path) -> list[psutil.Process]:
    return list(process._marked(run, None))


def test_a_record_that_goes_while_records_are_read_is_none(run: Path) -> None:
    record = process.start(run, Program("here", SLEEP))
    (run / "processes" / "gone.json").symlink_to(run / "nowhere")  # listed, and gone when it is read
    assert process.records(run) == [record]
