"""First byte, bytes and memory of the side-by-side pages, on two made tables.

    PYTHONPATH=src python benchmarks/web_pages.py --trials 1000000

Half of the trials are the baseline's. The server is a process of its own; a page's first byte is
the median of some requests, the first one (which makes what is kept) told apart.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

PAGES = {
    "list": "/?metric=correct",
    "list, all": "/?metric=correct&move=all",
    "list, worse in a slice": "/?metric=correct&move=worse&slice.topic=t3",
    "list, last page": "/?metric=correct&move=all&page=99999",
    "list, search": "/?metric=correct&q=question+77",
    "list as JSON": "/flips.json?metric=correct",
    "item": "/item?metric=correct&id=item-0000077",
}


def write(path: Path, items: int, share: float, seed: int) -> None:
    """Write one side."""
    made = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        file.write("id,topic,question,answer,correct\n")
        for n in range(items):
            right = int(made.random() < share)
            file.write(f"item-{n:07},t{n % 8},question {n},answer {n} is {right} {seed},{right}\n")


def first_byte(netloc: str, path: str) -> tuple[float, int]:
    """Return the seconds to the first byte of the body, and the bytes."""
    asked = HTTPConnection(netloc, timeout=120)
    start = time.perf_counter()
    asked.request("GET", path)
    answer = asked.getresponse()
    answer.read(1)
    seconds = time.perf_counter() - start
    size = 1 + len(answer.read())
    if answer.status not in (200, 202):
        raise SystemExit(f"{path}: {answer.status}")
    return seconds, size


def memory(pid: int) -> dict[str, int]:
    """Return the process's resident memory now and at most, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return {name: int(found[name].split()[0]) // 1000 for name in ("VmRSS", "VmHWM")}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, share) in enumerate((("a", 0.6), ("b", 0.62))):
            write(Path(folder) / f"{name}.csv", given.trials // 2, share, number)
        words = ["compare", "a.csv", "b.csv", "--metric", "correct", "--slice", "topic"]
        start = time.perf_counter()
        server = subprocess.Popen(
            [sys.executable, "-m", "liftgate", *words, "--ui", "--json"],
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdout is not None
        told = server.stdout.readline()
        netloc = urlsplit(json.loads(told)["link"]).netloc
        print(f"{given.trials} trials, ready after {time.perf_counter() - start:.1f} s")
        for name, path in PAGES.items():
            cold, size = first_byte(netloc, path)
            warm = statistics.median(first_byte(netloc, path)[0] for _ in range(given.times))
            print(
                f"{name:24} first {cold * 1e3:7.0f} ms, median {warm * 1e3:7.0f} ms, {size} bytes"
            )
        print(memory(server.pid))
        server.send_signal(signal.SIGINT)
        server.wait()


if __name__ == "__main__":
    main()
