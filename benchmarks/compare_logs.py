"""How long comparing two logs takes, as a multiple of only parsing the same JSON; and the memory.

The logs are copies of samples that inspect_ai and lm-eval wrote, under new ids and with new scores.
"""

from __future__ import annotations

import json
import os
import random
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
        pattern["testCase"]["assert"][0]["value"] = str(number + 2)
        pattern["prompt"]["raw"] = f"What is {number} + 2?"
        lines.append(json.dumps(pattern).encode())
    path.write_bytes(b"\n".join(lines) + b"\n")
    return lines


FORMATS: dict[str, tuple[str, str, Callable[[Path, int], list[bytes]]]] = {
    "lm-eval": (".jsonl", "acc", lm_eval_log),
    "promptfoo": (".jsonl", "pass", promptfoo_log),
    "inspect_ai": (".eval", "exact", inspect_log),
}


def prepare(name: str, folder: Path) -> None:
    """Write two logs; print rows, bytes and the CPU seconds of only parsing them."""
    suffix, _, write = FORMATS[name]
    texts = [
        text for seed, side in enumerate("ab") for text in write(folder / f"{side}{suffix}", seed)
    ]
    start = time.process_time()
    for text in texts:
        json.loads(text)
    parsing = time.process_time() - start
    print(json.dumps([len(texts) // 2, sum(map(len, texts)), parsing]))


def measure(name: str) -> None:
    """Compare two logs and print the time, the ratio and the memory."""
    suffix, metric, _ = FORMATS[name]
    liftgate = str(Path(sys.executable).with_name("liftgate"))
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own: a child's largest memory counts that of its parent at the fork.
        prepared = subprocess.run(
            [sys.executable, __file__, name, folder], check=True, capture_output=True, text=True
        )
        rows, size, parsing = json.loads(prepared.stdout)
        sides = [str(Path(folder, f"{side}{suffix}")) for side in "ab"]
        start = time.perf_counter()
        child = subprocess.Popen(
            [liftgate, "compare", *sides, "--metric", metric, "--json"], stdout=subprocess.DEVNULL
        )
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        cpu = used.ru_utime + used.ru_stime
        print(
            f"{name}: two logs of {rows} rows, {size / 2**20:.0f} MiB of JSON: {wall:.1f} s "
            f"({cpu:.1f} s of CPU, {used.ru_utime:.1f} of them user's; {cpu / parsing:.1f} times "
            f"json.loads of the same bytes), at most {used.ru_maxrss / 1024:.0f} MiB"
        )


def main() -> None:
    """Print one line for each format."""
    if len(sys.argv) > 1:
        prepare(sys.argv[1], Path(sys.argv[2]))
        return
    for name in FORMATS:
        measure(name)


if __name__ == "__main__":
    main()
