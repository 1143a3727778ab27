"""How long calls took: whole answers, and first tokens where answers were streamed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from liftgate.gates import usage
from liftgate.records import Measure, Trial

TRIAL = Trial(
    "k", 1, "r", "a", "d", 0, datetime(2026, 1, 1, tzinfo=UTC), 2.0, "sha256:o", reported=None
)


def test_first_tokens_have_quantiles_of_their_own_where_answers_were_streamed() -> None:
    trials = [replace(TRIAL, reported={"first_token_s": n / 10}) for n in range(1, 11)]
    found = usage.latency([*trials, TRIAL], [], "latency_p95_ms")
    assert (found["p50_ms"], found["n"]) == (2000.0, 11)
    assert (found["ttft_p50_ms"], found["ttft_p95_ms"], found["ttft_n"]) == (500.0, 1000.0, 10)


def test_without_a_stream_nothing_is_said_of_first_tokens() -> None:
    wrong = [replace(TRIAL, reported={"first_token_s": said}) for said in ("soon", True, None, -1)]
    found = usage.latency([TRIAL, *wrong], [], "latency_p95_ms")
    assert not [name for name in found if name.startswith("ttft")]


def test_passes_to_the_first_token_are_not_taken_for_passes_to_the_end() -> None:
    measures = [
        Measure("a", name, value, "study", "r", number)
        for number in (1, 2)
        for name, value in (("latency_p95_ms", 90.0 + number), ("ttft_p95_ms", 5.0))
    ]
    assert usage.latency([TRIAL], measures, "latency_p95_ms")["passes"] == [91.0, 92.0]
