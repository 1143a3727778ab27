"""With --json every command prints one object and nothing else, whatever it does; so do errors."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from liftgate.cli.main import main
from tests.stories.offices import SYSTEMS
from tests.stories.test_api_equals_cli import ASKED, command_of
from tests.unit.cli.test_every_command import COMMANDS

SOON = (datetime.now(UTC) + timedelta(hours=5)).isoformat()
STEPS = """
0 keys list
0 keys new zoe
0 keys trust zoe.pub.json --role dev --as-owner --sign-with owner
0 keys revoke zoe --reason gone --sign-with owner
0 study show study.yaml
0 study schema --built-in
0 study new mine --worthwhile 0.05
2 study new mine --worthwhile 0.05
2 study amend study.yaml --reason r --seen results
0 gate record study.yaml --out record.md
0 sign study.yaml --sign-with ada
0 gate sign study.yaml --sign-with ada
0 approve study.yaml --role product --request ask.json
0 cosign show ask.json
0 cosign sign ask.json --sign-with bob
0 cosign add ask.json
0 waive study.yaml --condition fresh --until SOON --reason r --owner o --sign-with bob
0 exceptions
1 break-glass study.yaml --scope s --reason r --acceptor bob --until SOON --sign-with bob
0 drill record rollback study.yaml --verdict passed --note n --sign-with bob
0 policy show
0 policy check study.yaml
0 rights explain launch-high
1 rights consumer our-gate --team ads --sign-with bob
0 rights conflict story --reason r --sign-with rai
0 rights delegate --role product --who rai --until SOON --reason r --sign-with bob
2 rights review 1 --note n --sign-with bob
0 ledger show 1
0 ledger correct LOCK --path study.hypothesis --value somebody --reason r
2 ledger erase sha256:00 --reason r
0 ledger move sqlite --dry-run
0 ledger checkpoint
0 ledger checkpoint --out kept.txt
0 ledger prove 1 --out proof.json
0 ledger check proof.json --against kept.txt
0 ledger prove --since kept.txt
0 ledger attest LOCK --predicate protocol --sign-with bob --out statement.json
0 ledger pack story --out pack.zip --against kept.txt
0 ledger unpack pack.zip --against kept.txt
0 doc list
0 doc diff decision-memo study.yaml --from DECISION
0 data tags
0 regress add study.yaml --item-id WRONG --arm new --owner o --reason r
0 regress list
2 regress quarantine TEST --reason r
2 regress restore TEST --reason r
0 regress export --out tests.jsonl
0 regress retire TEST --reason r
0 failures taxonomy
0 perturb items.jsonl --family typos --out noisy.jsonl
0 judge list
0 judge show task_success
0 models list
0 plugins
0 stats verify --list
0 data erase story --item-id q7 --reason r
2 data fetch nowhere
2 ui nowhere
2 rate status none
2 rate export none
2 label plan study.yaml
"""
ELSEWHERE = {
    "study power", "gate replay", "gate mutate",
    "gate activate", "policy adopt", "rights propose", "rights answer", "rights status",
    "regress run", "failures report", "judge calibrate", "label draw", "attribute",
    "registry promote", "registry rollback", "registry finish", "registry import",
    "registry audit", "rate draw", "rate serve", "rate import", "rate adjudicate", "rate close",
    "models add", "models serve",
}  # fmt: skip
"""Too long for here, or of a world of their own: their stories read what they print as JSON."""


_made: dict[str, Any] = {}
exec(SYSTEMS, _made)
system = _made["system"]


def as_json(capsys, words: list[str]) -> tuple[int, dict]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main([*words, "--json"])
    said = capsys.readouterr()
    code = ended.value.code
    assert isinstance(code, int)
    body = json.loads(said.out)
    assert isinstance(body, dict), words
    assert said.out.startswith("{\n"), words
    assert said.out.endswith("\n}\n"), words
    return code, body


def filled(word: str, told: dict[str, str]) -> str:
    for name, value in told.items():
        word = word.replace(name, value)
    return word


def answers(number: int) -> str:
    answer: str = system(prompt="new")({"text": f"question {number}"})
    return answer


def test_every_result_and_every_error_is_one_object(office, capsys) -> None:
    lock, decision = office.entries("study.locked")[-1], office.entries("decision")[-1]
    told = {
        "SOON": SOON,
        "LOCK": str(lock.sequence),
        "DECISION": str(decision.sequence),
        "WRONG": next(f"q{n}" for n in range(240) if answers(n) == "no"),
    }
    wrong = []
    for line in STEPS.strip().splitlines():
        expected, *words = line.split()
        try:
            code, body = as_json(capsys, [filled(word, told) for word in words])
        except (AssertionError, ValueError) as error:
            wrong.append((line, error))
            continue
        if words[:2] == ["regress", "add"] and code == 0:
            told["TEST"] = body["name"]
        if code != int(expected) or ("error" in body and body["exit_code"] != code):
            wrong.append((line, code, body))
    assert wrong == []
    walked = {command_of(line.split()[1:]) for line in STEPS.strip().splitlines()}
    walked |= {command_of(line.split()) for line in ASKED}
    assert walked == {path for path, _ in COMMANDS} - ELSEWHERE
