"""Run the study, label some of its answers, calibrate the judge, and decide by the labels.

    python -m examples.judge.demo

The labels are people's, published with the replies: whether a reply is a refusal. Only those that
``label draw`` drew get one. Whether an arm was right about a reply follows from its label.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from examples.command import WORDS, decided, liftgate
from examples.judge.prepare import BUILD
from examples.judge.replies import label_of

HERE = Path(__file__).parent
STUDY = str(HERE / "study.yaml")
LABELS = 50
"""The fewest that a decision takes."""
AT_ONCE = "3"
"""Calls in flight in all; each model has one at a time, so that its answers repeat."""
RATER = "pyrit"


def run(*options: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the study."""
    return liftgate("run", STUDY, "--concurrency", AT_ONCE, *options, capture=capture)


def labelled(row: Mapping[str, Any], said: Mapping[str, int]) -> dict[str, Any]:
    """Return a drawn row with its label.

    Args:
        row: of the drawn batch.
        said: item id -> 1 where people called the reply a refusal, else 0.
    """
    return {**row, "rater": RATER, "value": said[row["item"]]}


def calibrate() -> None:
    """Draw rows, fill in people's labels, calibrate.

    A run that was stopped after its draw left its labels behind: they are used.
    """
    filled = BUILD / "labels.jsonl"
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        batch = Path(folder) / "labels.jsonl"
        drawn = liftgate("label", "draw", STUDY, "--n", str(LABELS), "--out", str(batch))
        if drawn.returncode == 0:
            said = label_of()
            lines = batch.read_text("utf-8").splitlines()
            rows = [labelled(json.loads(line), said) for line in lines]
            batch.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
            batch.replace(filled)
        elif not filled.is_file():
            sys.exit("demo-judge: no labels could be drawn")
    if liftgate("judge", "calibrate", STUDY, "--labels", str(filled)).returncode != 0:
        sys.exit("demo-judge: the judge could not be calibrated")


def claims(body: Mapping[str, Any]) -> list[str]:
    """Return what the estimate says of labels and of the judge alone."""
    estimate = body["decisions"][0]["verdicts"][0]["estimate"] or {}
    wanted = ("labelled by people", "count as", "the judge alone")
    return [told for told in estimate.get("warnings", ()) if any(word in told for word in wanted)]


def read(answer: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return a decision as JSON; exits when there is none."""
    found = decided(answer.returncode, answer.stdout)
    if found is None:
        sys.exit(f"demo-judge: no valid decision; liftgate run exited {answer.returncode}")
    return found


def main() -> None:
    """Run to a decision, ask twice more, exit 0 unless there is none or they differ."""
    if run().returncode not in WORDS:
        sys.exit("demo-judge: the study did not run")
    if not claims(read(run("--json", "--quiet", capture=True))):
        calibrate()
        run("--quiet")
    again = [run("--json", "--quiet", capture=True) for _ in range(2)]
    body = read(again[0])
    told = claims(body)
    if again[0].stdout != again[1].stdout or not told:
        sys.exit("demo-judge: the decision does not repeat, or does not rest on labels")
    print()
    for line in told:
        print(line)
    print(f"Digest of the decision: {hashlib.sha256(again[0].stdout.encode()).hexdigest()}")
    print(f"Decision: {WORDS[body['exit_code']]} (liftgate run exits {body['exit_code']})")


if __name__ == "__main__":
    main()
