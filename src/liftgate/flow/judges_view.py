"""Judges and raters as plain values: calibrations, draws of items, batches of ratings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from liftgate.documents.page import clip
from liftgate.errors import UnknownName
from liftgate.flow.judges import CALIBRATED
from liftgate.flow.judges import DRAWN as ITEMS_DRAWN
from liftgate.flow.rating import opened
from liftgate.flow.rating_close import CLOSED
from liftgate.flow.rating_view import lead_view
from liftgate.humans.batch import DRAWN as BATCH_DRAWN
from liftgate.ledger import Ledger
from liftgate.records import Entry
from liftgate.store import Workspace

ROWS = 100
_COEFFICIENTS = ("alpha", "kappa", "ac1", "raw")


def judges_view(workspace: Workspace) -> dict[str, Any]:
    """Return the newest calibrations and batches, at most 100 of each.

    Raises:
        BrokenChain: an entry is not what was recorded.
    """
    wanted = (CALIBRATED, ITEMS_DRAWN, BATCH_DRAWN, CLOSED)
    kinds: dict[str, list[Entry]] = {kind: [] for kind in wanted}
    if Ledger.exists(workspace.home):
        with Ledger.open(workspace.home, read_only=True) as ledger:
            kinds = {kind: list(ledger.entries(kind)) for kind in wanted}
    closed = {str(entry.body["batch"]): entry for entry in kinds[CLOSED]}
    return {
        "judges": [_judge(entry) for entry in _newest(kinds[CALIBRATED])],
        "more_judges": max(0, len(kinds[CALIBRATED]) - ROWS),
        "draws": [_draw(entry) for entry in _newest(kinds[ITEMS_DRAWN])],
        "batches": [
            _batch(entry, closed.get(str(entry.body["batch"])))
            for entry in _newest(kinds[BATCH_DRAWN])
        ],
        "more_batches": max(0, len(kinds[BATCH_DRAWN]) - ROWS),
    }


def judge_view(workspace: Workspace, entry: int) -> dict[str, Any]:
    """Return one calibration in full.

    Raises:
        UnknownName: no such entry, or it is of another kind.
        BrokenChain: it is not what was recorded.
        LedgerError: there is no ledger yet.
    """
    with Ledger.open(workspace.home, read_only=True) as ledger:
        found = ledger.entry(entry)
    if found.kind != CALIBRATED:
        raise UnknownName("calibration", str(entry), ())
    body = found.body
    return {
        **_judge(found),
        "rubric_digest": body["rubric"]["digest"],
        "labels": dict(body["labels"]),
        "judged": dict(body["judged"]),
        "coefficients": list(_coefficients(body)),
        "errors": dict(body["errors"]),
        "bias": list(_biases(body["bias"])),
        "worth": {clip(name, 120): dict(worth) for name, worth in body["worth"].items()},
        "warnings": [clip(str(one), 500) for one in body["warnings"]],
        "level": body["level"],
    }


def batch_view(workspace: Workspace, batch: str) -> dict[str, Any]:
    """Return a batch's progress, agreement and drift; who gave which arm stays hidden.

    Raises:
        UnknownName: there is no such batch.
        BrokenChain: it is not as it was drawn.
    """
    with opened(workspace, batch) as room:
        return lead_view(room)


def _newest(entries: list[Entry]) -> Iterator[Entry]:
    return reversed(entries[-ROWS:])


def _judge(entry: Entry) -> dict[str, Any]:
    body = entry.body
    alpha = body["agreement"]["alpha"]
    return {
        "entry": entry.sequence,
        "time": entry.time.isoformat(),
        "metric": clip(str(body["metric"]), 120),
        "study": clip(str(body["study"]), 120),
        "judge": body["judge"],
        "rubric": f"{body['rubric']['name']} {body['rubric']['version']}",
        "answers": body["labels"]["answers"],
        "raters": body["labels"]["raters"],
        "alpha": _coefficient(alpha),
        "multiplier": {
            clip(name, 120): worth.get("multiplier") for name, worth in body["worth"].items()
        },
        "address": f"/judge?entry={entry.sequence}",
    }


def _coefficients(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for who, found in (("judge and people", body["agreement"]), ("among people", body["raters"])):
        if "reason" in found:
            yield {"between": who, "name": "", "value": None, "reason": str(found["reason"])}
            continue
        for name in _COEFFICIENTS:
            yield {"between": who, **_coefficient(found[name])}


def _coefficient(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": one["coefficient"],
        "value": one["value"],
        "low": one.get("low"),
        "high": one.get("high"),
        "reason": clip(str(one.get("reason", "")), 300),
    }


def _biases(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield judge − people: over all, by arm, by slice, by length, and by the order of a pair."""
    yield _bias("all", found["all"])
    for name, one in found["by_arm"].items():
        yield _bias(f"arm {name}", one)
    for slice_name, values in found["by_slice"].items():
        for name, one in _some(values.items()):
            yield _bias(f"{slice_name} {name}", one)
    lengths = found["by_length"]
    yield _bias("answers up to the median length", lengths["up_to_median"])
    yield _bias("longer answers", lengths["longer"])


def _some(pairs: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return list(pairs)[:30]


def _bias(place: str, one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "of": clip(place, 200),
        "value": one.get("value"),
        "low": one.get("low"),
        "high": one.get("high"),
        "n": one.get("n"),
        "reason": clip(str(one.get("reason", "")), 300),
    }


def _draw(entry: Entry) -> dict[str, Any]:
    body = entry.body
    return {
        "entry": entry.sequence,
        "time": entry.time.isoformat(),
        "study": clip(str(body["study"]), 120),
        "metric": clip(str(body["metric"]), 120),
    }


def _batch(entry: Entry, closed: Entry | None) -> dict[str, Any]:
    body = entry.body
    return {
        "entry": entry.sequence,
        "time": entry.time.isoformat(),
        "batch": clip(str(body["batch"]), 120),
        "rubric": f"{body['rubric']['name']} {body['rubric']['version']}",
        "raters": len(body["raters"]),
        "items": body["items"],
        "closed": None if closed is None else closed.sequence,
        "address": f"/batch?{urlencode({'name': body['batch']})}",
    }
