"""What we write is judged by Every Eval Ever's own validator, schema and rules between files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from every_eval_ever.validator.validation_core import validate_file

from liftgate.flow.compare import read_tables
from liftgate.flow.export import exported
from tests.fixtures.logs.by_hand import LOGS, one

SIDES = {
    "inspect_ai": ("inspect/old.eval", "inspect/new.eval"),
    "agents": ("inspect/agent-careful.eval", "inspect/agent-hasty.eval"),
    "lm-eval": ("lm_eval/old/samples_choose_*.jsonl", "lm_eval/new/samples_choose_*.jsonl"),
    "promptfoo": ("promptfoo/grid.json@old/prompt-1", "promptfoo/grid.json@new/prompt-1"),
    "every_eval_ever": ("every_eval_ever/old-sums", "every_eval_ever/new-sums"),
}


def place(name: str) -> str:
    pattern, at, system = name.partition("@")
    return f"{one(LOGS, pattern)}{at}{system}"


def write(folder: Path, baseline: str, candidate: str) -> list[Path]:
    tables = read_tables(place(baseline), place(candidate))
    paths = []
    for name, pieces in exported(tables, tables.answered(), "every_eval_ever", seconds=1):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(pieces))
        paths.append(path)
    return paths


class Checkout:
    """What the validator asks of the repository that the files are meant for."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and (self.root / path).is_file()


def judged(root: Path, path: Path):
    return validate_file(
        path,
        repo_path=path.relative_to(root).as_posix(),
        available_files=Checkout(root),
        read_repo_file=lambda name: (root / name).read_text("utf-8"),
        run_semantic_checks=True,
    )


@pytest.mark.parametrize("name", sorted(SIDES))
def test_its_validator_finds_nothing_wrong(tmp_path: Path, name: str) -> None:
    paths = write(tmp_path, *SIDES[name])
    assert len(paths) == 4
    for path in paths:
        report = judged(tmp_path, path)
        assert (report.errors, report.warnings) == ([], [])
        assert report.valid


def test_its_validator_sees_a_line_that_is_gone_and_a_score_that_is_a_text(tmp_path: Path) -> None:
    samples, aggregate, *_ = write(tmp_path, *SIDES["lm-eval"])
    lines = samples.read_text("utf-8").splitlines()
    samples.write_text("\n".join(lines[1:]) + "\n", "utf-8")
    assert "total_rows does not match" in str(judged(tmp_path, aggregate).errors)
    row = json.loads(lines[0])
    row["evaluation"]["score"] = "high"
    samples.write_text("\n".join([json.dumps(row), *lines[1:]]) + "\n", "utf-8")
    assert not judged(tmp_path, samples).valid
