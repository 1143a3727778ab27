"""First byte, bytes and memory of the pages of a workspace with many studies, while one runs.

    python benchmarks/ui_pages.py --studies 1000 --trials 1000000 --kept FOLDER

One real study is run and decided; its entries are written again under other names, a part amended
since, a part undecided for months. One more study, ``big``, has a run of the given size, of two
arms with five repeats, whose items are read by its comparison. The workspace is made once in the
folder that ``--kept`` names. A run of ``--going`` trials goes on while the pages are asked for.
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
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

sys.path.insert(0, str(Path(__file__).parent))
from web_pages import first_byte, memory

from liftgate.canon import digest
from liftgate.flow.document import build_document
from liftgate.ledger import Draft, Ledger
from liftgate.records import Entry, Outcome, Score, Trial, trial_key
from liftgate.store import Store, Workspace, run_body

REPEATS = 5
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


def big(workspace: Workspace, entries: list[Entry], trials: int) -> None:
    """Make a decided study with a run of so many trials, of which a fifth differs."""
    by_kind = {entry.kind: entry for entry in entries}
    lock, decision = by_kind["study.locked"].body, by_kind["decision"].body
    model = {**lock["study"], "study": "big", "repeats": REPEATS}
    count = trials // (2 * REPEATS)
    facts = [{"target": "yes", "cluster": None, "slices": {"topic": f"t{n}"}, "weight": 1.0}
             for n in range(8)]  # fmt: skip
    random = Random(7)
    arms = [one["fingerprint"] for one in decision["arms"][:2]]
    metric = next(iter(lock["scorers"]))
    start = datetime.now(UTC) + timedelta(minutes=1)
    with Store.open(workspace.home) as store:
        words = ("yes, as far as I know", "no, not at all")
        said = [store.put_text(text) for text in words]
        about = [store.put_json(one) for one in facts]
        target = digest({"target": "yes"})
        asked = [store.put_json({"text": f"question {n}"}) for n in range(count)]
        index = [[f"item-{n:07}", asked[n], about[n % 8]] for n in range(count)]
        dataset = {**lock["dataset"], "digest": store.put_json(index), "items": count}
        own = digest({**model, "of": dataset["digest"]})
        writer = store.begin(own, {})
        for number in range(count):
            easy = random.random()
            for repeat in range(REPEATS):
                for side, arm in enumerate(arms):
                    key = trial_key(arm, asked[number], repeat)
                    right = float(random.random() < (easy + 0.02 * side))
                    which = 0 if right else 1
                    writer.add_trial(
                        Trial(
                            key, 1, writer.run, arm, asked[number], repeat, start, 0.1, said[which]
                        ),
                        words[which],
                    )
                    writer.add_score(
                        Score(
                            key,
                            1,
                            writer.run,
                            lock["scorers"][metric],
                            target,
                            writer.run,
                            Outcome.VALUE,
                            right,
                        )
                    )
        run = writer.finish(complete=True)
    locked = {**lock, "name": "big", "study": model, "study_digest": own, "dataset": dataset}
    named = {"name": "big", "digest": dataset["digest"], "items": count, "clusters": count}
    done = {**decision["done"], "items": count, "trials": trials}
    body = {**decision, "study": "big", "study_digest": own, "dataset": named, "done": done}
    with Ledger.open(workspace.home) as ledger:
        ledger.append_all(
            [
                Draft("study.locked", locked, time=start - timedelta(minutes=2)),
                Draft("run.finished", run_body(run)),
                Draft("decision", body),
            ]
        )


def made(folder: Path, given: argparse.Namespace) -> None:
    """Make the workspace, unless it is there."""
    if (folder / "made").is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    entries = decided_once(folder)
    workspace = Workspace(folder / ".liftgate")
    with Ledger.open(workspace.home) as ledger:
        ledger.append_all(drafts(entries, given.studies, datetime.now(UTC)))
    for number in range(given.documents):
        build_document(workspace, "decision-memo", "dates", out=folder / "docs" / f"m{number}.md")
    big(workspace, entries, given.trials)
    (folder / "made").touch()
    print(f"made in {time.perf_counter() - start:.0f} s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=1_000_000)
    parser.add_argument("--going", type=int, default=10_000)
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--trace", action="store_true", help="measure /trace of the big study, too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = given.kept or Path(name)
        made(folder, given)
        with Ledger.open(folder / ".liftgate", read_only=True) as ledger:
            entries = list(ledger.entries())
        with Store.open(folder / ".liftgate") as store:
            going(store, str(entries[0].body["study_digest"]), given.going)
            _measure(folder, entries, given.times, trace=given.trace)


def _read(netloc: str, path: str) -> float:
    """Wait until the page shows rows."""
    start = time.perf_counter()
    first_byte(netloc, path.replace("/comparison?", "/comparison.json?"))
    return time.perf_counter() - start


def _measure(folder: Path, entries: list[Entry], times: int, *, trace: bool) -> None:
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
    arm = entries[-1].body["arms"][0]["name"]
    decided = [entry.body["study"] for entry in entries if entry.kind == "decision"][-2]
    pages = {
        "studies": "/studies",
        "studies, last page": "/studies?page=99999",
        "studies, stale and a text": "/studies?state=stale&q=retrieves",
        "studies as JSON": "/studies.json",
        "decision": f"/decision?study={decided}",
        "documents, checked now": "/documents?check=now",
        "decision of what runs": "/decision?study=dates",
        "undecided": "/decision?study=study-0000",
        "report": f"/report?entry={decision}",
        "documents": "/documents",
        "audit": "/audit",
        "gate": "/gate?study=big",
        "judges": "/judges",
        "comparisons": "/comparison",
        "comparison": "/comparison?study=big",
        "comparison, worse in t3": "/comparison?study=big&move=worse&slice.topic=t3",
        "comparison, last page": "/comparison?study=big&move=all&page=99999",
        "comparison, search": "/comparison?study=big&q=item-00007",
        "comparison, item": "/comparison/item?study=big&id=item-0000077",
        "response": f"/response?entry={entries[-1].sequence}&item=item-0000077&arm={arm}",
        "document": f"/document?file={quote('docs/m1.md')}",
        "document, checked now": f"/document?file={quote('docs/m1.md')}&check=now",
    }
    if trace:
        pages["trace"] = f"/trace?ref={entries[-1].sequence}"
    for name, path in pages.items():
        cold, size = first_byte(netloc, path)
        if name == "comparison":
            print(f"{name:26} rows read after {_read(netloc, path):.1f} s, meanwhile:")
        warm = statistics.median(first_byte(netloc, path)[0] for _ in range(times))
        print(f"{name:26} first {cold * 1e3:6.0f} ms, median {warm * 1e3:6.0f} ms, {size} bytes")
    print(memory(server.pid))
    server.send_signal(signal.SIGINT)
    server.wait()


if __name__ == "__main__":
    main()
