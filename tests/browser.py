"""A real Chromium without a window: the system's, Debian's package in the cache, or Playwright's download.

It has no network, and only the fonts of the package and of the system.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from sandbox.errors import SandboxError
from sandbox.parts import debian
from toolchain.home import home

PACKAGE = "chromium-headless-shell"


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """The browser; ``folder`` takes what it writes."""
    program, environment = _program(folder)
    with sync_playwright() as playwright:
        # A container has no user namespaces for Chromium's sandbox; it reads our own pages only.
        started = playwright.chromium.launch(
            executable_path=program, env={**os.environ, **environment}, args=["--no-sandbox"]
        )
        yield started
        started.close()


def _program(folder: Path) -> tuple[Path, dict[str, str]]:
    """Path of the program, and what it needs in its environment."""
    for name in (PACKAGE, "chromium", "google-chrome"):
        if found := shutil.which(name):
            return Path(found), {}
    if debian.available():
        try:
            return _unpacked(debian.unpacked([(PACKAGE,)], ("chromium",), {}) / "root", folder)
        except SandboxError as error:
            if "apt knows no package" not in str(error):
                raise
    # Ubuntu has Chromium as a snap only.
    browsers = home() / "browsers"
    environment = {"PLAYWRIGHT_BROWSERS_PATH": str(browsers)}
    command = [sys.executable, "-m", "playwright", "install", PACKAGE]
    subprocess.run(command, env={**os.environ, **environment}, check=True)
    return next(browsers.glob("chromium_headless_shell-*/*/*headless*shell*")), environment


def _unpacked(root: Path, folder: Path) -> tuple[Path, dict[str, str]]:
    libraries = [path for base in (root, root / "usr") for path in sorted(base.glob("lib/*-linux-gnu*"))]
    libraries += [path for path in (one / "pulseaudio" for one in libraries) if path.is_dir()]
    fonts = folder / "fonts.conf"
    fonts.write_text(
        f"""<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{root}/usr/share/fonts</dir><cachedir>{folder}/fonts</cachedir>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
</fontconfig>
"""
    )
    return root / "usr/lib/chromium" / PACKAGE, {
        "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
        "FONTCONFIG_FILE": str(fonts),
    }
