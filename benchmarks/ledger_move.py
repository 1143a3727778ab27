"""How long a ledger takes to move to PostgreSQL and back; ``--entries`` for a shorter look.

Needs psycopg and a PostgreSQL server on this machine (``make test-services`` makes the environment
that has the first); without them it says so and measures nothing. The server is one of its own, as
it comes, so every batch waits for the disk.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.ledger import fill
from liftgate.flow.move import move_ledger
from liftgate.ledger import Ledger
from liftgate.store import Workspace
from tests.services.postgres_server import programs, server


def moved(workspace: Workspace, to: str, name: str) -> None:
    start, cpu = perf_counter(), process_time()
    found = move_ledger(workspace, to)
    took, busy = perf_counter() - start, process_time() - cpu
    assert found.shown is not None
    print(
        f"{name:<36} {took:7.1f} s, CPU of this process {busy:.1f} s; "
        f"{found.shown.copied:,} copied, {found.entries / took:,.0f} entries a second"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    entries = parser.parse_args().entries
    try:
        programs()
    except FileNotFoundError as error:
        print(f"not measured: {error}")
        return
    if importlib.util.find_spec("psycopg") is None:
        print("not measured: psycopg is not installed here (.venv-services has it)")
        return
    with tempfile.TemporaryDirectory() as name, server(fsync=True) as url:
        workspace = Workspace(Path(name) / ".liftgate").create()
        with Ledger.open(workspace.home) as ledger:
            fill(ledger, entries)
        moved(workspace, url, f"{entries:,} entries to PostgreSQL")
        workspace.ledger.unlink()
        moved(workspace, "sqlite", "all of them back into a file")
        with Ledger.open(workspace.home) as ledger:
            fill(ledger, 1000)
        moved(workspace, url, "1,000 more to PostgreSQL again")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"memory at most {most:.0f} MB; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
