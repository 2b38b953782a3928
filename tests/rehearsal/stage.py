"""An environment on a sandbox of its own, and what tests do with it."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from typing import Any

from openstack.exceptions import SDKException
from pyVmomi import vim
from ruamel.yaml import YAML

from estate.documents import load
from estate.evidence.landing import Landing
from estate.evidence.observation import observe
from estate.model import Estate
from estate.openstack import servers
from estate.openstack.connection import connect
from estate.openstack.errors import CloudError
from estate.vsphere import connections
from estate.vsphere.session import session
from operations import rehearsal
from operations.stack import PROGRAM, Stack
from sandbox import lifecycle
from toolchain.progress import Progress


class Stage:
    """The environment and what the tests do with it."""

    def __init__(self, documents: Path) -> None:
        self.documents = documents
        self.with_pack = True
        """Whether runs have the policy pack, unless they say otherwise."""
        self.stack: Stack = rehearsal.prepare(documents, self.estate, Progress())

    @property
    def estate(self) -> Estate:
        loaded = load(self.documents)
        assert loaded.estate is not None, loaded.problems
        return loaded.estate

    @property
    def vmdk(self) -> Path:
        """A real VMDK file."""
        return Path(self.stack.environment["ESTATE_IMAGES"]) / "linux-sparse.vmdk"

    @property
    def cloud(self) -> Any:
        with self.stack.entered():
            return connect()

    @contextmanager
    def vcenter(self) -> Iterator[vim.ServiceInstance]:
        """A session with vCenter vc1."""
        with self.stack.entered():
            login = connections.load(["vc1"])["vc1"]
        with session("vc1", login) as service:
            yield service

    def landings(self) -> dict[str, Landing]:
        """Rows of ``estate landing`` by server; a name that is there twice fails."""
        with self.stack.entered():
            rows = observe(self.estate)
        assert len({row.server for row in rows}) == len(rows)
        return {row.server: row for row in rows}

    def pulumi(self, *arguments: str, policies: bool | None = None) -> str:
        """What a run of pulumi that must succeed printed."""
        done = self._run(arguments, policies)
        # The reasons stand at the end, after every resource; a record of the failure may be cut to a length.
        assert done.returncode == 0, "\n".join([*done.stdout.splitlines()[-40:], *self._faults()])
        return done.stdout

    def _faults(self) -> list[str]:
        """What Nova says of servers in ERROR, and the last words of the nova-computes that tried."""
        try:
            found = servers.faults(self.cloud)
        except CloudError as error:
            return [str(error)]
        folder = self.stack.config_file.parent
        return [
            line
            for one in found
            for line in (
                f"{one.server}: {one.message}",
                *(
                    said
                    for host in one.tried
                    for log in (folder / "logs").glob(f"*{host}*")
                    for said in log.read_text().splitlines()[-30:]
                ),
            )
        ]

    def refused(self, *arguments: str, policies: bool | None = None) -> str:
        """What a run of pulumi that must fail printed."""
        done = self._run(arguments, policies)
        assert done.returncode != 0, done.stdout
        return done.stdout

    def _run(self, arguments: tuple[str, ...], policies: bool | None) -> subprocess.CompletedProcess[str]:
        pack = self.with_pack if policies is None else policies
        try:
            return self.stack.pulumi(*arguments, policies=pack, quiet=True)
        except BaseException as error:  # the test's time is over
            error.add_note("\n".join(self.troubles()))
            raise

    def troubles(self) -> list[str]:
        """What somebody needs to know who waits in vain."""
        return [*self._unsettled(), *self._faults()]

    def _unsettled(self) -> list[str]:
        """What Nova is still at, and services that it does not hear of."""
        try:
            cloud = self.cloud
            at_work = [one for one in cloud.compute.servers(all_projects=True) if one.task_state]
            silent = [one for one in cloud.compute.services() if one.state != "up"]
        except (CloudError, SDKException) as error:
            return [str(error)]
        return [
            *(f"{one.name} on {one.compute_host}: {one.status}, {one.task_state}" for one in at_work),
            *(f"{one.binary} {one.host}: {one.state} since {one.updated_at}" for one in silent),
        ]

    @contextmanager
    def running(self, command: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
        """A run of pulumi while the body goes on; ``log`` gets what it says. The end waits for its end."""
        with log.open("w") as output:
            run = subprocess.Popen(
                self.stack.command(command, "--yes", "--skip-preview", policies=self.with_pack),
                cwd=PROGRAM,
                env=dict(self.stack.environment),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield run
        finally:
            run.wait()

    def killed(self, command: str, sign: str, log: Path) -> None:
        """Run pulumi, and kill the engine (SIGKILL) the moment its output shows ``sign``; ``log`` gets it."""
        with self.running(command, log) as run:
            deadline = time.monotonic() + 300
            while sign not in log.read_text() and run.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            run.kill()
        assert sign in log.read_text()

    def resources(self) -> list[Any]:
        """What the stack's state knows."""
        deployment = json.loads(self.pulumi("stack", "export"))["deployment"]
        return list(deployment.get("resources") or ())

    def up(self) -> str:
        return self.pulumi("up", "--yes", "--skip-preview")

    def edit(self, file: str, *keys: str, value: object) -> None:
        """Set one value of a document."""
        path = self.documents / file
        yaml = YAML()
        document = yaml.load(path)
        inner = document
        for key in keys[:-1]:
            inner = inner[key]
        if value is None:
            del inner[keys[-1]]
        else:
            inner[keys[-1]] = value
        yaml.dump(document, path)


@contextmanager
def staged(environment: str | None, folder: Path) -> Iterator[Stage]:
    """The sandbox of a copy of the environment ``sandbox`` in ``folder``, with an empty stack.

    ``environment`` (option ``--environment``) is a folder whose sandbox is taken as it is, instead.
    """
    if environment:
        documents = Path(environment).resolve()
        kept = copytree(documents, folder)
        try:
            yield Stage(documents)
        finally:
            copytree(kept, documents, dirs_exist_ok=True)
        return
    documents = copytree(PROGRAM / "stacks" / "sandbox", folder)
    try:
        yield Stage(documents)
    finally:
        lifecycle.stop(rehearsal.key(documents))
