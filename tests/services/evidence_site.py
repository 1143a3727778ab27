"""A workspace in which everything happened, each text of it hostile, and its pages served."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from liftgate.ledger import Ledger
from liftgate.ledger.keys import VARIABLE
from tests.services.rating_site import ATTACK, liftgate, object_of
from tests.stories.offices import Office, score_one_again

SYSTEMS = f"""
import hashlib

from liftgate.records import Answer, Step, StepKind, Trace

ATTACK = {ATTACK!r}


def lot(*parts):
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16) / 2**32


def system(right=0.5, k=2):
    calls = {{}}

    def answer(parts):
        asked = parts["text"]
        calls[asked] = calls.get(asked, 0) + 1
        if asked.startswith("question 7") and right > 0.6:
            raise RuntimeError(ATTACK)
        said = "yes" if lot(asked, calls[asked]) < right else "no " + ATTACK
        found = [{{"id": f"page {{n}} {{ATTACK}}"}} for n in range(k)]
        steps = [Step(StepKind.RETRIEVAL, "search " + ATTACK, asked, found)]
        steps += [Step(StepKind.TOOL, "look up", {{"q": asked}}, ATTACK, error=ATTACK)] * (k - 2)
        steps.append(Step(StepKind.MODEL, "write", asked, said))
        return Answer(output=said, trace=Trace(tuple(steps)))

    answer.measure = lambda: {{"size_mb": 1.0}}
    return answer


def judge():
    def answer(parts):
        good = "yes" in parts["text"].rpartition("nswer")[2]
        return {{"value": int(good), "reason": "it says so " + ATTACK}}

    return answer
"""
RUBRIC = {
    "liftgate": 1, "rubric": "tone", "version": "1", "source": ATTACK,
    "question": f"Is it right? {ATTACK}", "shows": ["input"],
    "scale": {"kind": "binary", "anchors": [
        {"value": 0, "label": "wrong", "meaning": ATTACK, "key": "n"},
        {"value": 1, "label": "right", "meaning": ATTACK, "key": "y"},
    ]},
}  # fmt: skip
STUDY = {
    "liftgate": 1, "study": "hostile", "hypothesis": ATTACK, "owner": ATTACK, "tier": "scaleup",
    "repeats": 2, "seed": 1,
    "dataset": {"source": "items.jsonl", "slices": ["kind"]},
    "arms": {
        "old": {"role": "baseline", "system": "python:planted_systems:system",
                "params": {"k": 2}},
        "new": {"role": "candidate", "system": "python:planted_systems:system",
                "params": {"right": 0.8, "k": 3}},
    },
    "scorers": {"right": {"scorer": "exact"},
                "tone": {"scorer": "judge", "rubric": "tone.yaml",
                         "system": "python:planted_systems:judge"}},
    "outcomes": {"timeout": {"score": "worst", "after_s": 30}, "crash": {"score": "worst"},
                 "refusal": {"score": "worst"}, "unparsable": {"score": "worst"},
                 "scorer_failed": "missing", "missing_label": "missing"},
    "claims": {"primary": {"metric": "right", "superior": {"target": 0.1}},
               "guardrails": [{"measure": "size_mb", "within": {"limit": 10}}],
               "watch": [{"metric": "tone", "by_slice": "kind",
                         "none_shown_worse": {"min_clusters": 10}}]},
}  # fmt: skip
ITEMS = 80
HOSTILE_ITEM = f"q3 {ATTACK}"


class Silent:
    """What an office reads the output of commands from, where nothing is captured."""

    def readouterr(self):
        return "", ""


def fill(folder):
    (folder / "planted_systems.py").write_text(SYSTEMS)
    (folder / "tone.yaml").write_text(yaml.safe_dump(RUBRIC))
    rows = [{"id": f"q{n}", "input": f"question {n}", "target": "yes", "kind": "ab"[n % 2]}
            for n in range(ITEMS)]  # fmt: skip
    rows[3] |= {"id": HOSTILE_ITEM, "input": f"question 3 {ATTACK}", "kind": ATTACK}
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "study.yaml").write_text(json.dumps(STUDY))


def evidence(folder):
    """Lock, run, rate, sign, approve, score once more, approve again, waive."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LIFTGATE_HOME", str(folder / ".liftgate"))
        patch.setenv(VARIABLE, str(folder / "private"))
        patch.delenv("LIFTGATE_TRUST", raising=False)
        patch.setenv("LIFTGATE_AUTHOR", ATTACK)
        fill(folder)
        office = Office(folder, Silent())
        for name, role in (("ada", "product"), ("bob", "product"), ("cem", "product")):
            assert office("keys", "new", name) == 0
            trust = ("keys", "trust", f"{name}.pub.json", "--role", role, "--sign-with", "ada")
            assert office(*trust) == 0
        assert office("run", "study.yaml", "--quiet") == 0
        rated(folder)
        assert office("sign", "study.yaml", "--sign-with", "ada") == 0
        approve = ("approve", "study.yaml", "--role", "product", "--note", ATTACK, "--sign-with")
        assert office(*approve, "ada") == 1
        assert office(*approve, "bob") == 0
        score_one_again(office)
        assert office(*approve, "cem") == 0
        until = (datetime.now(UTC) + timedelta(days=5)).isoformat()
        assert office("waive", "study.yaml", "--condition", "fresh", "--reason", ATTACK, "--owner",
                      ATTACK, "--until", until, "--sign-with", "bob") == 0  # fmt: skip
        with Ledger.open(folder / ".liftgate") as ledger:
            ledger.append("note", {"about": ATTACK, ATTACK: ATTACK})
        assert office("doc", "build", "decision-memo", "hostile", "--out",
                      "docs/<b>memo.md") == 0  # fmt: skip
        text = (folder / "docs" / "<b>memo.md").read_text("utf-8")
        title = text.replace("# ", f"# {ATTACK} ", 1)
        (folder / "docs" / "<b>title.md").write_text(title, "utf-8")
    return folder


def rated(folder):
    """Two people rate some answers, by file, with hostile comments; the batch is closed."""
    drawn = liftgate(folder, "rate", "draw", "study.yaml", "--rubric", "tone.yaml", "--raters",
                     "ann,bob", "--n", "6", "--overlap", "6", "--seed", "2", "--json")  # fmt: skip
    batch = drawn["batch"]
    for rater in ("ann", "bob"):
        sheet = liftgate(folder, "rate", "export", batch, "--sheet", rater)
        rows = [json.loads(line) for line in sheet.splitlines()]
        for number, row in enumerate(rows):
            row |= {"value": str((number + (rater == "bob")) % 2), "comment": ATTACK}
        path = folder / f"{rater}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        liftgate(folder, "rate", "import", batch, str(path))
    liftgate(folder, "rate", "close", batch)
    return batch


@contextmanager
def served(folder, *words):
    """Serve a command of ours that prints its links as JSON; it ends by Ctrl-C."""
    process = subprocess.Popen(
        [sys.executable, "-m", "liftgate", *words],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "LIFTGATE_HOME": str(folder / ".liftgate"),
             VARIABLE: str(folder / "private")},
    )  # fmt: skip
    try:
        yield object_of(process.stdout)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def copied(folder, to):
    """Return a copy of a workspace that a test may change."""
    return shutil.copytree(folder, to)
