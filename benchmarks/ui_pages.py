"""First byte, bytes and memory of the pages of a workspace with many studies, while one runs.

    python benchmarks/ui_pages.py --studies 1000 --trials 1000000 --kept FOLDER

One real study is run and decided; its entries are written again under other names, a part amended
since, a part undecided for months. Each of them that has a run has files of its own. One more
study, ``big``, has a decided run of the given size, of two arms with five repeats. The workspace is
made once in the folder that ``--kept`` names. A run of ``--going`` trials goes on while the pages
are asked for.

The server is a process of its own. Of each page, then of its JSON twin, the first answer is told
and the median of some more; where the first is a page that says that the other is being made, so is
the time until that one. CPU is that of the server. Exits 1 where a first byte, a page or the memory
is above its limit.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
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
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

sys.path.insert(0, str(Path(__file__).parent))
from web_pages import memory

from liftgate.canon import digest, digest_lines
from liftgate.flow.document import build_document
from liftgate.ledger import Draft, Ledger
from liftgate.records import Entry, Outcome, Score, Trial, trial_key
from liftgate.store import RunWriter, Store, Workspace, run_body

REPEATS = 5
EXAMPLE = Path(__file__).parents[1] / "examples" / "first-study"
TEAMS = ("search", "support", "forms", "billing", "assistants", "safety")
SAID = ("reads dates better", "retrieves more of what is asked", "answers shorter", "refuses less")
FIRST_BYTE_S, PAGE_BYTES, MEMORY_MB = 0.3, 300_000, 400


def decided_once(folder: Path) -> list[Entry]:
    """Run the example to its decision, and return the entries: lock, run, decision."""
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    words = [sys.executable, "-m", "liftgate", "run", "study.yaml"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    with Ledger.open(folder / ".liftgate", read_only=True) as ledger:
        return list(ledger.entries())


def drafts(entries: list[Entry], count: int, end: datetime, store: Store) -> Iterator[Draft]:
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
        arms = {one: digest([number, one]) for one in lock["arms"]}
        body = {**lock, "name": name, "study": model, "study_digest": own, "arms": arms}
        yield Draft("study.locked", body, time=time_)
        if number % 8 in (0, 1):
            continue
        run = {**_run(store, own, list(arms.values())), "manifest": _captured(by_kind)}
        yield Draft("run.finished", run, time=time_ + timedelta(minutes=5))
        decision = _decision(by_kind["decision"].body, name, own, known, number)
        decision["arms"] = [{**a, "fingerprint": arms[a["name"]]} for a in decision["arms"]]
        decision["rows"] = {**decision["rows"], "files": _rows(run)}
        yield Draft("decision", decision, time=time_ + timedelta(minutes=6))
        if number % 8 in (2, 3):
            amended = {**body, "study_digest": digest([own]), "amends": 1, "reason": "typo"}
            amended |= {"seen": "results", "changes": []}
            yield Draft("study.amended", amended, time=time_ + timedelta(days=2))


def _captured(by_kind: Mapping[str, Entry]) -> Any:
    return by_kind["run.finished"].body["manifest"]


def _rows(run: Mapping[str, Any]) -> dict[str, str]:
    return {f"{run['id']}/{k}": v for k, v in run["files"].items() if k.endswith(".parquet")}


def _run(store: Store, study: str, arms: list[str]) -> dict[str, Any]:
    """Make a small run of arms of its own, so that it has files of its own."""
    writer = store.begin(study, {})
    now = datetime.now(UTC)
    for number in range(160):
        for arm in arms:
            asked = digest({"text": f"date {number}"})
            key = trial_key(arm, asked, 0)
            writer.add_trial(Trial(key, 1, writer.run, arm, asked, 0, now, 0.1, None, None))
    return run_body(writer.finish(complete=True))


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
    """Make a decided study with a run of so many trials."""
    by_kind = {entry.kind: entry for entry in entries}
    lock, decision = by_kind["study.locked"].body, by_kind["decision"].body
    model = {**lock["study"], "study": "big", "repeats": REPEATS}
    count = trials // (2 * REPEATS)
    facts = [{"target": "yes", "cluster": None, "slices": {"topic": f"t{n}"}, "weight": 1.0}
             for n in range(8)]  # fmt: skip
    arms = [one["fingerprint"] for one in decision["arms"][:2]]
    with Store.open(workspace.home) as store:
        about = [store.put_json(one) for one in facts]
        asked = [store.put_json({"text": f"question {n}"}) for n in range(count)]
        index = [[f"item-{n:07}", asked[n], about[n % 8]] for n in range(count)]
        dataset = {**lock["dataset"], "digest": store.put_json(index), "items": count}
        own = digest({**model, "of": dataset["digest"]})
        start = datetime.now(UTC)
        writer = store.begin(own, {})
        metric, scorer = next(iter(lock["scorers"].items()))
        rows = digest_lines(_tried(store, writer, asked, arms, (metric, scorer)))
        run = run_body(writer.finish(complete=True))
    locked = {**lock, "name": "big", "study": model, "study_digest": own, "dataset": dataset}
    named = {"name": "big", "digest": dataset["digest"], "items": count, "clusters": count}
    body = {
        **decision,
        "study": "big",
        "study_digest": own,
        "dataset": named,
        "done": {**decision["done"], "items": count, "trials": trials},
        "rows": {"digest": rows, "count": trials, "files": _rows(run)},
    }
    with Ledger.open(workspace.home) as ledger:
        ledger.append_all(
            [
                Draft("study.locked", locked, time=start - timedelta(minutes=2)),
                Draft("run.finished", run),
                Draft("decision", body),
            ]
        )


def _tried(
    store: Store, writer: RunWriter, asked: list[str], arms: list[str], scorer: tuple[str, str]
) -> Iterator[list[Any]]:
    """Make the trials and scores of a run, and yield the line that a decision binds of each."""
    random = Random(7)
    words = ("yes, as far as I know", "no, not at all")
    said = [store.put_text(text) for text in words]
    target, start = digest({"target": "yes"}), datetime.now(UTC)
    for number, input_digest in enumerate(asked):
        easy = random.random()
        for repeat in range(REPEATS):
            for side, arm in enumerate(arms):
                key = trial_key(arm, input_digest, repeat)
                right = float(random.random() < (easy + 0.02 * side))
                which = 0 if right else 1
                writer.add_trial(
                    Trial(key, 1, writer.run, arm, input_digest, repeat, start, 0.1, said[which]),
                    words[which],
                )
                writer.add_score(
                    Score(
                        key, 1, writer.run, scorer[1], target, writer.run, Outcome.VALUE, right
                    )
                )  # fmt: skip
                yield [f"item-{number:07}", arm, repeat, scorer[0], right, None, None]


def made(folder: Path, given: argparse.Namespace) -> None:
    """Make the workspace, unless it is there."""
    if (folder / "made").is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    entries = decided_once(folder)
    workspace = Workspace(folder / ".liftgate")
    for number in range(given.documents):
        build_document(workspace, "decision-memo", "dates", out=folder / "docs" / f"m{number}.md")
    with Store.open(workspace.home) as store, Ledger.open(workspace.home) as ledger:
        ledger.append_all(drafts(entries, given.studies, datetime.now(UTC), store))
    big(workspace, entries, given.trials)
    (folder / "made").touch()
    print(f"made in {time.perf_counter() - start:.0f} s")


def main() -> None:
    """Measure and print; exit 1 where a limit is passed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=1_000_000)
    parser.add_argument("--going", type=int, default=10_000)
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--kept", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = given.kept or Path(name)
        made(folder, given)
        with Ledger.open(folder / ".liftgate", read_only=True) as ledger:
            entries = list(ledger.entries())
        addresses = _addresses(entries)
        with Store.open(folder / ".liftgate") as store:
            going(store, str(entries[0].body["study_digest"]), given.going)
            del entries
            faults = _measure(folder, addresses, given.times)
    for fault in faults:
        print(f"above the limit: {fault}")
    sys.exit(1 if faults else 0)


