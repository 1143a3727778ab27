"""A workspace of its own for each story: a dataset, systems that log their calls, a study."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.stories.desks import Desk
from tests.stories.offices import approved, finished, office
from tools import warm

__all__ = ["approved", "finished", "office"]

SYSTEMS = '''
"""Systems with a known rate of success; every call leaves a line in calls.log."""
import hashlib, os, time
from pathlib import Path

LOG = Path(__file__).with_name("calls.log")


def _draw(*parts):
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16) / 2**32


def system(name, right, slow_s=0.0, trouble="", size=1.0):
    def answer(parts):
        with LOG.open("a") as log:
            log.write(name + "\\n")
        if slow_s:
            time.sleep(slow_s)
        question = parts["text"]
        if trouble and _draw("trouble", question) < 0.05:
            if trouble == "raise":
                raise ValueError("no idea")
            if trouble == "hang":
                time.sleep(60)
            return object()
        # One draw for all systems: a better system is right wherever a worse one is.
        return "yes" if _draw("right", question) < right else "no"

    answer.measure = lambda: {"size_mb": size}
    return answer
'''

STUDY: dict[str, Any] = {
    "liftgate": 1,
    "study": "story",
    "hypothesis": "The candidate is right more often.",
    "dataset": {"source": "items.jsonl", "cluster": "page", "slices": ["kind"]},
    "arms": {
        "old": {
            "role": "baseline",
            "system": "python:story_systems:system",
            "params": {"name": "old", "right": 0.5},
        },
        "new": {
            "role": "candidate",
            "system": "python:story_systems:system",
            "params": {"name": "new", "right": 0.7},
        },
    },
    "scorers": {"right": {"scorer": "exact"}},
    "outcomes": {
        "timeout": {"score": "worst", "after_s": 30},
        "crash": {"score": "worst"},
        "refusal": {"score": "worst"},
        "unparsable": {"score": "worst"},
        "scorer_failed": "missing",
        "missing_label": "missing",
    },
    "claims": {
        "primary": {"metric": "right", "superior": {"target": 0.1}},
        "guardrails": [{"measure": "size_mb", "within": {"limit": 10}}],
    },
    "seed": 1,
}


@dataclass
class World:
    """A folder with a study, and the command line in it."""

    folder: Path
    study: dict[str, Any] = field(default_factory=lambda: json.loads(json.dumps(STUDY)))

    def write(self, *, items: int = 200, label: str = "yes", file: str = "study.yaml") -> Path:
        """Write systems, items and the study (JSON is YAML)."""
        (self.folder / "story_systems.py").write_text(SYSTEMS, encoding="utf-8")
        rows = [
            {
                "id": f"q{n}",
                "input": f"question {n}",
                "target": label,
                "page": f"page {n // 4}",
                "kind": "even" if (n // 4) % 2 == 0 else "odd",
            }
            for n in range(items)
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (self.folder / "items.jsonl").write_text(text, encoding="utf-8")
        path = self.folder / file
        path.write_text(json.dumps(self.study, indent=2), encoding="utf-8")
        return path

    def arm(self, name: str, **params: Any) -> None:
        """Change an arm's parameters; a new name adds a candidate."""
        made = self.study["arms"].setdefault(
            name,
            {
                "role": "candidate",
                "system": "python:story_systems:system",
                "params": {"name": name},
            },
        )
        made["params"] |= params

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start liftgate in the folder."""
        return subprocess.Popen(
            [sys.executable, "-m", "liftgate", *words],
            cwd=self.folder,
            env={**os.environ, "NO_COLOR": "1"},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )

    def liftgate(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run liftgate in the folder."""
        env = {**os.environ, "NO_COLOR": "1"}
        return warm.run(["-m", "liftgate", *words], cwd=self.folder, env=env)

    def decision(self, *words: str, file: str = "study.yaml") -> dict[str, Any]:
        """Run the study and return its decision."""
        done = self.liftgate("run", file, "--json", "--quiet", *words)
        assert done.stdout, done.stderr
        body: dict[str, Any] = json.loads(done.stdout)
        assert body.get("exit_code") == done.returncode, done.stdout + done.stderr
        return body

    def calls(self) -> Counter[str]:
        """Return how often each system was called."""
        log = self.folder / "calls.log"
        return Counter(log.read_text(encoding="utf-8").split()) if log.exists() else Counter()

    def stop_in_the_middle(self, calls: int, how: signal.Signals) -> None:
        """Start the study, and stop it once that many calls were made."""
        process = self.start("run", "study.yaml")
        deadline = time.monotonic() + 120
        while sum(self.calls().values()) < calls:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(how)
        process.communicate(timeout=60)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return an empty workspace."""
    return World(tmp_path)


def verdict(body: Mapping[str, Any], candidate: str, claim: str) -> dict[str, Any]:
    """Return one verdict of a decision."""
    decision = next(d for d in body["decisions"] if d["candidate"] == candidate)
    found: dict[str, Any] = next(v for v in decision["verdicts"] if v["claim"] == claim)
    return found


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """Return a small ledger, and the command line beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIFTGATE_HOME", str(tmp_path / ".liftgate"))
    monkeypatch.setenv("LIFTGATE_KEYS", str(tmp_path / "private"))
    return Desk(tmp_path, capsys)
