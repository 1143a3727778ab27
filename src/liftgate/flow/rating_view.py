"""What the lead sees: progress, agreement, drift, what is to be settled. Arms stay hidden."""

from __future__ import annotations

from typing import Any

from liftgate.canon import short
from liftgate.flow.rating import Room
from liftgate.humans import results
from liftgate.stats.agreement import Agreement
from liftgate.stats.drift import RaterDrift


def lead_view(room: Room) -> dict[str, Any]:
    """Return the lead's page as JSON values; the page prints these and no others."""
    batch, acts = room.batch, room.ratings.acts()
    found = results.labels(batch, acts)
    agreed = results.agreement(batch, found)
    queue = results.disputes(batch, found, acts)
    done = results.settled(acts)
    paces = results.paces(batch, acts, found)
    total, rated = sum(p.total for p in paces), sum(p.done + p.left_out for p in paces)
    medians = [p.median_seconds * (p.total - p.done) for p in paces if p.median_seconds is not None]
    return {
        "batch": batch.id,
        "digest": batch.digest,
        "rubric": {
            "name": batch.rubric.name,
            "version": batch.rubric.version,
            "question": batch.rubric.question,
        },
        "seed": batch.wishes.seed,
        "entry": room.entry.sequence,
        "total": total,
        "rated": rated,
        "hours_left": sum(medians) / 3600 if medians else None,
        "raters": [
            {
                "rater": pace.rater,
                "done": pace.done,
                "skipped": pace.skipped,
                "left_out": pace.left_out,
                "total": pace.total,
                "median_seconds": pace.median_seconds,
                "repeats": pace.repeats,
                "consistent": pace.consistent,
                "last": None if pace.last is None else pace.last.isoformat(timespec="seconds"),
            }
            for pace in paces
        ],
        "agreement": {
            "subjects": agreed.subjects,
            "reason": agreed.reason,
            "rows": []
            if agreed.report is None
            else [
                _agreement(one)
                for one in (
                    agreed.report.alpha,
                    agreed.report.kappa,
                    agreed.report.ac1,
                    agreed.report.raw,
                )
            ],
            "shares": []
            if agreed.report is None
            else [
                {"value": float(value), "label": _anchor(room, float(value)), "share": share}
                for value, share in agreed.report.base_rates
            ],
        },
        "gold": [_drift(one) for one in results.drift(batch, found)],
        "queue": [
            {
                "subject": one.subject,
                "short": short(one.subject),
                "spread": one.spread,
                "values": {
                    rater: "passed over" if value is None else _anchor(room, value)
                    for rater, value in sorted(one.values.items())
                },
            }
            for one in queue
        ],
        "settled": len(done),
    }


def _agreement(one: Agreement) -> dict[str, Any]:
    return {
        "coefficient": one.coefficient,
        "value": one.value,
        "low": one.low,
        "high": one.high,
        "level": one.level,
        "items": one.items,
        "reason": one.reason,
        "warnings": list(one.warnings),
    }


def _drift(one: RaterDrift) -> dict[str, Any]:
    return {
        "rater": one.rater,
        "gold": one.gold,
        "exact": one.exact,
        "mean_error": one.mean_error,
        "p_value": one.p_value,
        "adjusted": one.adjusted,
        "after": one.after,
        "before_change": one.before_change,
        "after_change": one.after_change,
        "sort": one.sort,
        "reason": one.reason,
        "drifted": one.adjusted is not None and one.adjusted <= 0.05,
    }


def _anchor(room: Room, value: float) -> str:
    anchor = room.batch.rubric.scale.at(value)
    return f"{value:g}" if anchor is None else anchor.label
