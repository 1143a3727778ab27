"""A PostgreSQL server of the tests' own: no network, no root, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

ACCOUNT = "postgres"
"""As whom the server runs when the tests run as root, which PostgreSQL refuses."""


def _programs() -> Path:
    """Return where initdb and postgres lie; Debian keeps them off the path."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "postgres").is_file():
            return place
    pytest.fail("PostgreSQL is not installed: apt-get install postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Return the URL of a server that listens on a socket in a folder of its own."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="liftgate-pg-"))
    as_account: dict[str, object] = {}
    if os.getuid() == 0:
        shutil.chown(folder, ACCOUNT)
        as_account = {"user": ACCOUNT, "group": ACCOUNT, "extra_groups": []}

    def run(*words: str) -> None:
        done = subprocess.run(
            words, cwd=folder, capture_output=True, text=True, check=False, **as_account
        )
        assert done.returncode == 0, done.stdout + done.stderr

    data = folder / "data"
    run(str(programs / "initdb"), "-D", str(data), "-U", "liftgate", "-A", "trust", "-E", "UTF8")
    # No test pulls the plug, so nothing need wait for the disk.
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    control = (str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"))
    run(*control, "-o", options, "start")
    try:
        yield f"postgresql://liftgate@/postgres?host={quote(str(folder), safe='')}"
    finally:
        run(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
