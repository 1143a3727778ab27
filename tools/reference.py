"""Write the reference pages that are made from the code: commands, Python, errors, methods.

python tools/reference.py            write docs/reference/{cli,python,errors,plugins,
                                     methods,measured-errors}.md
python tools/reference.py --check    fail, with the difference, when a page is out of date
"""

from __future__ import annotations

import difflib
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from liftgate import errors, plugins
from liftgate.cli.main import exit_code, root
from liftgate.cli.options import MEANINGS
from liftgate.stats import table
from liftgate.stats.verify import page

PAGES = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Made by tools/reference.py: do not edit; run `make docs`. -->\n\n"
WIDE: dict[str, Any] = {"terminal_width": 88, "max_content_width": 88}


_CLI_HEAD = """# Commands

What each command prints for `--help`.

Every command has `--json`: one JSON object on stdout and nothing else, messages on stderr. Its help
names the members; one that ends in `?` is there only where there is something to say. What serves
until Ctrl-C prints its object on one line, and goes on. An error is an object, too: `error`,
`message`, `hint`, `exit_code`, of a faulty file also `file` and `faults`. The exit code is the same
with and without `--json`: [exit-codes.md](exit-codes.md). Each command as a function:
[python.md](python.md).

Names of studies, runs, entries, references, keys, roles, batches, tests, templates, arms and
metrics are completed by the shell:
`eval "$(_LIFTGATE_COMPLETE=bash_source liftgate)"` in `~/.bashrc` (`zsh_source`
for zsh; fish: `_LIFTGATE_COMPLETE=fish_source liftgate | source`). Where nothing is offered,
`export LIFTGATE_COMPLETE_ERRORS=1` shows why.

A file that is evidence, or that people write into, is made once: `--out` of such a command refuses
one that exists. What the same command makes again, a report, a picture, JUnit XML, SARIF, a built
document, replaces what it made there before and nothing else: such a file says in its own format
what it is, and anything else is left as it is, with exit code 2. `--summary` appends, and only to a
text. Every file appears whole or not at all, also when the disk is full.

An option means the same whichever command has it:

| option | is |
|---|---|
"""


