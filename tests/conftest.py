"""For every suite: Ctrl-C reaches what the tests start, wherever they were started themselves."""

from __future__ import annotations

import signal
from importlib.util import find_spec

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it puts into the background so, and children inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _undeclared(body, keys):
    """Return the members of a result that were not declared, and those that were and lack."""
    named = {key.rstrip("?") for key in keys}
    lacking = [key for key in keys if key not in body and not key.endswith(("?", "…"))]
    return lacking if "…" in keys else [*lacking, *(key for key in body if key not in named)]


def _declared_members_only() -> None:
    """Hold every JSON object that a command prints against the members that its help names."""
    import click

    from liftgate.cli import result

    def held(printed):
        def prints(body):
            context = click.get_current_context(silent=True)
            for option in context.command.params if context else ():
                if isinstance(option, result.JsonOption) and context.params.get("as_json"):
                    wrong = _undeclared(body, option.keys)
                    assert not wrong, f"{context.command_path}: {wrong}"
            printed(body)

        return prints

    result.print_json, result.print_line = held(result.print_json), held(result.print_line)


# The environment that makes the site has no liftgate.
if find_spec("liftgate") is not None:
    _declared_members_only()
