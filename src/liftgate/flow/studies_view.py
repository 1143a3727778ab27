"""The list of studies as plain values: what runs, what was decided, what is stale, what is silent.

Of a study that runs it says how many trials there are, never what any arm scored or how often one
failed: whoever follows a run must not see what the planned looks are to decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from liftgate.errors import DataError
from liftgate.flow.study_index import Known, StudyIndex
from liftgate.store import Going, Workspace, going

PAGE = 50
SILENT_DAYS = 14


class State(StrEnum):
    """Where a study stands."""

    RUNNING = "running"
    DECIDED = "decided"
    STALE = "stale"
    SILENT = "silent"
    LOCKED = "locked"


MEANS = {
    State.RUNNING: "a process makes its trials now",
    State.DECIDED: "decided on the evidence as it is",
    State.STALE: "decided, and the study or its rows changed since",
    State.SILENT: "locked and not decided; nothing happened for {days} days",
    State.LOCKED: "locked, and not decided yet",
}


@dataclass(frozen=True)
class Wanted:
    """Which studies to list."""

    state: State | None = None
    text: str = ""
    owner: str = ""
    silent_days: int = SILENT_DAYS
    page: int = 1

    def query(self, **changes: Any) -> str:
        """Return the query of an address that shows these, with some things changed."""
        one = replace(self, **{"page": 1, **changes})
        given = {
            "state": one.state.value if one.state else "",
            "q": one.text,
            "owner": one.owner,
            "days": "" if one.silent_days == SILENT_DAYS else str(one.silent_days),
            "page": "" if one.page == 1 else str(one.page),
        }
        return urlencode({name: value for name, value in given.items() if value})


def state_of(text: str) -> State | None:
    """Return the state of a name; empty: any.

    Raises:
        DataError: there is no such state.
    """
    if not text:
        return None
    try:
        return State(text)
    except ValueError as error:
        names = ", ".join(State)
        raise DataError(f"state: got {text[:80]!r}, expected one of {names}") from error


def studies_view(
    index: StudyIndex, workspace: Workspace, wanted: Wanted, *, now: datetime | None = None
) -> dict[str, Any]:
    """Return one page of the list of studies, the latest activity first.

    Args:
        index: of the studies.
        workspace: where runs are going.
        wanted: which studies.
        now: the time, aware; None: of this machine.
    """
    at = now or datetime.now(UTC)
    known = index.now()
    live, unknown = _live(index, going(workspace))
    rows = [_row(study, live.get(study.name, ()), wanted, at) for study in known.values()]
    owners = sorted({row["owner"] for row in rows if row["owner"]})
    found = [row for row in rows if _matches(row, wanted)]
    counts = Counter(row["state"] for row in found)
    shown = [row for row in found if wanted.state in (None, row["state"])]
    shown.sort(key=lambda row: (row["state"] != State.RUNNING, _newest(row), row["study"]))
    pages = max(1, -(-len(shown) // PAGE))
    page = min(wanted.page, pages)
    return {
        "studies": len(shown),
        "of": len(known),
        "filter": {
            "state": wanted.state.value if wanted.state else None,
            "text": wanted.text,
            "owner": wanted.owner,
            "silent_days": wanted.silent_days,
        },
        "states": [
            {
                "state": state.value,
                "means": MEANS[state].format(days=wanted.silent_days),
                "studies": counts[state.value],
                "chosen": state == wanted.state,
                "query": wanted.query(state=None if state == wanted.state else state),
            }
            for state in State
        ],
        "owners": owners[:200],
        "running": any(row["state"] == State.RUNNING for row in rows),
        "other_runs": unknown,
        "page": page,
        "pages": pages,
        "query": wanted.query(page=page),
        "previous": wanted.query(page=page - 1) if page > 1 else None,
        "next": wanted.query(page=page + 1) if page < pages else None,
        "rows": shown[(page - 1) * PAGE : page * PAGE],
    }


def study_row(
    index: StudyIndex, workspace: Workspace, study: Known, wanted: Wanted
) -> dict[str, Any]:
    """Return one study as the list shows it."""
    live, _ = _live(index, going(workspace))
    return _row(study, live.get(study.name, ()), wanted, datetime.now(UTC))


def _newest(row: Mapping[str, Any]) -> float:
    return -datetime.fromisoformat(row["active"]).timestamp()


def _live(
    index: StudyIndex, runs: Iterable[Going]
) -> tuple[dict[str, Sequence[Going]], list[dict[str, Any]]]:
    """Return study -> its runs, and the runs of no study that the ledger knows."""
    found: dict[str, list[Going]] = {}
    others = []
    for run in runs:
        study = index.of_digest(run.study)
        if study is not None:
            found.setdefault(study.name, []).append(run)
        else:
            others.append(_progress(run, None))
    return dict(found), others


def _row(study: Known, runs: Sequence[Going], wanted: Wanted, now: datetime) -> dict[str, Any]:
    alive = [run for run in runs if run.alive]
    active = max([study.active or study.locked, *(run.last or run.started_at for run in runs)])
    state, why = _state(study, alive, quiet=now - active > timedelta(days=wanted.silent_days))
    last = study.decision
    return {
        "study": study.name,
        "address": f"/decision?{urlencode({'study': study.name})}",
        "hypothesis": study.hypothesis,
        "owner": study.owner,
        "state": state.value,
        "why": why,
        "lock": study.sequence,
        "locked": study.locked.isoformat(),
        "amended": study.amended,
        "plan": study.plan,
        "runs": study.runs,
        "active": active.isoformat(),
        "days_since": (now - active).days,
        "decision": None
        if last is None
        else {
            "entry": last.sequence,
            "time": last.time.isoformat(),
            "words": dict(last.words),
            "recommended": last.recommended,
        },
        "progress": [_progress(run, study.planned) for run in runs],
    }


def _state(study: Known, alive: Sequence[Going], *, quiet: bool) -> tuple[State, str]:
    if alive:
        return State.RUNNING, ""
    if study.decision is not None:
        return (State.STALE, study.stale) if study.stale else (State.DECIDED, "")
    return (State.SILENT if quiet else State.LOCKED), ""


def _progress(run: Going, planned: int | None) -> dict[str, Any]:
    """Return how far a run is; an earlier run may have made some of what is planned."""
    seconds = ((run.last or run.started_at) - run.started_at).total_seconds()
    return {
        "run": run.run,
        "alive": run.alive,
        "started": run.started_at.isoformat(),
        "trials": run.trials,
        "planned": planned,
        "per_second": round(run.trials / seconds, 1) if seconds > 1 else None,
        "last": run.last.isoformat() if run.last else None,
    }


def _matches(row: Mapping[str, Any], wanted: Wanted) -> bool:
    if wanted.owner and row["owner"] != wanted.owner:
        return False
    text = wanted.text.casefold()
    return not text or any(
        text in str(row[key]).casefold() for key in ("study", "hypothesis", "owner")
    )
