"""What calls cost: by the price of their day, from what the provider reported."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from liftgate.errors import DataError
from liftgate.evals.prices import Prices, read_prices
from liftgate.records import Trial

TABLE = """
liftgate: 1
currency: EUR
prices:
  - {model: tiny, from: 2026-01-01, input: 2.0, cached_input: 0.5, output: 8.0}
  - {model: tiny, from: 2026-07-01, input: 1.0, output: 4.0}
  - {model: "python:sut:ask", from: 2026-01-01, input: 1.0, output: 1.0}
"""
TRIAL = Trial(
    key="k",
    attempt=1,
    run="r",
    arm="a",
    input_digest="d",
    repeat=0,
    started_at=datetime(2026, 6, 30, 23, 59, tzinfo=UTC),
    seconds=1.0,
    output_digest=None,
    reported={
        "usage": {
            "prompt_tokens": 1000,
            "completion_tokens": 100,
            "prompt_tokens_details": {"cached_tokens": 400},
        }
    },
)


@pytest.fixture
def prices(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text(TABLE, encoding="utf-8")
    return read_prices(path)


def test_cached_tokens_have_a_price_of_their_own(prices) -> None:
    cost = prices.cost("openai:tiny", TRIAL)
    assert cost == pytest.approx((600 * 2.0 + 400 * 0.5 + 100 * 8.0) / 1e6)


def test_a_new_price_leaves_older_calls_at_theirs(prices) -> None:
    later = replace(TRIAL, started_at=datetime(2026, 7, 1, tzinfo=UTC))
    # Without a price for cached tokens they cost what others do.
    assert prices.cost("openai:tiny", later) == pytest.approx((1000 * 1.0 + 100 * 4.0) / 1e6)
    before = replace(TRIAL, started_at=datetime(2025, 12, 31, tzinfo=UTC))
    assert prices.cost("openai:tiny", before) is None


def test_what_a_system_says_itself_comes_first_and_unknown_stays_unknown(prices) -> None:
    assert prices.cost("openai:tiny", replace(TRIAL, cost=0.25)) == 0.25
    assert prices.cost("openai:other", TRIAL) is None
    assert Prices().cost("openai:tiny", TRIAL) is None
    assert prices.cost("openai:tiny", replace(TRIAL, reported=None)) is None


def test_tokens_of_the_row_are_priced_where_no_usage_was_reported(prices) -> None:
    counted = replace(TRIAL, reported=None, tokens_in=3, tokens_out=4)
    assert prices.cost("python:sut:ask", counted) == pytest.approx(7 / 1e6)


def test_a_refusal_is_paid_for(prices) -> None:
    refused = replace(TRIAL, failure="refusal", message="no")
    assert prices.cost("openai:tiny", refused) == prices.cost("openai:tiny", TRIAL)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("currency: EUR", "currency: 3", "currency: got 3"),
        ("liftgate: 1", "liftgate: 2", "liftgate: got 2, expected 1"),
        ("input: 2.0", "input: -2.0", "prices.yaml:5:5: prices.0: input: got -2.0"),
        ("output: 8.0", "output: .nan", "prices.yaml:5"),
        ("output: 8.0", "outptu: 8.0", "prices.yaml:5:5: prices.0: expected a mapping with"),
        ("input: 2.0,", "input: 2.0, inputs: 1,", "got the key 'inputs'"),
        ("from: 2026-07-01", "from: 2026-01-01", "two prices from the same day"),
        ("from: 2026-07-01", "from: July", "from: got 'July', expected YYYY-MM-DD"),
        ("prices:", "prices: 3 #", "prices.yaml"),
    ],
)
def test_a_wrong_table_is_refused_with_the_place(tmp_path, old, new, told) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(TABLE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises((DataError, ValueError)) as caught:
        read_prices(path)
    assert told in str(caught.value)
