"""What a run costs before its first call and after its last, by the length of the ledger.

    python benchmarks/run_start.py --entries 3000 100000

The first study is run to its decision in a workspace; then its entries are written again under
other names, up to the length. Then the same study is run again: nothing is left to be called, so
what is measured is reading and verifying. Prints seconds of CPU and the most memory, each the least
of some runs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from liftgate.canon import digest
from liftgate.ledger import Draft, Ledger
from liftgate.records import Entry

EXAMPLE = Path(__file__).parents[1] / "examples" / "first-study"
WORDS = (sys.executable, "-m", "liftgate", "run", "study.yaml", "--quiet")


def copies(entries: list[Entry], count: int) -> Iterator[Draft]:
    """Yield so many entries: locks, runs and decisions of other studies."""
    made = 0
    while made < count:
        for entry in entries[: count - made]:
            name = f"other-{made // len(entries)}"
            body = dict(entry.body)
            if entry.kind == "run.finished":
                # Of no files: they would have to be there.
                body |= {"id": f"run-{made}", "study": digest(name), "files": {}}
            elif entry.kind == "study.locked":
                body |= {"name": name, "study_digest": digest(name)}
            else:
                body |= {"study": name, "study_digest": digest(name)}
            yield Draft(entry.kind, body, time=entry.time)
            made += 1


def again(folder: Path) -> tuple[float, int]:
    """Run the study once more; return seconds of CPU and the most memory in MB."""
    pid = os.posix_spawn(
        WORDS[0],
        list(WORDS),
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, used = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1, 4):
        raise SystemExit(f"{folder}: the run failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss // 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, nargs="+", default=[3, 3_000, 100_000])
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    for size in given.entries:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
            os.chdir(folder)
            subprocess.run(WORDS, check=False, capture_output=True)
            with Ledger.open(folder / ".liftgate") as ledger:
                entries = list(ledger.entries())
                ledger.append_all(copies(entries, size - len(entries)))
            found = [again(folder) for _ in range(given.times)]
            cpu, memory = (min(values) for values in zip(*found, strict=True))
            print(f"{size:8,} entries: {cpu:6.2f} s of CPU, {memory} MB", flush=True)


if __name__ == "__main__":
    main()
