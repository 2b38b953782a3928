"""Whatever ends the command line ends what it started, as Ctrl-C does."""

import signal
import subprocess
import sys
import time

import psutil
import pytest

COMMAND = """
import signal, subprocess
import cli
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may ignore it
cli.app = lambda: subprocess.run(["sleep", "60"])
cli.main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_ended_leaves_nothing_running(number: signal.Signals) -> None:
    command = subprocess.Popen([sys.executable, "-c", COMMAND], stderr=subprocess.DEVNULL)
    itself = psutil.Process(command.pid)
    while not (started := itself.children()):
        assert command.poll() is None
    time.sleep(0.5)  # until it waits for it
    command.send_signal(number)
    assert command.wait(10) != 0
    _, alive = psutil.wait_procs(started, timeout=10)
    assert alive == []
