"""How long comparing two logs takes, as a multiple of only parsing the same JSON; and the memory.

The logs are copies of samples that inspect_ai and lm-eval wrote, under new ids and with new scores.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from liftgate.importers.inspect_ai.archive import Archive

LOGS = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "logs"
SAMPLES = 10_000
ROWS = 100_000


def zip_of(path: Path, entries: list[tuple[str, bytes]]) -> None:
    """Write a ZIP archive with Zstandard entries, which zipfile does not before Python 3.14."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    directory, at = [], 0
    with path.open("wb") as file:
        for name, data in entries:
            packed, spelled = zstd.compress(data), name.encode()
            sizes = b"".join(
                n.to_bytes(4, "little") for n in (zlib.crc32(data), len(packed), len(data))
            )
            shared = b"\x3f\x00\x00\x00\x5d\x00\x00\x00\x21\x00" + sizes
            shared += len(spelled).to_bytes(2, "little") + b"\x00\x00"
            file.write(b"PK\x03\x04" + shared + spelled + packed)
            rest = b"\x00" * 10 + at.to_bytes(4, "little")
            directory.append(b"PK\x01\x02\x3f\x00" + shared + rest + spelled)
            at += 30 + len(spelled) + len(packed)
        file.write(b"".join(directory))
        count = len(entries).to_bytes(2, "little") * 2
        size = sum(map(len, directory)).to_bytes(4, "little")
        file.write(
            b"PK\x05\x06\x00\x00\x00\x00" + count + size + at.to_bytes(4, "little") + b"\x00\x00"
        )


def inspect_log(path: Path, seed: int) -> list[bytes]:
    """Write a log of inspect_ai; return its JSON texts."""
    draw = random.Random(seed)
    with Archive(LOGS / "inspect" / "old.eval") as archive:
        header = json.loads(archive.read("header.json"))
        pattern = json.loads(archive.read("samples/sum-01_epoch_1.json"))
    header["results"] = None
    entries = [("header.json", json.dumps(header).encode())]
    for number in range(SAMPLES):
        pattern["id"], pattern["input"] = f"q{number}", f"What is {number} + 1?"
        pattern["metadata"] = {"passage": f"page-{number // 10}"}
        pattern["scores"]["exact"]["value"] = "C" if draw.random() < 0.6 else "I"
        entries.append((f"samples/q{number}_epoch_1.json", json.dumps(pattern).encode()))
    zip_of(path, entries)
    return [data for _, data in entries]


def lm_eval_log(path: Path, seed: int) -> list[bytes]:
    """Write samples of lm-eval; return its lines."""
    draw = random.Random(seed)
    (source,) = (LOGS / "lm_eval" / "old").glob("samples_choose_*.jsonl")
    pattern = json.loads(source.read_text().splitlines()[0])
    lines = []
    for number in range(ROWS):
        pattern["doc_id"], pattern["doc_hash"] = number, f"{number:064}"
        pattern["acc"] = float(draw.random() < 0.6)
        lines.append(json.dumps(pattern).encode())
    path.write_bytes(b"\n".join(lines) + b"\n")
    return lines


def promptfoo_log(path: Path, seed: int) -> list[bytes]:
    """Write rows of promptfoo; return its lines."""
    draw = random.Random(seed)
    pattern = json.loads((LOGS / "promptfoo" / "old.jsonl").read_text().splitlines()[0])
    lines = []
    for number in range(ROWS):
        pattern["testIdx"], pattern["success"] = number, draw.random() < 0.6
        pattern["testCase"]["vars"] = pattern["vars"] = {"a": number, "b": 2}
        lines.append(json.dumps(pattern).encode())
    path.write_bytes(b"\n".join(lines) + b"\n")
    return lines


def measure(name: str, suffix: str, metric: str, write: Callable[[Path, int], list[bytes]]) -> None:
    """Compare two logs and print the time, the ratio and the largest memory."""
    liftgate = str(Path(sys.executable).with_name("liftgate"))
    with tempfile.TemporaryDirectory() as folder:
        sides = [Path(folder, f"{side}{suffix}") for side in "ab"]
        texts = [text for seed, side in enumerate(sides) for text in write(side, seed)]
        size = sum(map(len, texts)) / 2**20
        start = time.process_time()
        for text in texts:
            json.loads(text)
        parsing = time.process_time() - start
        rows = len(texts) // 2
        del texts
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        command = [liftgate, "compare", *map(str, sides), "--metric", metric, "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"{name}: two logs of {rows} rows, {size:.0f} MiB of JSON: {wall:.1f} s "
            f"({used:.1f} s of CPU, {used / parsing:.1f} times json.loads of the same bytes), "
            f"{after.ru_maxrss / 1024:.0f} MiB at most"
        )


def main() -> None:
    """Print one line for each tool; the memory is the largest of those measured so far."""
    measure("lm-eval", ".jsonl", "acc", lm_eval_log)
    measure("promptfoo", ".jsonl", "pass", promptfoo_log)
    measure("inspect_ai", ".eval", "exact", inspect_log)


if __name__ == "__main__":
    main()