def _addresses(entries: list[Entry]) -> dict[str, str]:
    decisions = [entry for entry in entries if entry.kind == "decision"]
    last, before = decisions[-1], decisions[-2]
    arm, own = last.body["arms"][0]["name"], last.sequence
    candidate = last.body["decisions"][0]["candidate"]
    return {
        "studies": "/studies",
        "studies, last page": "/studies?page=99999",
        "studies, stale and a text": "/studies?state=stale&q=retrieves",
        "decision": f"/decision?study={before.body['study']}",
        "decision of a million": "/decision?study=big",
        "decision of what runs": "/decision?study=dates",
        "undecided": "/decision?study=study-0000",
        "report": f"/report?entry={decisions[0].sequence}",
        "report of a million": f"/report?entry={own}",
        "documents": "/documents",
        "documents, checked now": "/documents?check=now",
        "document": f"/document?file={quote('docs/m1.md')}",
        "document, checked now": f"/document?file={quote('docs/m1.md')}&check=now",
        "audit": "/audit",
        "audit, a kind and a text": "/audit?kind=decision&q=study-03",
        "audit, entry": f"/audit/entry?n={own}",
        "audit, verify now": "/audit/verify",
        "gate": "/gate?study=big",
        "gate, how it stands": "/gate/status?study=dates",
        "judges": "/judges",
        "comparisons": "/comparison",
        "response": f"/response?entry={own}&item=item-0000077&arm={arm}",
        "trace, an entry": f"/trace?ref={own}",
        "trace, a claim": f"/trace?ref={own}:{candidate}.primary",
        "trace, a mean": f"/trace?ref={own}:{arm}.{last.body['claims'][0]['metric']}",
        "trace, page 5,000": f"/trace?ref={own}:{candidate}.primary&page=5000",
        "comparison": "/comparison?study=big",
        "comparison, worse in t3": "/comparison?study=big&move=worse&slice.topic=t3",
        "comparison, last page": "/comparison?study=big&move=all&page=99999",
        "comparison, search": "/comparison?study=big&q=item-00007",
        "comparison, item": "/comparison/item?study=big&id=item-0000077",
    }


