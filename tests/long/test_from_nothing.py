"""An empty machine-wide folder: toolchain, sandbox, ``up``. Short sibling: starts from the golden copy."""

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

from operations.stack import PROGRAM


def test_from_an_empty_folder_to_where_every_server_landed(tmp_path: Path) -> None:
    documents = copytree(PROGRAM / "stacks" / "sandbox", tmp_path / "nothing")
    estate = Path(sys.executable).with_name("estate")
    environment = os.environ | {"ESTATE_HOME": str(tmp_path / "home")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [estate, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=False
        )

    try:
        assert run("rehearse", str(documents)).returncode == 0
        landing = run("landing", str(documents), "--format", "json")
        assert landing.returncode == 0
        rows = json.loads(landing.stdout)["landings"]
        assert len(rows) == 12
        assert all(row["equal"] for row in rows)
    finally:
        run("sandbox", "stop", str(documents))
