"""Covariates of people's labels: lengths, and the votes of each judge of a panel."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from liftgate.flow.signals import signals_of
from liftgate.records import Observation, Outcome, Score, Trial


class Blobs:
    """Holds what it is given."""

    def __init__(self, **held) -> None:
        self.held = held
        self.read = []

    def blob_state(self, digest):
        return "kept" if digest in self.held else "erased"

    def output(self, digest):
        self.read.append(digest)
        return self.held[digest]


def row(repeat, output, detail):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    trial = Trial(f"k{repeat}", 1, "r", "arm", "d", repeat, now, 1.0, output)
    score = Score(trial.key, 1, "r", "s", "t", "r", Outcome.VALUE, 1.0, detail_digest=detail)
    return Observation("i", "arm", repeat, trial, {"good": score})


def votes(*pairs):
    return {"votes": [{"judge": judge, "value": value} for judge, value in pairs]}


def test_length_and_votes_are_means_over_repeats() -> None:
    store = Blobs(
        a="abc", b="abcdefg", da=votes((0, 1.0), (0, 0.0), (1, 1.0)), db=votes((0, 1.0), (1, 1.0))
    )

    found = signals_of([row(0, "a", "da"), row(1, "b", "db")], {"good": 2}, store)["good"]

    length = (math.log(4) + math.log(8)) / 2
    assert found.values == {("arm", "i"): pytest.approx((length, 0.75, 1.0))}
    assert found.weak == 0


def test_what_is_not_known_is_nan() -> None:
    store = Blobs(da=votes((0, None), (1, 1.0)))

    (found,) = signals_of([row(0, "gone", "da")], {"good": 2}, store)["good"].values.values()

    assert math.isnan(found[0])
    assert math.isnan(found[1])
    assert found[2] == 1.0


def test_words_are_the_last_columns_and_unknown_where_the_answer_is() -> None:
    texts = {f"o{n}": "the red fox" if n % 2 else "the blue whale" for n in range(8)}
    store = Blobs(**texts)
    rows = [replace(row(0, f"o{n}", None), item=f"i{n}") for n in range(8)]

    found = signals_of([*rows, replace(row(0, "gone", None), item="x")], {"good": 0}, store)["good"]

    assert found.weak == 1
    red = {round(found.values["arm", f"i{n}"][-1], 6) for n in range(1, 8, 2)}
    blue = {round(found.values["arm", f"i{n}"][-1], 6) for n in range(0, 8, 2)}
    assert len(red) == len(blue) == 1
    assert red != blue
    assert all(map(math.isnan, found.values["arm", "x"]))


def test_an_answer_is_read_once_for_all_judged_metrics_and_never_without_one() -> None:
    store = Blobs(a="abc", b="abcdefg")
    rows = [row(0, "a", None), row(1, "b", None)]

    assert signals_of(rows, {}, store) == {}
    assert store.read == []
    found = signals_of(rows, {"good": 0, "kind": 0}, store)

    assert store.read == ["a", "b"]
    assert found["good"] == found["kind"]
