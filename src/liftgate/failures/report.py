"""From codings to agreement, rates that hold together, and fixes in an order that can be trusted.

Coders who disagree leave a count unsure: a code is surely there where all coders of an item gave
it, and possibly where any did. Limits and ranks hold whichever is true. A failure of the
measurement is never charged to the system: it leaves the rates, and is shown on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from liftgate import stats
from liftgate.canon import plain
from liftgate.errors import NotEnoughData
from liftgate.failures.coding import Coding
from liftgate.failures.taxonomy import Taxonomy

LEAST_ALPHA = 0.6
LEVEL = 0.95
_DRAWS = 1000


@dataclass
class _Coded:
    """One item with all that was said of it."""

    codings: list[Coding] = field(default_factory=list)

    def sure(self, code: str) -> bool:
        return all(code in one.codes for one in self.codings)

    def possible(self, code: str) -> bool:
        return any(code in one.codes for one in self.codings)


@dataclass(frozen=True)
class _Batch:
    """All items of a batch, and who coded them."""

    coded: Mapping[str, _Coded]
    coders: Sequence[str]
    double: Sequence[str]
    """Items that more than one coder has coded."""
    seed: int

    def alpha(self, value: Callable[[Coding], float]) -> Any:
        """Return alpha of what a coding says; None where nobody coded an item a second time."""
        if not self.double:
            return None
        table = np.full((len(self.double), len(self.coders)), np.nan)
        column = {coder: at for at, coder in enumerate(self.coders)}
        for row, item in enumerate(self.double):
            for coding in self.coded[item].codings:
                table[row, column[coding.coder]] = value(coding)
        return plain(stats.rater_report(table, draws=_DRAWS, seed=self.seed).alpha)

    def first_codes(self) -> Any:
        """Return alpha over the primary codes."""
        names = sorted({c.code for one in self.coded.values() for c in one.codings})
        number = {name: float(at) for at, name in enumerate(names)}
        return self.alpha(lambda coding: number[coding.code])


def failure_report(
    codings: Sequence[Coding],
    items: Sequence[str],
    taxonomy: Taxonomy,
    *,
    failing: int,
    scored: int,
    seed: int = 0,
) -> dict[str, Any]:
    """Return what the codings of a batch say, as plain values.

    Args:
        codings: of all coders.
        items: of the batch: drawn by lot from the failing ones.
        taxonomy: by which was coded.
        failing: failing items in all.
        scored: items in all that have a score.
        seed: of the intervals of agreement.

    Raises:
        NotEnoughData: an item that nobody coded, or nothing but failures of the measurement.
    """
    coded = {item: _Coded() for item in items}
    for one in codings:
        coded[one.item].codings.append(one)
    left = [item for item, one in coded.items() if not one.codings]
    if left:
        named = ", ".join(left[:5]) + (" …" if len(left) > 5 else "")
        raise NotEnoughData(
            f"{len(left)} of {len(items)} failures are not coded: {named}",
            hint="what is left out may be of any kind: code all of the batch",
        )
    measurement = {name for name, code in taxonomy.codes.items() if code.measurement}
    charged = {
        item: one
        for item, one in coded.items()
        if not all(coding.code in measurement for coding in one.codings)
    }
    unsure = [i for i in charged if any(c.codes & measurement for c in charged[i].codings)]
    coders = sorted({one.coder for one in codings})
    double = [item for item, one in coded.items() if len(one.codings) > 1]
    batch = _Batch(coded, coders, double, seed)
    return {
        "level": LEVEL,
        "coders": coders,
        "drawn": len(items),
        "double_coded": len(double),
        "agreement": batch.first_codes(),
        "measurement": _measurement(coded, charged, unsure, measurement, failing, scored),
        "codes": _codes(batch, charged, set(unsure), taxonomy),
    }


def _measurement(
    coded: Mapping[str, _Coded],
    charged: Mapping[str, _Coded],
    unsure: Sequence[str],
    names: set[str],
    failing: int,
    scored: int,
) -> dict[str, Any]:
    sure = len(coded) - len(charged)
    share = stats.simultaneous_shares([(sure, sure + len(unsure))], len(coded), level=LEVEL)[0]
    rate = failing / scored
    counts = {name: sum(one.possible(name) for one in coded.values()) for name in sorted(names)}
    return {
        "sure": sure,
        "possible": sure + len(unsure),
        "share": {"low": share.low, "high": share.high},
        "items": [item for item in coded if item not in charged],
        "codes": {name: count for name, count in counts.items() if count},
        "failing": failing,
        "scored": scored,
        "failure_rate": rate,
        "system_failure_rate": {"low": rate * (1 - share.high), "high": rate * (1 - share.low)},
    }


def _codes(
    batch: _Batch, charged: Mapping[str, _Coded], unsure: set[str], taxonomy: Taxonomy
) -> list[dict[str, Any]]:
    names = [name for name, code in taxonomy.codes.items() if not code.measurement]
    if not charged:
        raise NotEnoughData(
            f"all {len(batch.coded)} failures are the measurement's: there is nothing to rank",
            hint="mend labels, items or scorers first, and run the study again",
        )
    counts = [
        (
            sum(one.sure(name) for item, one in charged.items() if item not in unsure),
            sum(one.possible(name) for one in charged.values()),
        )
        for name in names
    ]
    shares = stats.simultaneous_shares(counts, len(charged), level=LEVEL)
    harms = [
        (taxonomy.weight(name) * share.low, taxonomy.weight(name) * share.high)
        for name, share in zip(names, shares, strict=True)
    ]
    ranks = stats.rank_ranges(harms)
    rows = []
    for at, name in enumerate(names):
        least, most = counts[at]
        if not most:
            continue
        alpha = batch.alpha(_has(name))
        middle = (least + most) / (2 * len(charged))
        rows.append(
            {
                "code": name,
                "is": taxonomy.codes[name].meaning,
                "severity": taxonomy.codes[name].severity,
                "least": least,
                "most": most,
                "of": len(charged),
                "share": {"value": middle, "low": shares[at].low, "high": shares[at].high},
                "harm": {
                    "value": taxonomy.weight(name) * middle,
                    "low": harms[at][0],
                    "high": harms[at][1],
                },
                "rank": {"best": ranks[at][0], "worst": ranks[at][1], "of": len(names)},
                "alpha": alpha,
                "may_gate": _may_gate(alpha),
            }
        )
    return sorted(rows, key=lambda row: (-row["harm"]["value"], row["code"]))


def _has(name: str) -> Callable[[Coding], float]:
    return lambda coding: float(name in coding.codes)


def _may_gate(alpha: Any) -> bool:
    return alpha is not None and alpha["value"] is not None and alpha["value"] >= LEAST_ALPHA
