"""The whole tree of commands keeps the same rules; each rule can be seen to bite."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import click
import pytest

from liftgate.cli.main import root
from liftgate.cli.options import MEANINGS
from liftgate.cli.result import JsonOption, prints

CODES = {0, 1, 2, 3, 4, 130}
Leaf = tuple[str, click.Command]


def leaves(command: click.Command = root, path: str = "") -> Iterator[Leaf]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from leaves(inner, f"{path} {name}".strip())
    else:
        yield path, command


COMMANDS = list(leaves())


def options_of(command: click.Command) -> list[click.Option]:
    return [one for one in command.params if isinstance(one, click.Option)]


def codes_of(command: click.Command) -> list[int]:
    """Return the codes that a help text names after "Exit codes:", in its order."""
    said = re.search(r"Exit codes: (.+?)(?:\n\n|$)", inspect.cleandoc(command.help or ""), re.S)
    return [int(code) for code in re.findall(r"(?:^|,\s)(\d+)\s", said[1])] if said else []


def faults(path: str, command: click.Command) -> Iterator[str]:
    """Yield what a command lacks by itself."""
    ours = [one for one in options_of(command) if isinstance(one, JsonOption)]
    if not ours or ours[0].name != "as_json" or not ours[0].keys:
        yield f"{path}: no --json that names its members; see liftgate.cli.result.prints"
    codes = codes_of(command)
    if not {0, 2} <= set(codes) <= CODES or codes != sorted(codes):
        yield f"{path}: its help names the exit codes {codes}, expected 0, 2 and others, in order"
    assert command.callback is not None
    if "Workspace" in inspect.getsource(command.callback) and 3 not in codes:
        yield f"{path}: opens a workspace, and its help has no exit code 3"
    for option in options_of(command):
        if not option.help or not option.help.rstrip("]").endswith("."):
            yield f"{path}: {option.opts[0]} has no help, or one without a full stop"
        if "RANGE" in option.make_metavar(click.Context(command)):
            yield f"{path}: {option.opts[0]} shows the name of a type; give it a metavar"


def sort_of(option: click.Option) -> str:
    """Return what sort of value an option takes; one name has one sort."""
    kind = option.type
    if option.is_flag:
        return "flag"
    if isinstance(kind, click.Path):
        return "path"
    number = isinstance(kind, (click.IntRange, click.FloatRange)) or kind in (
        click.INT,
        click.FLOAT,
    )
    return "number" if number else "text"


def name_faults(commands: Sequence[Leaf]) -> Iterator[str]:
    """Yield the options' names that mean several things."""
    by_name: dict[str, list[click.Option]] = defaultdict(list)
    for _, command in commands:
        for option in options_of(command):
            for name in option.opts:
                by_name[name].append(option)
    for name, found in by_name.items():
        sorts = {sort_of(one) for one in found}
        if len(sorts) > 1:
            yield f"{name}: takes a {' and a '.join(sorted(sorts))}"
        if name != "--json" and len({one.help for one in found}) > 1 and name not in MEANINGS:
            yield f"{name}: several texts, and no meaning in liftgate.cli.options.MEANINGS"
    for name in MEANINGS:
        if len(by_name[name]) < 2:
            yield f"{name}: has a meaning in MEANINGS, and no two commands have it"


def test_every_command_prints_json_names_its_exit_codes_and_explains_its_options() -> None:
    assert len(COMMANDS) > 90
    assert [fault for path, command in COMMANDS for fault in faults(path, command)] == []


def test_an_option_means_the_same_whichever_command_has_it() -> None:
    assert list(name_faults(COMMANDS)) == []


def test_every_group_says_what_it_is_for() -> None:
    context = click.Context(root)
    groups = [root.get_command(context, name) for name in root.list_commands(context)]
    assert all(one is not None and one.help for one in groups)


def planted(doc: str, *decorators: object) -> click.Command:
    def command(**_: object) -> int:
        return 0

    command.__doc__ = doc
    made = command
    for decorate in decorators:
        made = decorate(made)
    return click.command()(made)


GOOD = "Do it.\n\nExit codes: 0 done, 2 wrong use."


@pytest.mark.parametrize(
    ("doc", "decorators", "told"),
    [
        (GOOD, [prints("done")], []),
        (GOOD, [], ["no --json"]),
        (GOOD, [click.option("--json", "as_json", is_flag=True, help="As JSON.")], ["no --json"]),
        (GOOD, [prints()], ["no --json"]),
        ("Do it.", [prints("done")], ["exit codes []"]),
        ("Do it.\n\nExit codes: 0 done.", [prints("done")], ["exit codes [0]"]),
        ("Do it.\n\nExit codes: 0 a, 2 b, 1 c.", [prints("done")], ["exit codes [0, 2, 1]"]),
        ("Do it.\n\nExit codes: 0 a, 2 b, 7 c.", [prints("done")], ["exit codes [0, 2, 7]"]),
        (GOOD, [prints("done"), click.option("--x")], ["--x has no help"]),
        (GOOD, [prints("done"), click.option("--x", help="An x")], ["--x has no help"]),
        (
            GOOD,
            [prints("done"), click.option("--x", type=click.IntRange(1), help="An x.")],
            ["--x shows the name of a type"],
        ),
    ],
)
def test_a_command_without_one_of_these_is_noticed(doc, decorators, told) -> None:
    found = list(faults("it", planted(doc, *decorators)))
    assert len(found) == len(told)
    assert all(part in fault for part, fault in zip(told, found, strict=True))


def test_a_command_that_opens_a_workspace_names_the_code_of_altered_evidence() -> None:
    @click.command()
    @prints("done")
    def opens(**_: object) -> int:
        """Do it.

        Exit codes: 0 done, 2 wrong use.
        """
        return len("Workspace")

    assert [fault for fault in faults("it", opens) if "code 3" in fault]


def test_a_name_of_two_meanings_is_noticed() -> None:
    file = planted(GOOD, click.option("--new", type=click.Path(), help="A file."))
    number = planted(GOOD, click.option("--new", type=click.IntRange(1), help="How many."))
    told = list(name_faults([*COMMANDS, ("a", file), ("b", number)]))
    assert len(told) == 2
    assert all(fault.startswith("--new: ") for fault in told)
