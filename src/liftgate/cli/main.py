"""The root of the command line: lazy commands, one place where an error becomes text and a code."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Any

import click

from liftgate import __version__
from liftgate.errors import (
    BrokenChain,
    LiftgateError,
    LockedError,
    NotEnoughData,
    NotReproduced,
    Refused,
    StudyError,
    did_you_mean,
)

COMMANDS = {
    "compare": (
        "liftgate.cli.compare",
        "Better, worse, or can't tell: two tables or logs, paired.",
    ),
    "run": ("liftgate.cli.run", "Lock a study if need be, run it and decide."),
    "study": ("liftgate.cli.study", "Write, check, lock, amend and verify a study."),
    "perturb": ("liftgate.cli.perturb", "Write a data set of items clean and perturbed."),
    "regress": ("liftgate.cli.regress", "Keep failing items as tests, and run them."),
    "failures": ("liftgate.cli.failures", "Draw failures to be coded, and rank the fixes."),
    "gate": ("liftgate.cli.gate", "How often a gate errs, and whether its checks bite."),
    "policy": ("liftgate.cli.policy", "What a decision needs beside its statistics, by its risk."),
    "rights": ("liftgate.cli.rights", "Who may do what, and who must sign it."),
    "sign": ("liftgate.cli.approve", "Sign a study as its author, with forecast or record."),
    "approve": ("liftgate.cli.approve", "Approve a decision in a role: a signed sign-off."),
    "waive": ("liftgate.cli.approve", "Set a condition of the policy aside, for a time."),
    "break-glass": ("liftgate.cli.glass", "Release in an emergency; reviewed afterwards."),
    "exceptions": ("liftgate.cli.glass", "Count waivers and broken glass, open and overdue."),
    "cosign": ("liftgate.cli.cosign", "Sign on a machine of your own what a file asks for."),
    "drill": ("liftgate.cli.drill", "Record that a rollback was practised."),
    "judge": ("liftgate.cli.judge", "Rubrics, and a model judge's error measured against people."),
    "label": ("liftgate.cli.label", "Draw answers for people to label; plan how many."),
    "stats": ("liftgate.cli.stats", "What the statistics really do, measured."),
    "attribute": (
        "liftgate.cli.attribute",
        "Which stage of a retrieval system its wrong answers come from.",
    ),
    "ui": ("liftgate.cli.ui", "The workspace in the browser: studies, decisions, documents."),
    "report": ("liftgate.cli.report", "Write the report of a study's last decision."),
    "doc": ("liftgate.cli.doc", "Documents whose numbers cannot drift from the ledger."),
    "data": ("liftgate.cli.data", "What binds data sets; erase items, bring runs of others."),
    "ledger": ("liftgate.cli.ledger", "Show and verify the ledger and the files that it names."),
    "keys": ("liftgate.cli.keys", "Make signing keys, and say whose count for what."),
    "trace": ("liftgate.cli.trace", "From a printed number back to its rows."),
    "impact": ("liftgate.cli.impact", "Which decisions rest on a thing that turned out wrong."),
    "registry": (
        "liftgate.cli.registry",
        "Move a model registry's aliases by decisions; find moves without.",
    ),
    "reproduce": ("liftgate.cli.reproduce", "Run a run's trials again; say what became of them."),
    "rate": ("liftgate.cli.rate", "Have people rate answers, blind: draw, serve, status, export."),
    "cache": ("liftgate.cli.cache", "Why a trial of a study is not known and must be made."),
    "models": ("liftgate.cli.models", "Bring, list and serve embedded models."),
    "plugins": ("liftgate.cli.plugins", "List the scorers, systems, rules and importers."),
}
"""Command -> (module that holds a click command of the same name, one line of help)."""


READER_GONE = 141
"""What a shell says of a program whose reader went away: neither met nor harm."""
STOPPED = "Stopped. Nothing that was finished is lost; run the same command to go on."


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the command names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, or None when there is no such name."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(COMMANDS[cmd_name][0]), cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was nearly named."""
        near = did_you_mean(args[0], COMMANDS) if args and args[0] not in COMMANDS else ""
        if near:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {near!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, importing none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="liftgate")
