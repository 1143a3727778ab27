"""What a shell offers: names that the workspace knows; where nothing is known, nothing."""

from __future__ import annotations

import click
import pytest
from click.shell_completion import ShellComplete

from liftgate.cli import complete
from liftgate.cli.main import root
from tests.stories.offices import environment
from tests.unit.cli.test_every_command import COMMANDS


@pytest.fixture
def office_of_all(finished, monkeypatch):
    """The finished office itself: a completion only reads."""
    monkeypatch.chdir(finished)
    environment(monkeypatch, finished)


def offered(line: str, incomplete: str = "") -> set[str]:
    shell = ShellComplete(root, {}, "liftgate", "_LIFTGATE_COMPLETE")
    return {one.value for one in shell.get_completions(line.split(), incomplete)}


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("report", {"story"}),
        ("doc build", {"decision-memo", "model-card"}),
        ("doc build decision-memo", {"story"}),
        ("reproduce", {"story"}),
        ("trace", {"8", "8:new.primary", "8:old.right"}),
        ("ledger show", {"1", "8"}),
        ("ledger log --kind", {"decision", "study.locked"}),
        ("report --entry", {"8"}),
        ("sign study.yaml --sign-with", {"ada", "bob"}),
        ("keys revoke", {"rai", "robot"}),
        ("approve study.yaml --role", {"product", "responsible-ai"}),
        ("policy show", {"scaleup"}),
        ("rights explain", {"launch-high"}),
        ("judge show", {"task_success"}),
        ("attribute study.yaml --arm", {"old", "new"}),
        ("failures draw study.yaml --metric", {"right"}),
        ("run study.yaml --executor", {"asyncio", "processes"}),
    ],
)
def test_names_that_are_known_are_offered(office_of_all, line, names) -> None:
    assert offered(line) >= names


def test_only_what_begins_so_is_offered(office_of_all) -> None:
    assert offered("trace", "8:new.") >= {"8:new.primary"}
    assert not [name for name in offered("trace", "8:new.") if name[:6] != "8:new."]
    assert offered("reproduce", "no") == set()


def test_where_nothing_is_known_nothing_is_offered_and_nothing_fails(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "KEYS"):
        monkeypatch.setenv(f"LIFTGATE_{name}", str(tmp_path / name))
    for line in ("reproduce", "ledger show", "rate status", "regress retire", "keys revoke",
                 "attribute none.yaml --arm", "ledger log --kind"):  # fmt: skip
        assert offered(line) == set(), line
    assert list(tmp_path.iterdir()) == []


def test_a_completer_that_is_attached_to_nothing_would_be_noticed() -> None:
    attached = {
        one._custom_shell_complete
        for _, command in COMMANDS
        for one in command.params
        if one._custom_shell_complete is not None
    }
    made = {
        name
        for name, value in vars(complete).items()
        if callable(value) and getattr(value, "__name__", "") == "complete"
    }
    assert {name for name in made if getattr(complete, name) not in attached} == set()
    assert len(made) > 15


WHAT_STANDS_BEFORE = {"study": "study.yaml", "source": "study.yaml"}
COMPLETED = [
    pytest.param(command, one, id=f"{path} {one.name}")
    for path, command in COMMANDS
    for one in command.params
    if one._custom_shell_complete is not None
]


@pytest.mark.parametrize(("command", "param"), COMPLETED)
def test_every_completer_works_in_a_workspace(office_of_all, monkeypatch, command, param) -> None:
    monkeypatch.setenv(complete.ERRORS, "1")
    context = click.Context(command)
    context.params = WHAT_STANDS_BEFORE
    param.shell_complete(context, "")


def test_a_broken_completer_offers_nothing_and_says_why_where_that_is_asked(monkeypatch) -> None:
    def broken() -> complete.Named:
        raise RuntimeError("broken")

    offer = complete._completer(broken)
    context = click.Context(root)
    assert offer(context, root.params[0], "") == []
    monkeypatch.setenv(complete.ERRORS, "1")
    with pytest.raises(RuntimeError, match="broken"):
        offer(context, root.params[0], "")
