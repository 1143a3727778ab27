"""What the counted trials took: failures by kind, latency, tokens and cost, arm by arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil, fsum
from typing import Any

from liftgate.records import Measure, Observation, Trial, first_token_s


def failures(observations: Iterable[Observation], arm: str) -> dict[str, int]:
    """Count an arm's failed trials by kind, sorted by name; answers that no scorer reads included.

    Args:
        observations: counted trials of any arms.
        arm: the arm's fingerprint.
    """
    found: Counter[str] = Counter()
    for row in observations:
        if row.arm != arm:
            continue
        kinds = {row.failure(metric) for metric in row.scores} | {row.trial.failure}
        found.update(str(kind) for kind in kinds if kind is not None)
    return dict(sorted(found.items()))


def latency(trials: Sequence[Trial], measures: Iterable[Measure], name: str) -> dict[str, Any]:
    """Describe an arm's latency in ms: nearest-rank quantiles of single calls, and the passes.

    The quantiles describe the main run, whose load may differ from a pass; they carry no interval
    and decide nothing. The passes are what a claim is tested on.

    Args:
        trials: the arm's counted trials; failed calls count with the time that they took.
        measures: the arm's measures of this study.
        name: the pass measure's name, e.g. ``latency_p95_ms``.
    """
    times = sorted(trial.seconds * 1000 for trial in trials)
    firsts = [first_token_s(trial.reported) for trial in trials]
    numbered = [(m.pass_number, m.value) for m in measures if m.name == name]
    passes = [value for number, value in sorted((n, v) for n, v in numbered if n is not None)]
    return {
        "p50_ms": _nearest_rank(times, 0.50),
        "p95_ms": _nearest_rank(times, 0.95),
        "n": len(times),
        "passes": passes,
        **_first_tokens(sorted(1000 * first for first in firsts if first is not None)),
    }


def _first_tokens(ordered: Sequence[float]) -> dict[str, Any]:
    """Return quantiles of the times to the first token; nothing where nothing was streamed."""
    if not ordered:
        return {}
    return {
        "ttft_p50_ms": _nearest_rank(ordered, 0.50),
        "ttft_p95_ms": _nearest_rank(ordered, 0.95),
        "ttft_n": len(ordered),
    }


def cost(trials: Sequence[Trial]) -> dict[str, Any]:
    """Sum an arm's cost and tokens; what was not reported stays unknown and is counted.

    Returns:
        ``total`` and the token sums are None when no call reported them; ``known`` says how many
        calls of ``items`` reported a cost.
    """
    known = [trial.cost for trial in trials if trial.cost is not None]
    return {
        "total": fsum(known) if known else None,
        "known": len(known),
        "items": len(trials),
        "tokens_in": _sum([trial.tokens_in for trial in trials]),
        "tokens_out": _sum([trial.tokens_out for trial in trials]),
    }


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _nearest_rank(ordered: Sequence[float], q: float) -> float | None:
    return ordered[ceil(q * len(ordered)) - 1] if ordered else None
