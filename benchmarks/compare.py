"""How long comparing two tables takes, as a multiple of only reading them with the csv module."""

from __future__ import annotations

import csv
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = (1_000, 10_000, 100_000)


def write(path: Path, size: int, seed: int) -> None:
    """Write a table of binary scores, about ten items a cluster."""
    draw = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["item", "page", "correct"])
        for number in range(size):
            table.writerow([f"q{number}", f"p{number // 10}", int(draw.random() < 0.6)])


def seconds_to_read(*paths: Path) -> float:
    """Return the wall time of reading every row of some tables."""
    start = time.perf_counter()
    for path in paths:
        with path.open(newline="", encoding="utf-8") as stream:
            sum(len(row) for row in csv.reader(stream))
    return time.perf_counter() - start


def main() -> None:
    """Print the ratio for each size."""
    liftgate = str(Path(sys.executable).with_name("liftgate"))
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            one, other = Path(folder, "a.csv"), Path(folder, "b.csv")
            write(one, size, 1)
            write(other, size, 2)
            start = time.perf_counter()
            command = [liftgate, "compare", str(one), str(other), "--cluster", "page", "--json"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            took = time.perf_counter() - start
            ratio = took / seconds_to_read(one, other)
            print(f"compare: {size} items in {took:.2f} s, {ratio:.0f} times reading the two files")


if __name__ == "__main__":
    main()
