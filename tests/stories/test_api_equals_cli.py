"""The same question to the command line and to the Python API: the same answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from liftgate import api
from liftgate.canon import plain
from liftgate.cli.behind import BEHIND
from liftgate.cli.ledger_text import head, verified
from liftgate.cli.main import error_json, main
from liftgate.errors import LiftgateError
from liftgate.records import Columns, Question
from tests.unit.cli.test_every_command import COMMANDS

STUDY = Path("study.yaml")
TABLES = Path(__file__).resolve().parents[2] / "examples" / "compare"
OLD, NEW = (str(TABLES / name) for name in ("bm25.csv", "fusion.csv"))


def compared() -> Any:
    columns = Columns(metrics=("recall_at_5",), cluster="page")
    return plain(api.compare_tables(OLD, NEW, Question(columns=columns)))


def in_place() -> api.Workspace:
    return api.Workspace.locate()


def locked(found: Any) -> Any:
    return {"study": found.name, "sequence": found.sequence, "digest": found.digest}


def linted() -> Any:
    study = api.load_study(STUDY)
    found = api.lint_study(study)
    warnings = [{"path": w.path, "message": w.message} for w in found.warnings]
    return {"study": study.study, "digest": study.digest(), "warnings": warnings}


def lock_again() -> Any:
    kept = api.lock_study(STUDY, in_place())
    return {**locked(kept.locked), "added": kept.added is not None}


def built() -> Any:
    made = api.build_document(in_place(), "decision-memo", "story", out=Path("memo.md"))
    return {"entry": made.entry, "leaf": made.leaf, "files": [str(path) for path in made.paths]}


def reported() -> Any:
    made = api.write_report(in_place(), study="story")
    return {"entry": made.entry, "leaf": made.leaf, "report": str(made.path)}


def drawn() -> Any:
    made = api.draw_failures(
        STUDY, api.FailureDrawing(count=5, seed=0), Path("batch-2.jsonl"), in_place()
    )
    return {"batch": made.batch, "drawn": made.drawn, "failing": made.failing}


ASKED: dict[str, Callable[[], Any]] = {
    f"compare {OLD} {NEW} --metric recall_at_5 --cluster page": compared,
    "study lint study.yaml": linted,
    "study lock study.yaml": lock_again,
    "run study.yaml --quiet --no-report": lambda: api.run_study(STUDY, report=False).as_json(),
    "study verify study.yaml": lambda: locked(api.verify_study(STUDY, in_place())),
    "gate status study.yaml": lambda: api.gate_status(
        api.standing_picture(STUDY, in_place())
    ).as_json(),
    "gate simulate study.yaml --runs 100 --pilots 0 --quiet": lambda: api.simulate_gate(
        STUDY, api.GateRequest(runs=100, pilots=0)
    ).as_json(),
    "policy diff regulated startup": lambda: {
        "changes": [
            one.as_json() for one in api.policy_difference("regulated", "startup", in_place())
        ]
    },
    "ledger verify": lambda: verified(api.verify_ledger(in_place())),
    "ledger log": lambda: {"entries": [head(one) for one in api.ledger_entries(in_place())]},
    "trace 8:new.primary": lambda: api.trace_reference("8:new.primary", in_place()).as_json(),
    "impact dataset:items.jsonl": lambda: api.impact_of(
        "dataset:items.jsonl", in_place()
    ).as_json(),
    "reproduce story --estimate": lambda: {
        "estimate": api.estimate_reproduction("story", in_place())
    },
    "cache explain study.yaml": lambda: {"known": api.explain_cache(STUDY, None, in_place()).known},
    "failures draw study.yaml --n 5 --out batch-1.jsonl": drawn,
    "report story": reported,
    "doc build decision-memo story --out memo.md": built,
    "doc check memo.md": lambda: api.check_document(in_place(), Path("memo.md")).as_json(),
}


REFUSED: dict[str, Callable[[], Any]] = {
    "label plan study.yaml --n 5": lambda: api.plan_labels(
        "study.yaml", in_place(), labels=5, width=None
    ),
    "label draw study.yaml --n 5 --out drawn.jsonl": lambda: api.draw_labels(
        "study.yaml", 5, Path("drawn.jsonl"), in_place()
    ),
    "judge calibrate study.yaml --labels none.csv": lambda: api.calibrate_judge(
        "study.yaml", Path("none.csv"), in_place()
    ),
    "study amend study.yaml --reason r --seen nothing": lambda: api.amend_study(
        STUDY, in_place(), reason="r", seen=api.Seen.NOTHING
    ),
    "ledger show 99": lambda: api.ledger_entry(in_place(), 99),
    "reproduce nothing": lambda: api.reproduce_run("nothing", in_place(), study=STUDY),
}


def command_of(words: list[str]) -> str:
    known = {path for path, _ in COMMANDS}
    return words[0] if words[0] in known else " ".join(words[:2])


def test_the_command_line_and_the_api_give_the_same_answer(office, capsys) -> None:
    wrong = []
    for line, ask in ASKED.items():
        capsys.readouterr()
        with pytest.raises(SystemExit):
            main([*line.split(), "--json"])
        told = json.loads(capsys.readouterr().out)
        found = json.loads(json.dumps(ask()))
        assert "error" not in told, (line, told)
        assert found, line
        for name, value in found.items():
            seen = told.get(name)
            if name == "warnings":
                seen = [{"path": one["path"], "message": one["message"]} for one in seen]
            if seen != value:
                wrong.append((line, name, seen, value))
    assert wrong == []


def test_both_refuse_in_the_same_words(office, capsys) -> None:
    for line, ask in REFUSED.items():
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*line.split(), "--json"])
        told = json.loads(capsys.readouterr().out)
        with pytest.raises(LiftgateError) as caught:
            ask()
        found = error_json(caught.value)
        assert told == found, line
        assert ended.value.code == found["exit_code"]


def test_the_questions_are_of_commands_that_there_are() -> None:
    asked = [command_of(line.split()) for line in ASKED]
    assert set(asked) <= set(BEHIND)
    assert len(asked) > 15
