"""The ledger's figures, as ratios and against their targets; ``--entries`` for a shorter look.

Prints, for a chain of 1,000,000 entries: batched appends a second (canonicalisation included), one
durable append against one fsync of the same disk, the time of a whole verification, of an inclusion
proof and of a consistency proof.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time

from liftgate.ledger import Draft, Ledger
from liftgate.ledger.merkle import is_consistent, root_by_inclusion
from liftgate.ledger.stored import leaf_bytes

BATCH = 10_000
NOW = datetime(2026, 11, 27, tzinfo=UTC)


def digest(number: int) -> str:
    return "sha256:" + hashlib.sha256(number.to_bytes(8, "big")).hexdigest()


def drafts(first: int, count: int) -> Iterator[Draft]:
    """Yield entries as an evaluation writes them: names, digests, counts, fractions."""
    for number in range(first, first + count):
        yield Draft(
            "score",
            {
                "study": "docsearch",
                "item": f"q{number}",
                "value": (number % 997 + 0.5) / 997,
                "tokens": number % 4096,
                "abstained": False,
                "reason": None,
                "trial": digest(number),
            },
            refs={"rows": digest(number + 1)},
            author="A. Writer <writer@example.org>",
            time=NOW,
        )


def fill(ledger: Ledger, entries: int) -> tuple[float, float]:
    """Append in batches; return seconds and CPU seconds, the making of drafts not counted."""
    took = busy = 0.0
    for first in range(0, entries, BATCH):
        made = list(drafts(first, min(BATCH, entries - first)))
        start, cpu = perf_counter(), process_time()
        ledger.append_all(made)
        took += perf_counter() - start
        busy += process_time() - cpu
    return took, busy


def single(ledger: Ledger, folder: Path, times: int) -> tuple[float, float]:
    """Return the median seconds of a durable append and of one fsync, taken in turn."""
    appends, syncs = [], []
    with (folder / "synced").open("wb", buffering=0) as file:
        for number in range(times):
            start = perf_counter()
            file.write(b"x" * 700)
            os.fsync(file.fileno())
            syncs.append(perf_counter() - start)
            start = perf_counter()
            ledger.append("note", {"n": number}, author="A. Writer")
            appends.append(perf_counter() - start)
    return statistics.median(appends), statistics.median(syncs)


def proofs(ledger: Ledger, times: int) -> tuple[list[float], list[float]]:
    """Return the sorted seconds of inclusion and of consistency proofs; each is checked."""
    size = ledger.tree.size
    root = ledger.tree.root()
    inclusion, consistency = [], []
    for step in range(times):
        index = step * (size - 1) // max(times - 1, 1)
        start = perf_counter()
        path = ledger.tree.inclusion(index)
        inclusion.append(perf_counter() - start)
        leaf = leaf_bytes(ledger.entry(index + 1).leaf)
        assert root_by_inclusion(leaf, index, size, path) == root
        old = ledger.tree.root(index + 1)
        start = perf_counter()
        proof = ledger.tree.consistency(index + 1)
        consistency.append(perf_counter() - start)
        assert is_consistent((index + 1, old), (size, root), proof)
    return sorted(inclusion), sorted(consistency)


def line(name: str, value: str, target: str, *, met: bool) -> None:
    print(f"{name:<46} {value:>16}   target {target:<22} {'met' if met else 'MISSED'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    entries = parser.parse_args().entries
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Ledger.open(folder) as ledger:
            append, sync = single(ledger, folder, 100)
            took, busy = fill(ledger, entries - 100)
        rate = (entries - 100) / took
        line("batched appends a second", f"{rate:,.0f}", ">= 25,000", met=rate >= 25_000)
        print(f"  a CPU second makes {(entries - 100) / busy:,.0f}")
        print(f"  file: {(folder / 'ledger.db').stat().st_size / entries:,.0f} bytes an entry")
        line(
            "one durable append / one fsync (medians)",
            f"{append / sync:.2f}",
            "<= 3",
            met=append <= 3 * sync,
        )
        with Ledger.open(folder, read_only=True) as ledger:
            wall, cpu = perf_counter(), process_time()
            count = ledger.verify()
            wall, cpu = perf_counter() - wall, process_time() - cpu
            allowed = 8 * count / 1_000_000
            line(
                f"{count:,} entries verified",
                f"{wall:.2f} s",
                f"<= {allowed:.1f} s",
                met=wall <= allowed,
            )
            print(f"  CPU of this process: {cpu:.2f} s")
            inclusion, consistency = proofs(ledger, 101)
            line(
                "an inclusion proof (median of 101)",
                f"{inclusion[50] * 1e3:.2f} ms",
                "<= 5 ms",
                met=inclusion[50] <= 5e-3,
            )
            print(f"  the slowest: {inclusion[-1] * 1e3:.2f} ms")
            print(f"  a consistency proof: {consistency[50] * 1e3:.2f} ms")
        print(f"machine: {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
