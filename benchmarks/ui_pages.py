"""First byte, bytes and memory of the pages of a workspace with many studies, while one runs.

    python benchmarks/ui_pages.py --studies 1000 --trials 1000000

One real study is run and decided; its entries are written again under other names, a part amended
since, a part undecided for months. A run of the given size goes on while the pages are asked for.
The server is a process of its own; a page's figure is the median of some requests, the first one
told apart.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

sys.path.insert(0, str(Path(__file__).parent))
from web_pages import first_byte, memory

from liftgate.canon import digest
from liftgate.flow.document import build_document
from liftgate.ledger import Draft, Ledger
from liftgate.records import Entry, Trial
from liftgate.store import Store, Workspace

EXAMPLE = Path(__file__).parents[1] / "examples" / "first-study"
TEAMS = ("search", "support", "forms", "billing", "assistants", "safety")
SAID = ("reads dates better", "retrieves more of what is asked", "answers shorter", "refuses less")


def decided_once(folder: Path) -> list[Entry]:
    """Run the example to its decision, and return the entries: lock, run, decision."""
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    words = [sys.executable, "-m", "liftgate", "run", "study.yaml"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    with Ledger.open(folder / ".liftgate", read_only=True) as ledger:
        return list(ledger.entries())


def drafts(entries: list[Entry], count: int, end: datetime) -> Iterator[Draft]:
    """Yield the entries of other studies: three of eight decided, the rest stale or undecided."""
    by_kind = {entry.kind: entry for entry in entries}
    for number in range(count):
        name = f"study-{number:04d}"
        time_ = end - timedelta(hours=3 * (count - number))
        said = f"The change of sprint {number // 12} {SAID[number % len(SAID)]} than what is live."
        known = {"owner": f"{TEAMS[number % len(TEAMS)]}-team", "hypothesis": said}
        lock = by_kind["study.locked"].body
        model = {**lock["study"], **known, "study": name}
        own = digest(model)
        body = {**lock, "name": name, "study": model, "study_digest": own}
        yield Draft("study.locked", body, time=time_)
        if number % 8 in (0, 1):
            continue
        run = {**by_kind["run.finished"].body, "id": f"run-{number}", "study": own}
        yield Draft("run.finished", run, time=time_ + timedelta(minutes=5))
        decision = _decision(by_kind["decision"].body, name, own, known, number)
        yield Draft("decision", decision, time=time_ + timedelta(minutes=6))
        if number % 8 in (2, 3):
            amended = {**body, "study_digest": digest([own]), "amends": 1, "reason": "typo"}
            amended |= {"seen": "results", "changes": []}
            yield Draft("study.amended", amended, time=time_ + timedelta(days=2))


def _decision(
    body: Mapping[str, Any], name: str, own: str, known: Mapping[str, str], number: int
) -> dict[str, Any]:
    word = ("ship", "hold", "inconclusive")[number % 3]
    decisions = [{**one, "word": word} for one in body["decisions"]]
    return {**body, **known, "study": name, "study_digest": own, "decisions": decisions}


def going(store: Store, study: str, trials: int) -> None:
    """Begin a run and make its trials; it stays open."""
    writer = store.begin(study, {})
    now = datetime.now(UTC)
    for number in range(trials):
        key = digest(number)
        writer.add_trial(
            Trial(key, 1, writer.run, "sha256:" + "0" * 64, key, 0, now, 0.001, None, None)
        )
    writer.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=1_000_000)
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        entries = decided_once(folder)
        workspace = Workspace(folder / ".liftgate")
        with Ledger.open(workspace.home) as ledger:
            ledger.append_all(drafts(entries, given.studies, datetime.now(UTC)))
        for number in range(given.documents):
            build_document(
                workspace, "decision-memo", "dates", out=folder / "docs" / f"m{number}.md"
            )
        with Store.open(workspace.home) as store:
            going(store, str(entries[0].body["study_digest"]), given.trials)
            _measure(folder, entries, given.times)


def _measure(folder: Path, entries: list[Entry], times: int) -> None:
    start = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "liftgate", "ui", "--no-open", "--json"],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    netloc = urlsplit(json.loads(server.stdout.readline())["links"]["all"]).netloc
    print(f"ready after {time.perf_counter() - start:.1f} s")
    decision = next(entry.sequence for entry in entries if entry.kind == "decision")
    pages = {
        "studies": "/studies",
        "studies, last page": "/studies?page=99999",
        "studies, stale and a text": "/studies?state=stale&q=retrieves",
        "studies as JSON": "/studies.json",
        "decision": "/decision?study=study-0999",
        "documents, checked now": "/documents?check=now",
        "decision of what runs": "/decision?study=dates",
        "undecided": "/decision?study=study-0000",
        "report": f"/report?entry={decision}",
        "documents": "/documents",
        "document": f"/document?file={quote('docs/m1.md')}",
        "document, checked now": f"/document?file={quote('docs/m1.md')}&check=now",
    }
    for name, path in pages.items():
        cold, size = first_byte(netloc, path)
        warm = statistics.median(first_byte(netloc, path)[0] for _ in range(times))
        print(f"{name:26} first {cold * 1e3:6.0f} ms, median {warm * 1e3:6.0f} ms, {size} bytes")
    print(memory(server.pid))
    server.send_signal(signal.SIGINT)
    server.wait()


if __name__ == "__main__":
    main()
