"""A PostgreSQL server of our own: no network, no root, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

ACCOUNT = "postgres"
"""As whom the server runs when we run as root, which PostgreSQL refuses."""


def programs() -> Path:
    """Return where initdb and postgres lie; Debian keeps them off the path."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "postgres").is_file():
            return place
    raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")


@contextmanager
def server(*, fsync: bool) -> Iterator[str]:
    """Yield the URL of a server that listens on a socket in a folder of its own."""
    where = programs()
    folder = Path(tempfile.mkdtemp(prefix="liftgate-pg-"))
    as_account: dict[str, Any] = {}
    if os.getuid() == 0:
        shutil.chown(folder, ACCOUNT)
        as_account = {"user": ACCOUNT, "group": ACCOUNT, "extra_groups": []}

    def run(*words: str) -> None:
        done = subprocess.run(
            words, cwd=folder, capture_output=True, text=True, check=False, **as_account
        )
        assert done.returncode == 0, done.stdout + done.stderr

    data = folder / "data"
    run(str(where / "initdb"), "-D", str(data), "-U", "liftgate", "-A", "trust", "-E", "UTF8")
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}'"
    options += "" if fsync else " -c fsync=off"
    control = (str(where / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"))
    run(*control, "-o", options, "start")
    try:
        yield f"postgresql://liftgate@/postgres?host={quote(str(folder), safe='')}"
    finally:
        run(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
