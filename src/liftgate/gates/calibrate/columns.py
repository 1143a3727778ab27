"""A foreign table's repeats, one column each: what averaging over them loses."""

from __future__ import annotations

import numpy as np

from liftgate.gates.calibrate.rows import Floats
from liftgate.gates.foreign import Collected, Integers


def columns(side: Collected, at: Integers, metric: str, failed_as: float | None) -> Floats:
    """Return shape (items, repeats): as many repeats as every item has, in the table's order.

    Args:
        side: one table.
        at: shape (items,): the table's numbers of the items that are wanted.
        metric: of the table.
        failed_as: the score of a row in which the system failed; None: missing.
    """
    fallen = np.nan if failed_as is None else failed_as
    values = np.where(side.failed, fallen, side.scores[metric])
    order = np.argsort(side.at, kind="stable")
    starts = np.concatenate([[0], np.cumsum(side.repeats)[:-1]])
    count = int(side.repeats[at].min(initial=np.iinfo(np.int64).max))
    places = order[starts[at][:, None] + np.arange(count)]
    return np.asarray(values[places], dtype=np.float64)
