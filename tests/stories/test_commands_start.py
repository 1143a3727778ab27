"""Each command starts by itself, as at a prompt: nothing is there that it did not import.

The other stories call commands in their own process, or fork one that has imported everything
(`tools/warm.py`): what a command forgot to import is there all the same.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from liftgate.cli.main import COMMANDS

TABLES = Path(__file__).resolve().parents[2] / "examples" / "compare"
LINES = f"""
0 compare {TABLES}/bm25.csv {TABLES}/fusion.csv --metric recall_at_5
0 run study.yaml --quiet
0 study lint study.yaml
0 perturb items.jsonl --family typos --out noisy.jsonl
0 regress list
0 failures draw study.yaml --n 5 --out batch.jsonl
4 gate status study.yaml
0 policy show
0 rights explain launch-high
0 sign study.yaml --sign-with ada
0 approve study.yaml --role product --sign-with bob
0 waive study.yaml --condition fresh --until 5h --reason r --owner o --sign-with bob
1 break-glass study.yaml --scope s --reason r --acceptor bob --until 5h --sign-with bob
0 exceptions
2 cosign show none.json
0 drill record rollback study.yaml --verdict passed --note n --sign-with bob
0 judge list
2 label plan study.yaml --n 5
0 stats verify --list
2 attribute study.yaml
2 ui nowhere
0 report story
0 doc build decision-memo story --out memo.md
0 data tags
0 ledger verify
0 keys list
0 trace 8:new.primary
1 impact dataset:items.jsonl
2 registry audit --registry none:here
0 reproduce story --estimate
0 rate draw study.yaml --rubric task_success --raters ann --n 5 --seed 1
0 cache explain study.yaml
0 models list
0 plugins
"""


@pytest.mark.parametrize("line", LINES.strip().splitlines())
def test_a_command_starts_in_an_interpreter_of_its_own(office, line) -> None:
    code, *words = line.split()
    done = subprocess.run(
        [sys.executable, "-m", "liftgate", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == int(code), done.stdout + done.stderr


def test_no_command_is_left_out() -> None:
    assert {line.split()[1] for line in LINES.strip().splitlines()} == set(COMMANDS)