class Answer(NamedTuple):
    """What one request brought."""

    first_byte_s: float
    size: int
    status: int


def asked(netloc: str, path: str) -> Answer:
    """Ask for a page."""
    connection = http.client.HTTPConnection(netloc)
    start = time.perf_counter()
    connection.request("GET", path)
    found = connection.getresponse()
    head = found.read(1)
    first = time.perf_counter() - start
    body = head + found.read()
    connection.close()
    if found.status not in (200, 202):
        raise SystemExit(f"{path}: {found.status} {body[:300]!r}")
    return Answer(first, len(body), found.status)


WITHOUT_TWIN = ("/report", "/audit/verify")
"""A report is the document itself."""


def twins(addresses: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the pages, then the address of each one's JSON, with its query."""
    yield from addresses.items()
    for name, path in addresses.items():
        place, _, query = path.partition("?")
        if place not in WITHOUT_TWIN:
            yield f"{name}, JSON", f"{place}.json" + (f"?{query}" if query else "")


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Shown(NamedTuple):
    """What was measured of a page."""

    answers: list[Answer]
    ready_s: float
    """From the first request until the page itself came."""
    ready_cpu_s: float
    warm_s: float
    warm_cpu_s: float


def _shown(netloc: str, path: str, times: int, pid: int) -> Shown:
    start, cpu = time.perf_counter(), _cpu_s(pid)
    answers = [asked(netloc, path)]
    while answers[-1].status == 202:
        time.sleep(0.2)
        answers.append(asked(netloc, path))
    ready, ready_cpu, cpu = time.perf_counter() - start, _cpu_s(pid) - cpu, _cpu_s(pid)
    warm: list[Answer] = []
    while len(warm) < times:
        warm.append(asked(netloc, path))
        while warm[-1].status == 202:
            time.sleep(0.05)
            again = asked(netloc, path)
            answers.append(again)
            if again.status == 200:
                break
    answers += warm
    median = statistics.median(one.first_byte_s for one in warm)
    return Shown(answers, ready, ready_cpu, median, (_cpu_s(pid) - cpu) / times)


def _measure(folder: Path, addresses: Mapping[str, str], times: int) -> list[str]:
    start = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "liftgate", "ui", "--no-open", "--json"],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    told = server.stdout.readline()
    netloc = urlsplit(json.loads(told)["links"]["all"]).netloc
    print(f"ready after {time.perf_counter() - start:.1f} s, {_cpu_s(server.pid):.1f} s of CPU")
    print(
        f"{'':32} {'first':>7} {'worst':>7} {'median':>7}  {'CPU':>6}  {'bytes':>7}"
        "  until the page itself, CPU"
    )
    faults = []
    for name, path in twins(addresses):
        found = _shown(netloc, path, times, server.pid)
        worst = max(one.first_byte_s for one in found.answers)
        size = max(one.size for one in found.answers)
        later = any(one.status == 202 for one in found.answers)
        ready = f"{found.ready_s:5.1f} s, {found.ready_cpu_s:.1f} s" if later else ""
        print(
            f"{name:32} {found.answers[0].first_byte_s * 1e3:4.0f} ms {worst * 1e3:4.0f} ms "
            f"{found.warm_s * 1e3:4.0f} ms {found.warm_cpu_s * 1e3:4.0f} ms  {size:7,}  {ready}",
            flush=True,
        )
        if worst > FIRST_BYTE_S:
            faults.append(f"{name}: first byte after {worst * 1e3:.0f} ms")
        if size > PAGE_BYTES:
            faults.append(f"{name}: {size:,} bytes")
    used = memory(server.pid)
    print(used)
    if used["VmHWM"] > MEMORY_MB:
        faults.append(f"memory: {used['VmHWM']} MB")
    server.send_signal(signal.SIGINT)
    server.wait()
    return faults


if __name__ == "__main__":
    main()
