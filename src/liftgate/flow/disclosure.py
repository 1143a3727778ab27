"""Every lock, run and decision of a study, whatever became of it, and who else used its set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from liftgate.lineage.datasets import overlap
from liftgate.records import Dataset, Entry
from liftgate.store import RUN_FINISHED, Store
from liftgate.study import lock
from liftgate.study.reuse import LARGEST_OVERLAP

Body = Mapping[str, Any]


def disclosure(
    name: str, entries: Sequence[Entry], store: Store, dataset: Dataset | None
) -> dict[str, Any]:
    """Return what was done in a study's name, from the ledger, as JSON values.

    Args:
        name: the study's.
        entries: of the ledger, in order; later ones are not known here.
        store: holds the rows of the runs, which are counted.
        dataset: the study's set, for finding other studies that used it; None: by digest alone.
    """
    locks = [e for e in entries if e.kind in (lock.LOCKED, lock.AMENDED) and _named(e, name)]
    digests = {str(e.body["study_digest"]) for e in locks}
    decisions = [e for e in entries if e.kind == lock.DECISION and e.body["study"] == name]
    behind = _behind(decisions)
    runs = [e for e in entries if e.kind == RUN_FINISHED and e.body["study"] in digests]
    recorded = {str(e.body["id"]) for e in entries if e.kind == RUN_FINISHED}
    unrecorded = [r.id for r in store.runs() if r.study in digests and r.id not in recorded]
    told = [_run(e, behind, store) for e in runs]
    return {
        "study": name,
        "locks": [_lock(e) for e in locks],
        "runs": told,
        "abandoned": sum(not run["complete"] for run in told),
        "behind_nothing": sum(not run["decisions"] for run in told),
        "calls": sum(run["calls"] or 0 for run in told),
        "unrecorded": unrecorded,
        "decisions": [_decision(e) for e in decisions],
        "others": list(_others(name, entries, locks, store, dataset)),
        "checklist": [{"text": t, "met": m} for t, m in _checklist(locks, runs, decisions)],
    }


def _named(entry: Entry, name: str) -> bool:
    return bool(entry.body.get("name") == name)


def _behind(decisions: Sequence[Entry]) -> dict[str, list[int]]:
    """Return run -> the decisions whose rows lie in its files."""
    found: dict[str, list[int]] = {}
    for entry in decisions:
        for run in sorted({str(file).partition("/")[0] for file in entry.body["rows"]["files"]}):
            found.setdefault(run, []).append(entry.sequence)
    return found


def _lock(entry: Entry) -> dict[str, Any]:
    is_first = entry.kind == lock.LOCKED
    return {
        "entry": entry.sequence,
        "time": entry.time.isoformat(),
        "what": "locked" if is_first else "amended",
        "seen": "" if is_first else str(entry.body["seen"]),
        "reason": "" if is_first else str(entry.body["reason"]),
        "exploratory": bool(entry.body["study"].get("exploratory")),
        "items": entry.body["dataset"]["items"],
    }


def _run(entry: Entry, behind: Mapping[str, Sequence[int]], store: Store) -> dict[str, Any]:
    body = entry.body
    used = behind.get(str(body["id"]), [])
    git = body["manifest"].get("git") or {}
    commit = str(git.get("commit") or "")
    return {
        "id": str(body["id"]),
        "entry": entry.sequence,
        "started": str(body["started_at"]),
        "finished": str(body["finished_at"] or ""),
        "complete": bool(body["complete"]),
        "became": "complete" if body["complete"] else "abandoned: it was not run to its end",
        "calls": store.trials_in(str(body["id"])),
        "decisions": list(used),
        "used": ", ".join(f"entry {n}" for n in used) or "behind no decision",
        "commit": commit[:12] or "not captured",
        "dirty": bool(git.get("dirty") or git.get("untracked")),
    }


def _decision(entry: Entry) -> dict[str, Any]:
    body = entry.body
    return {
        "entry": entry.sequence,
        "time": entry.time.isoformat(),
        "said": "; ".join(f"{d['candidate']}: {d['word']}" for d in body["decisions"]),
        "deviated": bool(body.get("deviation")),
    }


def _others(
    name: str,
    entries: Sequence[Entry],
    locks: Sequence[Entry],
    store: Store,
    dataset: Dataset | None,
) -> Iterator[dict[str, Any]]:
    own = {str(e.body["dataset"]["digest"]) for e in locks}
    for entry in entries:
        if entry.kind != lock.LOCKED or _named(entry, name):
            continue
        digest = str(entry.body["dataset"]["digest"])
        share = 1.0 if digest in own else 0.0
        if not share and dataset is not None:
            share = overlap(dataset, digest, store)
        if share <= LARGEST_OVERLAP:
            continue
        other = str(entry.body["name"])
        told = [e for e in entries if e.kind == lock.DECISION and e.body["study"] == other]
        yield {
            "study": other,
            "entry": entry.sequence,
            "share": share,
            "exploratory": bool(entry.body["study"].get("exploratory")),
            "said": _decision(told[-1])["said"] if told else "never decided",
        }


def _checklist(
    locks: Sequence[Entry], runs: Sequence[Entry], decisions: Sequence[Entry]
) -> Iterator[tuple[str, bool]]:
    """Yield what a machine can see of how well the study could be repeated."""
    manifests = [run.body["manifest"] for run in runs]
    gits = [m.get("git") or {} for m in manifests]
    last = decisions[-1].body if decisions else {}
    yield "The study was locked before its decision.", bool(locks and decisions)
    deviated = any(e.body.get("seen") == lock.Seen.RESULTS for e in locks)
    yield "No amendment was made after results were seen.", not deviated
    yield "Every run names the commit of its code.", all(git.get("commit") for git in gits)
    clean = all(g.get("commit") and not g.get("dirty") and not g.get("untracked") for g in gits)
    yield "No run had code that was not committed.", bool(gits) and clean
    yield (
        "Every run captured its packages and its machine.",
        all(m.get("installed") and m.get("platform") for m in manifests),
    )
    yield "Every run recorded its seeds.", all(m.get("seeds") for m in manifests)
    yield "The rows of the decision are bound by a digest.", bool(last.get("rows"))
    done, planned = last.get("done") or {}, last.get("planned") or {}
    whole = bool(done) and done["items"] >= planned["items"]
    settled = bool((last.get("looks") or {}).get("settled"))
    yield "All planned items were run, or a planned look settled it.", whole or settled
