"""A printed number's way back as plain values: to its rows, and on to a response."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from liftgate.canon import plain
from liftgate.documents.page import clip
from liftgate.errors import DataError, LiftgateError, UnknownName
from liftgate.evals.select import select
from liftgate.flow.flip_item import steps_view
from liftgate.flow.recorded import locked_at, plan_of
from liftgate.flow.study_index import StudyIndex
from liftgate.flow.trace import names_document, trace_reference
from liftgate.flow.trace_rows import KeptRows, Tell
from liftgate.flow.unseen import refuse_unseen
from liftgate.ledger import Ledger
from liftgate.lineage import datasets
from liftgate.lineage.rows import Cell, Line, arm_of
from liftgate.records import Json, Observation
from liftgate.store import Store, Workspace
from liftgate.study.design import Study
from liftgate.study.lock import DECISION

ROWS = 50
MOST_TEXT = 20_000
MOST_REFERENCES = 400


def trace_view(
    index: StudyIndex,
    workspace: Workspace,
    reference: str,
    *,
    page: int = 1,
    kept: KeptRows | None = None,
    tell: Tell = lambda _: None,
) -> dict[str, Any]:
    """Return what stands behind a reference, with a page of its rows.

    Args:
        index: of the studies, which knows the ledger.
        workspace: with the rows.
        reference: as it stands beside a number.
        page: of the rows.
        kept: keeps the rows of large decisions.
        tell: told how far it is.

    Raises:
        DataError: the text is no reference, or leads through a file; or there is no such page.
        UnknownName: no such entry or number.
        BrokenChain: the ledger was altered.
        LedgerError: there is no ledger yet.
    """
    if names_document(reference):
        raise DataError(
            "reference: a page opens no file",
            hint=f"on the machine where it lies: liftgate trace {clip(reference, 200)}",
        )
    found = trace_reference(
        reference, workspace, ledger=index.ledger(), seen=index.seen, kept=kept, tell=tell
    )
    said = found.as_json(0)
    pages = max(1, -(-len(found.lines) // ROWS))
    if page > pages:
        raise DataError(f"page: got {page}, expected at most {pages}")
    shown = found.lines[(page - 1) * ROWS : page * ROWS]
    arms = list(found.columns or (found.target.arms if found.target else ()))
    entry = found.entry.sequence
    told = said.get("references", [])
    return {
        **said,
        "verified": index.verified(),
        "rows": [_line(line, arms, entry) for line in shown],
        "row_arms": arms,
        "references": [
            {"reference": one, "address": f"/trace?{urlencode({'ref': one})}"}
            for one in told[:MOST_REFERENCES]
        ],
        "more_references": max(0, len(told) - MOST_REFERENCES),
        "page": page,
        "pages": pages,
        "previous": urlencode({"ref": reference, "page": page - 1}) if page > 1 else None,
        "next": urlencode({"ref": reference, "page": page + 1}) if page < pages else None,
    }


def response_view(
    index: StudyIndex, workspace: Workspace, *, entry: int, item: str, arm: str, repeat: int = 0
) -> dict[str, Any]:
    """Return one response behind a decision: what was asked, answered, scored, and by which run.

    Args:
        index: of the studies, which knows the entries that are needed.
        workspace: with the ledger and the rows.
        entry: of the decision.
        item: the item's id.
        arm: the arm's name.
        repeat: which try.

    Raises:
        UnknownName: no such entry, item, arm or try.
        NotAllowed: the study was not looked at yet.
        DataError: the content was erased or never kept.
        BrokenChain: an entry or a blob is not what was recorded.
    """
    with Ledger.open(workspace.home, read_only=True) as ledger:
        decision = ledger.entry(entry)
        if decision.kind != DECISION:
            raise UnknownName("decision", str(entry), ())
        body = decision.body
        refuse_unseen(body)
        known = index.now().get(body["study"])
        locks = [ledger.entry(number) for number in known.locks] if known else []
    with Store.open(workspace.home, read_only=True, seen=index.seen) as store:
        fingerprints = {one["name"]: one["fingerprint"] for one in body["arms"]}
        if arm not in fingerprints:
            raise UnknownName("arm", arm, fingerprints)
        locked = locked_at(body, locks, entry)
        study = Study(**locked.model)
        kept = datasets.one_item(
            body["dataset"]["digest"], item, store, name=body["dataset"]["name"]
        )
        plan = plan_of(body, locked, study, kept)
        seen = [
            one
            for one in select(plan, store, few=True)
            if (one.arm, one.repeat) == (fingerprints[arm], repeat)
        ]
        if not seen:
            raise UnknownName(f"try of {arm} on {item}", str(repeat), ())
        (one,) = seen
        asked = kept.items[0]
        tries = range(int(locked.model.get("repeats", 1)))
        return {
            "entry": entry,
            "study": body["study"],
            "item": item,
            "arm": arm,
            "repeat": repeat,
            "input": _shown(asked.input),
            "target": _shown(asked.target),
            "slices": dict(asked.slices),
            "cluster": asked.cluster,
            **_answer(one, store),
            "scores": [_score(name, one, store) for name in one.scores],
            "run": _run(one.trial.run, index, workspace),
            "others": list(_others(entry, item, arm, repeat, fingerprints, tries)),
        }


def _line(line: Line, arms: list[str], entry: int) -> dict[str, Any]:
    return {
        "item": clip(line.item, 200),
        "repeat": line.repeat,
        "cells": [_cell(line, line.cells.get(arm), arm, entry) for arm in arms],
    }


def _cell(line: Line, cell: Cell | None, arm: str, entry: int) -> dict[str, Any] | None:
    if cell is None:
        return None
    query = {
        "entry": entry,
        "item": line.item,
        "arm": arm_of(arm),
        "repeat": line.repeat,
    }
    is_row = cell.output is not None or cell.mark
    return {
        "value": cell.value,
        "mark": clip(cell.mark, 200),
        "run": cell.run,
        "address": f"/response?{urlencode(query)}" if is_row else None,
    }


def _answer(one: Observation, store: Store) -> dict[str, Any]:
    trial = one.trial
    return {
        "output": _blob(trial.output_digest, store),
        "failure": None if trial.failure is None else trial.failure.value,
        "message": clip(trial.message, 2_000),
        "trial": {
            "key": trial.key,
            "attempt": trial.attempt,
            "run": trial.run,
            "started": trial.started_at.isoformat(),
            "seconds": trial.seconds,
            "tokens_in": trial.tokens_in,
            "tokens_out": trial.tokens_out,
            "cost": trial.cost,
            "input_digest": trial.input_digest,
            "output_digest": trial.output_digest,
            "in_flight": trial.in_flight,
        },
        "reported": None if trial.reported is None else _shown(dict(trial.reported)),
        "steps": _steps(trial.trace_digest, store),
    }


def _score(metric: str, one: Observation, store: Store) -> dict[str, Any]:
    score = one.scores[metric]
    return {
        "metric": metric,
        "value": score.value,
        "outcome": score.outcome.value,
        "reason": clip(score.reason, 2_000),
        "scorer": score.scorer,
        "run": score.run,
        "detail": _blob(score.detail_digest, store),
    }


def _steps(digest: str | None, store: Store) -> list[dict[str, str]]:
    if digest is None:
        return []
    try:
        return steps_view(plain(store.trace(digest))["steps"][:200], MOST_TEXT // 10)
    except LiftgateError as error:
        return [{"kind": "other", "name": "not kept", "error": clip(str(error), 500)}]


def _blob(digest: str | None, store: Store) -> str | None:
    if digest is None:
        return None
    state = store.blob_state(digest)
    return _shown(store.output(digest)) if state == "kept" else f"[{state}]"


def _run(run: str, index: StudyIndex, workspace: Workspace) -> dict[str, Any]:
    """Return who ran it with what code, and the entry that vouches for the run's files."""
    number = index.of_run(run)
    if number is None:
        return {"id": run, "entry": None}
    with Ledger.open(workspace.home, read_only=True) as ledger:
        told = ledger.entry(number)
    manifest = told.body.get("manifest", {})
    return {
        "id": run,
        "entry": number,
        "author": clip(told.author, 120),
        "time": told.time.isoformat(),
        "code": _shown(_code(manifest)),
    }


def _code(manifest: Any) -> Json:
    """Return what a run's capture says of the code and the machine, without what it kept."""
    known = manifest if isinstance(manifest, Mapping) else {}
    git = known.get("git")
    said = (
        {key: git[key] for key in ("commit", "dirty", "diff", "untracked") if key in git}
        if isinstance(git, Mapping)
        else None
    )
    others = ("python", "platform", "command", "not_captured")
    return {"git": said, **{key: known[key] for key in others if key in known}}


def _others(
    entry: int, item: str, arm: str, repeat: int, arms: Mapping[str, Any], tries: range
) -> Iterator[dict[str, str]]:
    """Yield the same item by the other arms, and the arm's other tries."""
    for name in arms:
        if name != arm:
            query = {"entry": entry, "item": item, "arm": name, "repeat": repeat}
            yield {"title": f"by {name}", "address": f"/response?{urlencode(query)}"}
    for number in tries:
        if number != repeat:
            query = {"entry": entry, "item": item, "arm": arm, "repeat": number}
            yield {"title": f"try {number + 1}", "address": f"/response?{urlencode(query)}"}


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)
    return clip(text, MOST_TEXT)
