"""Write the pilot's tables anew: both arms of the study on the pilot's items.

    python -m examples.summarise.pilot

They decide nothing: the size of the study was planned by them (liftgate study power).
"""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path
from typing import Any

import yaml

from examples.summarise.docstrings import pilot_items
from liftgate import Item
from liftgate.scorers.token_f1 import token_f1
from liftgate.systems.local import open_system

HERE = Path(__file__).parent
METRIC = "token_f1"


async def scores(arm: dict[str, Any], items: list[Item]) -> list[float]:
    """Return an arm's score on each item."""
    name = arm["system"].partition(":")[2]
    system = open_system(name, params=arm["params"], files=(), packages=(), root=HERE)
    try:
        answers = [await system.answer(item.input) for item in items]
    finally:
        await system.close()
    found = [token_f1().score(answer, item) for answer, item in zip(answers, items, strict=True)]
    return [value for value in found if isinstance(value, float)]


async def main() -> None:
    """Ask both arms side by side and write one table each."""
    arms = yaml.safe_load((HERE / "study.yaml").read_text(encoding="utf-8"))["arms"]
    items = pilot_items()
    names = ("f16", "q4_1")
    columns = await asyncio.gather(*(scores(arms[name], items) for name in names))
    for name, column in zip(names, columns, strict=True):
        path = HERE / "pilot" / f"{name}.csv"
        path.parent.mkdir(exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["item", "module", METRIC])
            for item, value in zip(items, column, strict=True):
                rows.writerow([item.id, item.cluster, f"{value:.6f}"])


if __name__ == "__main__":
    asyncio.run(main())