def commands(
    command: click.Command = root,
    path: tuple[str, ...] = ("liftgate",),
    parent: click.Context | None = None,
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every command's words with its help text, the root first."""
    context = command.make_context(path[-1], [], parent, resilient_parsing=True, **WIDE)
    yield path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if (inner := command.get_command(context, name)) is not None:
                yield from commands(inner, (*path, name), context)


def cli_page() -> str:
    """Return the page of all commands, each with what ``--help`` prints."""
    parts = [_CLI_HEAD]
    parts += [f"| `{name}` | {says} |\n" for name, says in MEANINGS.items()]
    for path, text in commands():
        parts.append(f"\n## {' '.join(path)}\n\n```text\n{text.strip()}\n```\n")
    return "".join(parts)


def error_classes(top: type[Exception] = errors.LiftgateError) -> Iterator[type[Exception]]:
    """Yield the errors that are defined in ``liftgate.errors``, each before its children."""
    yield top
    for child in top.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from error_classes(child)


def _exit_code(kind: type[Exception]) -> int:
    made = kind.__new__(kind)
    assert isinstance(made, errors.LiftgateError)
    return exit_code(made)


def errors_page() -> str:
    """Return the table of errors: what each means, and the exit code that it becomes."""
    lines = [
        "# Errors\n",
        "Every error that liftgate raises on purpose is a `LiftgateError`; `.hint` says what to do",
        "next. Only the command line turns one into a text and an exit code.\n",
        "| error | is also a | exit code | means |",
        "|---|---|---|---|",
    ]
    for kind in error_classes():
        bases = ", ".join(f"`{base.__name__}`" for base in kind.__bases__)
        meaning = _first_paragraph(kind.__doc__)
        lines.append(f"| `{kind.__name__}` | {bases} | {_exit_code(kind)} | {meaning} |")
    return "\n".join(lines) + "\n"


def plugins_page() -> str:
    """Return the built-in plug-ins, with the parameters that a study may give them."""
    lines = [
        "# Built-in plug-ins\n",
        "A plug-in is one file and one entry-point line; these come in by the same door as yours.",
        "`liftgate plugins` lists what is installed where you are.",
    ]
    for kind in plugins.KINDS:
        lines += [f"\n## {kind.capitalize()}\n", "| name | parameters | is |", "|---|---|---|"]
        for listing in plugins.catalogue():
            if listing.kind == kind and listing.package == "liftgate":
                factory = plugins.load(kind, listing.name)
                parameters = _parameters(factory) if kind in {"scorers", "rules"} else ""
                meaning = _meaning(kind, listing, factory)
                lines.append(f"| `{listing.name}` | {parameters} | {meaning} |")
    return "\n".join(lines) + "\n"


def _parameters(factory: Callable[..., object]) -> str:
    # Annotations are kept as text by the language; their quotes are not part of them.
    texts = [str(one).replace("'", "") for one in inspect.signature(factory).parameters.values()]
    return ", ".join(f"`{text}`".replace("|", "\\|") for text in texts) or "none"


def _meaning(kind: str, listing: plugins.Listing, factory: object) -> str:
    """A scorer's factory says what it gives; another factory's module says what it is."""
    if kind == "scorers":
        return _first_paragraph(factory.__doc__)
    module = sys.modules[listing.place.partition(":")[0]]
    name = listing.name.rpartition(".")[2]
    return _first_paragraph(module.__doc__).removeprefix(f"{name}: ")


def _first_paragraph(docstring: str | None) -> str:
    paragraph = inspect.cleandoc(docstring or "").split("\n\n")[0]
    text = re.sub(r"``([^`]*)``", r"`\1`", " ".join(paragraph.split()))
    return text.replace("|", "\\|")


def measured_page() -> str:
    """Return the measured figures, from the JSON that `liftgate stats verify --long` wrote."""
    report = json.loads((PAGES / "measured-errors.json").read_text(encoding="utf-8"))
    return page.page(report)


def methods_page() -> str:
    """Return the method table, each method with a link to its measured figures."""
    text = table.render()
    for name in {row.name for row in table.METHODS if row.test is not None}:
        link = f" ([measured](measured-errors.md#{page.anchor(name)}))"
        text = re.sub(rf"(\*\*\[{re.escape(name)}\]\([^)]*\)\*\*)", rf"\1{link}", text)
    return text


def python_page() -> str:
    """Return the page of the Python API."""
    root = str(PAGES.parent.parent)
    if root not in sys.path:  # started as a script, not as a module of this folder
        sys.path.insert(0, root)
    from tools import python_page as made

    return made.python_page()


MAKERS = {
    "cli.md": cli_page,
    "python.md": python_page,
    "errors.md": errors_page,
    "plugins.md": plugins_page,
    "measured-errors.md": measured_page,
}


def pages() -> dict[str, str]:
    """Return the pages as they should be, file name -> text."""
    made = {name: NOTE + make() for name, make in MAKERS.items()}
    return made | {"methods.md": methods_page()}


def differences() -> list[str]:
    """Return a unified diff of every page that is not as it should be."""
    found = []
    for name, text in pages().items():
        path = PAGES / name
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if old != text:
            diff = difflib.unified_diff(
                old.splitlines(), text.splitlines(), f"docs/reference/{name}", "made", lineterm=""
            )
            found.append("\n".join(diff))
    return found


def main() -> None:
    """Write the pages, or check them."""
    if "--check" in sys.argv[1:]:
        found = differences()
        if found:
            sys.exit("\n".join([*found, "", "out of date: run `make docs` and commit the pages"]))
        return
    PAGES.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (PAGES / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
