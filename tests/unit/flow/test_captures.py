"""What the ledger says of the capture of runs."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from liftgate.flow.captured import captures
from liftgate.records import Entry

PARTS = ("installed", "python", "platform", "cpu", "gpus", "packages", "seeds", "command")
NOWHERE: Any = SimpleNamespace(blob_state=lambda _: "kept")


def finished(sequence: int, git: Any = None, **not_captured: str) -> Entry:
    manifest = dict.fromkeys(PARTS) | {"dataset": "d", "git": git}
    body = {"id": "r", "files": {}, "manifest": manifest | {"not_captured": not_captured}}
    time = datetime(2026, 1, 1, tzinfo=UTC)
    return Entry(sequence, "run.finished", body, {}, "", "a", time, "")


def test_a_later_entry_about_a_run_completes_nothing() -> None:
    entries = [finished(1, code="no repository"), finished(2)]
    lacks = ("not captured: code (no repository)",)
    assert captures(entries, ["r"], NOWHERE) == {"r": lacks}
    assert captures(entries[1:], ["r"], NOWHERE) == {"r": ()}


@pytest.mark.parametrize("git", ["a text", {"commit": "c"}])
def test_of_code_that_something_else_wrote_down_nobody_can_tell(git: Any) -> None:
    assert captures([finished(1, git)], ["r"], NOWHERE) == {"r": None}