def root() -> None:
    """Ship decisions for AI changes: planned, paired, locked and traceable.

    Start with two tables of scores: liftgate compare baseline.csv candidate.csv
    """


def exit_code(error: LiftgateError) -> int:
    """Return the exit code of an error: 1 failed, 2 wrong use, 3 integrity, 4 not enough."""
    if isinstance(error, (LockedError, BrokenChain)):
        return 3
    if isinstance(error, (NotReproduced, Refused)):
        return 1
    if isinstance(error, NotEnoughData):
        return 4
    return 2


def error_json(error: LiftgateError) -> dict[str, Any]:
    """Return an error as JSON, for ``--json``."""
    body: dict[str, Any] = {
        "error": type(error).__name__,
        "message": str(error),
        "hint": error.hint,
        "exit_code": exit_code(error),
    }
    if isinstance(error, StudyError):
        body["file"] = error.file
        body["faults"] = [
            {
                "path": f.path,
                "line": f.line,
                "column": f.column,
                "message": f.message,
                "suggestion": f.suggestion,
            }
            for f in error.faults
        ]
    return body


def show_error(error: LiftgateError, *, as_json: bool) -> None:
    """Print an error for people on stderr, or as JSON on stdout."""
    if as_json:
        click.echo(json.dumps(error_json(error), indent=2))
        return
    from liftgate.cli.text import paragraphs

    click.echo(f"Error: {paragraphs(str(error))}", err=True)
    if isinstance(error, StudyError):
        for fault in error.faults:
            click.echo(f"  {paragraphs(fault.text(error.file))}", err=True)
            if fault.source:
                click.echo(f"    | {paragraphs(fault.source.rstrip())}", err=True)
    if error.hint:
        click.echo(f"Next: {paragraphs(error.hint)}", err=True)


def main(argv: list[str] | None = None) -> None:
    """Run the command line; the console script's entry."""
    args = sys.argv[1:] if argv is None else argv
    try:
        code = _code(args, as_json="--json" in args)
    except BrokenPipeError:  # an error was to be told
        gone = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(gone, stream.fileno())
        code = READER_GONE
    sys.exit(code)


def _code(args: list[str], *, as_json: bool) -> int:
    """Run a command and tell its error; return the exit code."""
    out = sys.stdout
    try:
        code = root.main(args=args, prog_name="liftgate", standalone_mode=False)
    except LiftgateError as error:
        show_error(error, as_json=as_json)
        code = exit_code(error)
    except click.exceptions.Abort:
        _say("Stopped", STOPPED, "", 130, as_json=as_json)
        code = 130
    except click.ClickException as error:
        if as_json:
            _say(type(error).__name__, error.format_message(), _help_of(error), 2, as_json=True)
        else:
            error.show()
        code = 2
    except SystemExit as ended:
        # When the reader of a pipe is gone, click puts another stream for stdout and exits with 1,
        # which here would say harm. No command ends so: imported code did, and its 0 is no ship.
        code = READER_GONE
        if sys.stdout is out:
            _say("SystemExit", _ended_by(ended), "", 2, as_json=as_json)
            code = 2
    except OSError as error:
        said = f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")
        _say(type(error).__name__, said, "", 2, as_json=as_json)
        code = 2
    return code if isinstance(code, int) else 0


def _ended_by(ended: SystemExit) -> str:
    """Return which code ended the process."""
    from pathlib import Path
    from traceback import extract_tb

    last = extract_tb(ended.__traceback__)[-1]
    return (
        f"{Path(last.filename).name}, line {last.lineno}: sys.exit({ended.code!r}) in imported "
        'code ended the command; put it under: if __name__ == "__main__"'
    )


def _say(name: str, message: str, hint: str, code: int, *, as_json: bool) -> None:
    """Print what is no error of liftgate's own in the same two ways."""
    if as_json:
        body = {"error": name, "message": message, "hint": hint, "exit_code": code}
        click.echo(json.dumps(body, indent=2))
    else:
        from liftgate.cli.text import paragraphs

        click.echo(message if code == 130 else f"Error: {paragraphs(message)}", err=True)


def _help_of(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{context.command_path} --help" if context is not None else ""
