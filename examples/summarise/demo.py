"""Run the study to its decision; say what stopping early saved, and the decision with its code.

    python -m examples.summarise.demo

``liftgate run`` exits by decision: 0 ship, 1 hold, 4 inconclusive. All three are valid answers, so
the demonstration succeeds on each. A crash of Python exits 1 too; therefore the decision is asked
for again, as JSON, twice: neither may call anything, both must be the same to the byte.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from examples.command import WORDS, decided, liftgate
from examples.documents import documents

HERE = Path(__file__).parent
STUDY, PRICES = str(HERE / "study.yaml"), str(HERE / "prices.yaml")
AT_ONCE = "2"
"""Calls in flight in all. Each model still has one at a time, so that its answers repeat."""


def decide(*options: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the study in a process of its own."""
    words = ("run", STUDY, "--prices", PRICES, "--concurrency", AT_ONCE, *options)
    return liftgate(*words, capture=capture)


def decision(code: int, answers: list[str]) -> dict[str, Any] | None:
    """Return the decision, or None when there is no valid one.

    Args:
        code: how ``liftgate run`` exited.
        answers: what ``liftgate run --json`` printed afterwards, each time.
    """
    return decided(code, answers[0]) if len(set(answers)) == 1 else None


def saved(body: dict[str, Any]) -> Iterator[str]:
    """Yield what was called and paid, and what stopping early left uncalled and unpaid."""
    looks = body["looks"]
    planned, items = looks["planned_items"], looks["items"]
    yield (
        f"Calls: {looks['trials']:,} decided, {looks['trials_saved']:,} of "
        f"{looks['trials'] + looks['trials_saved']:,} were not needed"
    )
    currency = body["prices"]["currency"]
    for arm, cost in body["cost"].items():
        if cost["total"] is None:
            continue
        each = cost["total"] / cost["items"]
        yield (
            f"{arm}: {cost['tokens_in']:,} tokens in, {cost['tokens_out']:,} out, "
            f"{cost['total']:.6f} {currency}; about {each * (planned - items):.6f} {currency} "
            f"saved; p50 {body['latency'][arm]['p50_ms']:,.0f} ms"
        )


def main() -> None:
    """Run, ask twice more, print the decision, build its documents; exit 0 unless one fails."""
    code = decide().returncode
    again = [decide("--json", "--quiet", capture=True) for _ in range(2)]
    found = None
    if all(one.returncode == code for one in again):
        found = decision(code, [one.stdout for one in again])
    if found is None:
        codes = ", ".join(str(one.returncode) for one in again)
        sys.exit(f"demo-llm: no valid decision; liftgate run exited {code}, then {codes}")
    print()
    for line in saved(found):
        print(line)
    print(f"Digest of the decision: {hashlib.sha256(again[0].stdout.encode()).hexdigest()}")
    print(f"Decision: {WORDS[code]} (liftgate run exits {code})")
    if documents(STUDY, str(HERE / "documents.yaml")):
        sys.exit("demo-llm: a document does not hold against the ledger")


if __name__ == "__main__":
    main()
