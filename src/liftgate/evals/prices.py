"""Prices of models by the day from which they hold; what a call cost is computed when it is read.

Rows keep what the provider reported, so that a corrected price corrects every cost, and a new one
leaves older calls at theirs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from math import fsum
from pathlib import Path
from typing import Any

from liftgate.canon import plain, sha256
from liftgate.errors import DataError
from liftgate.records import Answer, Json, Observation, Trial
from liftgate.study.source import parse

_MILLION = 1_000_000
_KEYS = {"model", "from", "input", "cached_input", "output"}


@dataclass(frozen=True)
class Price:
    """What a model's tokens cost, per million, from a day on (UTC)."""

    model: str
    since: date
    input: float
    output: float
    cached_input: float

    def cost(self, tokens_in: int, tokens_out: int, cached: int = 0) -> float:
        """Return the cost of a call; cached tokens are part of ``tokens_in``."""
        fresh = tokens_in - cached
        paid = fresh * self.input + cached * self.cached_input + tokens_out * self.output
        return paid / _MILLION


@dataclass(frozen=True)
class Prices:
    """An effective-dated table of prices."""

    currency: str = "(no currency)"
    rows: tuple[Price, ...] = ()
    digest: str = ""
    """SHA-256 of the file."""

    def as_json(self) -> dict[str, Any]:
        """Return the table as a decision keeps it, so that a cost can be found again."""
        return {"currency": self.currency, "digest": self.digest, "rows": plain(self._listed())}

    def _listed(self) -> list[dict[str, Any]]:
        return [{**vars(row), "since": row.since.isoformat()} for row in self.rows]

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Prices:
        """Return the table that a decision kept."""
        rows = (Price(**{**row, "since": date.fromisoformat(row["since"])}) for row in body["rows"])
        return cls(body["currency"], tuple(rows), body["digest"])

    def find(self, system: str, at: datetime | None = None) -> Price | None:
        """Return the price that held for an arm's system at a time; None for the time: now.

        Args:
            system: ``plugin:rest``; a price names it whole, or only the rest.
            at: aware.
        """
        day = (at or datetime.now(UTC)).astimezone(UTC).date()
        names = (system, system.partition(":")[2])
        held = [row for row in self.rows if row.model in names and row.since <= day]
        return max(held, key=lambda row: row.since, default=None)

    def of(self, system: str, tokens_in: int, tokens_out: int) -> float | None:
        """Return what a call would cost today; None: there is no price."""
        price = self.find(system)
        return None if price is None else price.cost(tokens_in, tokens_out)

    def cost(self, system: str, trial: Trial) -> float | None:
        """Return what a call cost: what its system said itself, or its tokens at their price.

        A call that reports ``calls`` of its own (of a retriever, of a generator) costs their sum,
        and is unknown where one of them is.
        """
        return self.cost_of(system, trial, trial.started_at)

    def cost_of(self, system: str, call: Trial | Answer, at: datetime) -> float | None:
        """Return what a call that began at a time cost, from its trial or its answer."""
        if call.cost is not None:
            return call.cost
        inner = (call.reported or {}).get("calls")
        if isinstance(inner, (list, tuple)) and inner:
            costs = [self._inner(one, at) for one in inner]
            known = [cost for cost in costs if cost is not None]
            return fsum(known) if len(known) == len(costs) else None
        if not self.rows:
            return None
        counts = _tokens(call)
        price = self.find(system, at)
        return None if counts is None or price is None else price.cost(*counts)

    def _inner(self, call: Json, at: datetime) -> float | None:
        """Return what one of the calls behind a trial cost."""
        if not isinstance(call, Mapping):
            return None
        cost = call.get("cost")
        said = cost if isinstance(cost, (int, float)) and not isinstance(cost, bool) else None
        counts = (_count(call, "tokens_in"), _count(call, "tokens_out"))
        return self.cost_of(
            str(call.get("system")), Answer(None, *counts, said, {"usage": call.get("usage")}), at
        )

    def priced(
        self, rows: Iterable[Observation], systems: Mapping[str, str]
    ) -> tuple[Observation, ...]:
        """Return observations with what each call cost, as far as that is known.

        Args:
            rows: of any arms.
            systems: arm's fingerprint -> its system, ``plugin:rest``.
        """
        return tuple(
            replace(row, trial=replace(row.trial, cost=self.cost(systems[row.arm], row.trial)))
            for row in rows
        )


def read_prices(path: Path) -> Prices:
    """Read a price table.

    Raises:
        DataError: it cannot be read, or an entry is wrong; names the line.
    """
    try:
        data = path.read_bytes()
        source = parse(data.decode("utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name}: cannot be read: {error}") from error
    if source.faults:
        raise DataError(source.faults[0].text(path.name))
    value = source.value
    if not isinstance(value, dict) or set(value) - {"liftgate", "currency", "prices"}:
        raise DataError(f"{path.name}: expected the keys liftgate, currency and prices")
    if value.get("liftgate") != 1:
        raise DataError(f"{path.name}: liftgate: got {value.get('liftgate')!r}, expected 1")
    currency, listed = value.get("currency"), value.get("prices")
    if not isinstance(currency, str) or not currency.strip():
        raise DataError(f"{path.name}: currency: got {currency!r}, expected text such as USD")
    if not isinstance(listed, list):
        raise DataError(f"{path.name}: prices: expected a list of prices")
    rows = tuple(
        _price(source.fault(("prices", n), "").text(path.name).rstrip(": "), entry)
        for n, entry in enumerate(listed)
    )
    seen = {(row.model, row.since) for row in rows}
    if len(seen) != len(rows):
        raise DataError(f"{path.name}: a model has two prices from the same day on")
    return Prices(currency, rows, sha256(data))


def _price(place: str, entry: Any) -> Price:
    if not isinstance(entry, dict) or not {"model", "from", "input", "output"} <= set(entry):
        raise DataError(f"{place}: expected a mapping with model, from, input and output")
    if unknown := sorted(set(entry) - _KEYS):
        raise DataError(f"{place}: got the key {unknown[0]!r}, expected {', '.join(sorted(_KEYS))}")
    try:
        since = date.fromisoformat(str(entry["from"]))
    except ValueError as error:
        raise DataError(f"{place}: from: got {entry['from']!r}, expected YYYY-MM-DD") from error
    costs = {name: _amount(place, name, entry[name]) for name in ("input", "output")}
    cached = _amount(place, "cached_input", entry.get("cached_input", costs["input"]))
    return Price(str(entry["model"]), since, cached_input=cached, **costs)


def _amount(place: str, name: str, value: Any) -> float:
    right = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not right or not math.isfinite(value) or value < 0:
        raise DataError(f"{place}: {name}: got {value!r}, expected a number of at least 0")
    return float(value)


def _tokens(trial: Trial | Answer) -> tuple[int, int, int] | None:
    """Return tokens in, out and cached, from what the provider reported or from the row."""
    usage = (trial.reported or {}).get("usage")
    if isinstance(usage, Mapping):
        given, made = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
        details = usage.get("prompt_tokens_details")
        cached = _count(details, "cached_tokens") if isinstance(details, Mapping) else None
        if cached is None:
            # Some compatible servers name the tokens that they had in their cache so.
            cached = _count(usage, "prompt_cache_hit_tokens")
        if given is not None:
            return given, made or 0, min(cached or 0, given)
    if trial.tokens_in is None or trial.tokens_out is None:
        return None
    return trial.tokens_in, trial.tokens_out, 0


def _count(usage: Mapping[str, Json], name: str) -> int | None:
    value = usage.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
