"""The gate at the end of ``inspect eval``, without inspect_ai: what it runs, and how it ends."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
import types
from pathlib import Path

import pytest

from liftgate.integrations import inspect_gate
from liftgate.integrations.inspect_gate import Gate, compare, local_path, worst
from tests.fixtures.logs.by_hand import LOGS

OLD, NEW = LOGS / "inspect" / "old.eval", LOGS / "inspect" / "new.eval"


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/logs/a b.eval", "/logs/a b.eval"),
        ("file:///logs/a%20b.eval", "/logs/a b.eval"),
        ("logs/a.eval", "logs/a.eval"),
        ("s3://bucket/a.eval", None),
    ],
)
def test_a_log_is_found_where_inspect_ai_says_that_it_is(location: str, path: str | None) -> None:
    assert local_path(location) == path


@pytest.mark.parametrize(
    ("codes", "code"),
    [([], 0), ([0, 0], 0), ([0, 4], 4), ([4, 1], 1), ([1, 2], 2), ([2, 3, 1], 3), ([130, 0], 130)],
)
def test_the_worst_answer_is_the_exit_code(codes: list[int], code: int) -> None:
    assert worst(codes) == code


@pytest.mark.parametrize(
    ("baseline", "candidate", "options", "code", "said"),
    [
        (OLD, NEW, "--metric exact --require better", 0, "Required better: met. exact: better"),
        (NEW, OLD, "--metric exact --require better", 1, "Required better: harm shown on exact."),
        (OLD, NEW, "--metric 'exact", 2, "liftgate: LIFTGATE_COMPARE: No closing quotation"),
        (OLD, "s3://bucket/a.eval", "", 2, "liftgate: s3://bucket/a.eval is not on this machine"),
    ],
)
def test_a_log_is_compared_as_the_environment_asks(
    baseline, candidate, options, code, said, monkeypatch, capfd
) -> None:
    monkeypatch.setenv("LIFTGATE_BASELINE", str(baseline))
    monkeypatch.setenv("LIFTGATE_COMPARE", options)
    assert compare(str(candidate)) == code
    shown = capfd.readouterr()
    assert said in (shown.out if code < 2 else shown.err)


def test_the_process_ends_with_the_code_and_only_once(monkeypatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(inspect_gate, "compare", lambda log: 4 if log == "a" else 0)
    monkeypatch.setattr(inspect_gate.os, "_exit", ended.append)
    gate = Gate()
    for location in ("a", "b", None, ""):
        gate.add(location)
    gate.close()
    gate.close()
    assert ended == [4]
    gate.add("b")
    gate.close()
    assert ended == [4]


def test_the_hook_collects_the_logs_of_a_run_and_is_off_without_a_baseline(monkeypatch) -> None:
    module = types.ModuleType("inspect_ai.hooks")
    module.Hooks, module.RunEnd = object, object
    module.hooks = lambda **about: lambda kind: kind
    monkeypatch.setitem(sys.modules, "inspect_ai", types.ModuleType("inspect_ai"))
    monkeypatch.setitem(sys.modules, "inspect_ai.hooks", module)
    monkeypatch.setattr("atexit.register", lambda function: function)
    monkeypatch.delitem(sys.modules, "liftgate.integrations.inspect_hook", raising=False)
    hook_module = importlib.import_module("liftgate.integrations.inspect_hook")
    hook = hook_module.LiftgateHook()
    monkeypatch.delenv("LIFTGATE_BASELINE", raising=False)
    assert not hook.enabled()
    monkeypatch.setenv("LIFTGATE_BASELINE", "x.eval")
    assert hook.enabled()
    logs = [types.SimpleNamespace(location=name) for name in ("a.eval", "b.eval")]
    asyncio.run(hook.on_run_end(types.SimpleNamespace(logs=logs)))
    assert hook_module._GATE.logs == ["a.eval", "b.eval"]
    monkeypatch.delitem(sys.modules, "liftgate.integrations.inspect_hook")


def test_an_ending_process_takes_the_code_of_the_gate(tmp_path: Path) -> None:
    code = (
        "import atexit, os; from liftgate.integrations.inspect_gate import Gate;"
        f"os.environ.update(LIFTGATE_BASELINE={str(NEW)!r},"
        " LIFTGATE_COMPARE='--metric exact --require better');"
        f"gate = Gate(); atexit.register(gate.close); gate.add({str(OLD)!r}); print('before')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.index("before") >= 0
    assert "harm shown on exact" in done.stdout
