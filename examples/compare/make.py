"""Make the tables beside this file from the documentation search example.

    python -m examples.compare.make        (after ``make demo``, in its environment)

A sample of pages, drawn by a seed; names of questions and pages are replaced by numbers.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

from examples.docsearch import dataset, systems

PAGES = 60
SEED = 20261123
SEARCHES = {"bm25": systems.bm25, "dense": systems.dense, "fusion": systems.fusion}


def main() -> None:
    """Ask every search the sampled questions and write what they scored."""
    items = dataset.items()
    pages = sorted({item.cluster or "" for item in items})
    drawn = sorted(random.Random(SEED).sample(pages, PAGES))
    asked = [item for item in items if item.cluster in drawn]
    for name, open_search in SEARCHES.items():
        search = open_search()
        path = Path(__file__).with_name(f"{name}.csv")
        with path.open("w", newline="", encoding="utf-8") as stream:
            table = csv.writer(stream, lineterminator="\n")
            table.writerow(["item", "page", "recall_at_5", "mrr"])
            for number, item in enumerate(asked, start=1):
                found = search({"query": str(item.input["query"])})
                rank = found.index(item.id) + 1 if item.id in found else None
                row = [f"q{number:03d}", f"p{drawn.index(item.cluster or '') + 1:02d}"]
                table.writerow([*row, int(rank is not None and rank <= 5), _share(rank)])
    _write_questions([(number, item.cluster or "") for number, item in enumerate(asked, 1)], drawn)
    print(f"{len(asked)} questions from {len(drawn)} pages")


def _write_questions(asked: list[tuple[int, str]], drawn: list[str]) -> None:
    """Write the planned items of study.yaml, which only their number and page tell apart."""
    with (
        Path(__file__).with_name("questions.csv").open("w", newline="", encoding="utf-8") as stream
    ):
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["id", "input", "target", "page"])
        for number, page in asked:
            named = f"{number:03d}"
            row = [f"q{named}", f"question {named}", f"section {named}"]
            table.writerow([*row, f"p{drawn.index(page) + 1:02d}"])


def _share(rank: int | None) -> str:
    return f"{1 / rank:.4f}" if rank else "0"


if __name__ == "__main__":
    main()
