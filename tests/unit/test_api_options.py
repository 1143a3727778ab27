"""What an option of a command decides can be decided from Python, too, or it is said why not."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from collections.abc import Iterator
from typing import Any

import click
import pytest

from liftgate import api
from liftgate.cli.behind import BEHIND
from liftgate.cli.result import JsonOption
from tests.unit.cli.test_every_command import COMMANDS, options_of

LEAVES = dict(COMMANDS)

NAMED = {
    "compare --item": "columns",
    "compare --metric": "columns",
    "compare --system": "columns",
    "compare --repeat": "columns",
    "compare --cluster": "columns",
    "compare --slice": "columns",
    "compare --error": "columns",
    "compare --against-each": "candidates",
    "compare --html": "comparison_page",
    "compare --picture": "comparison_pictures",
    "compare --junit": "comparison_junit",
    "compare --summary": "comparison_summary",
    "compare --save-study": "draft_study",
    "run --workers": "executor",
    "run --quiet": "progress",
    "run --no-report": "report",
    "study power --quiet": "progress",
    "gate activate --quiet": "progress",
    "gate mutate --quiet": "progress",
    "gate record --as-signed": "signed_record",
    "gate replay --quiet": "progress",
    "gate simulate --quiet": "progress",
    "rights delegate --who": "to",
    "rights propose --entry": "of",
    "drill record --verdict": "passed",
    "drill record --took": "took_s",
    "label plan --half-width": "width",
    "stats verify --quiet": "show",
    "attribute --no-control": "control",
    "attribute --quiet": "progress",
    "data erase --all": "items",
    "ledger checkpoint --out": "file",
    "ledger move --quiet": "show",
    "ledger pack --against": "checkpoint",
    "ledger unpack --out": "to",
    "ledger unpack --against": "checkpoint",
    "keys trust --as-owner": "owner",
    "impact --mark": "reopen_decisions",
    "registry audit --alias": "guarded",
    "registry audit --no-files": "contents",
    "registry import --experiment": "registry",
    "registry promote --arm": "candidate",
    "registry promote --alias": "served",
    "registry promote --no-files": "contents",
    "registry rollback --alias": "served",
    "reproduce --no-search": "search",
    "reproduce --estimate": "estimate_reproduction",
    "reproduce --code": "export_code",
    "reproduce --captured": "captured_run",
    "rate export --sheet": "batch_sheet",
    "models add --sha256": "digest",
}
"""Option -> the parameter, field or function by which Python says it."""

_RETURNED = "the function returns what the command writes"
ONLY_TYPED = {
    "study new --out": _RETURNED,
    "regress export --out": _RETURNED,
    "gate record --out": _RETURNED,
    "ledger attest --out": _RETURNED,
    "ledger prove --out": _RETURNED,
    "rate export --out": _RETURNED,
    "compare --export": "a folder of another tool's files; the functions return the numbers",
    "compare --ui": "pages in a browser",
    "compare --port": "pages in a browser",
    "compare --host": "pages in a browser",
    "compare --off-loopback": "pages in a browser",
    "report --open": "a browser",
    "study lint --sarif": "another form of the faults that the function returns or raises",
    "study lint --summary": "another form of the faults that the function returns or raises",
    "gate status --junit": "another form of the tree that the function returns",
    "gate simulate --picture": "the answer draws itself; curve asks for what the picture shows",
    "stats verify --list": "prints names and measures nothing",
    "stats verify --accept-known": "an exit code: the report tells known misses apart",
    "regress list --all": "the function returns retired tests, too; the command leaves them out",
    "trace --rows": "how many of the returned rows are printed",
}
"""Option -> why only the command line has it."""


def said_by(name: str) -> Iterator[str]:
    """Yield a function's name, its parameters, and the fields of the questions that it takes.

    What a record of results holds is not asked for by whoever hands it on.
    """
    yield name
    function = getattr(api, name)
    yield from inspect.signature(function).parameters
    hints = {k: v for k, v in typing.get_type_hints(function).items() if k != "return"}
    for kind in flat(hints.values()):
        if dataclasses.is_dataclass(kind) and kind not in results():
            yield from (one.name for one in dataclasses.fields(kind))


@functools.cache
def results() -> frozenset[Any]:
    """Return what some function of the API gives back."""
    functions = filter(inspect.isfunction, (getattr(api, name) for name in api.__all__))
    kinds = flat(typing.get_type_hints(one).get("return") for one in functions)
    return frozenset(kind for kind in kinds if dataclasses.is_dataclass(kind))


def flat(kinds: Any) -> Iterator[Any]:
    for kind in kinds:
        yield kind
        yield from flat(typing.get_args(kind))


def lacking(path: str, command: click.Command) -> Iterator[str]:
    """Yield the options of a command that its functions have under no name."""
    known = {said for name in BEHIND[path].split() for said in said_by(name)}
    for option in options_of(command):
        named = {option.name, option.opts[0].lstrip("-").replace("-", "_")}
        if not isinstance(option, JsonOption) and not named & known:
            yield f"{path} {option.opts[0]}"


def test_every_option_can_be_said_in_python_or_it_is_told_why_not() -> None:
    found = {one for path in BEHIND for one in lacking(path, LEAVES[path])}
    assert found - {*NAMED, *ONLY_TYPED} == set(), "give the function what the option decides"
    assert {*NAMED, *ONLY_TYPED} - found == set(), "these need no word here any more"
    assert not NAMED.keys() & ONLY_TYPED.keys()


@pytest.mark.parametrize(("option", "said"), NAMED.items())
def test_what_an_option_is_called_in_python_is_there(option: str, said: str) -> None:
    path = option.partition(" --")[0]
    assert said in {one for name in BEHIND[path].split() for one in said_by(name)}


def test_an_option_that_python_lacks_would_be_noticed() -> None:
    command = LEAVES["ledger show"]
    more = click.Command("show", params=[*command.params, click.Option(["--as-of"])])
    assert list(lacking("ledger show", command)) == []
    assert list(lacking("ledger show", more)) == ["ledger show --as-of"]
