"""What a shell completes: names that the workspace, the keys and the plug-ins know.

A completion never fails: where nothing can be read, it offers nothing. Why it offers nothing is
shown where the variable LIFTGATE_COMPLETE_ERRORS is set.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    import click

    from liftgate.records import Entry

Named = Iterable[tuple[str, str]]
"""Names, each with a short text that some shells show beside it."""
Completer = Callable[["click.Context", "click.Parameter", str], list[CompletionItem]]

ERRORS = "LIFTGATE_COMPLETE_ERRORS"
"""The variable with which a completer that is broken says so."""
_LATEST = 200
"""So many entries of the ledger are offered, the last ones."""


def _of_command(names: Callable[[click.Context], Named], *, files: bool = False) -> Completer:
    """Make a completer of names; with ``files`` the shell offers its files as well.

    Args:
        names: from what stands on the line before.
        files: whether a file may stand there, too.
    """

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            found = [
                CompletionItem(name, help=said or None)
                for name, said in names(ctx)
                if name.startswith(incomplete)
            ]
        except Exception:  # somebody is in the middle of a line: a traceback would tear it
            # The command itself says what is wrong once it is sent off.
            if os.environ.get(ERRORS):
                raise
            found = []
        return [*found, CompletionItem(incomplete, type="file")] if files else found

    return complete


def _completer(names: Callable[[], Named], *, files: bool = False) -> Completer:
    """Make a completer of names that are the same on every line."""
    return _of_command(lambda _: names(), files=files)


def _entries(kind: str | None = None, last: int | None = None) -> list[Entry]:
    from liftgate.flow.ledger import entries
    from liftgate.store import Workspace

    return entries(Workspace.locate(), kind=kind, last=last)


def _studies() -> Named:
    from liftgate.flow.study_index import StudyIndex
    from liftgate.store import Workspace

    return (
        (known.name, known.hypothesis) for known in StudyIndex(Workspace.locate()).now().values()
    )


def _runs() -> Named:
    return ((entry.body["id"], f"entry {entry.sequence}") for entry in _entries("run.finished"))


def _numbered(kind: str | None = None) -> Named:
    return ((str(one.sequence), one.kind) for one in reversed(_entries(kind, _LATEST)))


def _references() -> Iterator[tuple[str, str]]:
    from liftgate.lineage.reference import targets

    for entry in reversed(_entries("decision", _LATEST)):
        yield str(entry.sequence), str(entry.body.get("study", ""))
        for name, target in targets(entry.body, entry.sequence).items():
            yield name, target.metric


def _kinds() -> Named:
    return ((kind, "") for kind in dict.fromkeys(entry.kind for entry in _entries()))


def _own_keys() -> Named:
    from liftgate.ledger.keys import own_names

    return ((name, "") for name in own_names())


def _trusted_keys() -> Named:
    from liftgate.flow.keys import listed
    from liftgate.store import Workspace

    return ((one.key.name, ", ".join(one.roles)) for one in listed(Workspace.locate(), None).keys)


def _roles() -> Named:
    from liftgate.flow.keys import listed
    from liftgate.store import Workspace

    keys = listed(Workspace.locate(), None).keys
    return ((role, "") for role in dict.fromkeys(role for one in keys for role in one.roles))


def _batches() -> Named:
    return ((one.body["batch"], one.body.get("source", "")) for one in _entries("rating.drawn"))


def _tests() -> Named:
    from liftgate.flow.suite import listed
    from liftgate.store import Workspace

    return ((test.name, test.state.value) for test in listed(Workspace.locate()))


def _templates() -> Named:
    from liftgate.flow.document import template_files
    from liftgate.store import Workspace

    return ((name, "") for name in template_files(Workspace.locate()))


def _policies() -> Named:
    from liftgate.gates.policy import SHIPPED

    return ((name, "shipped") for name in SHIPPED)


def _acts() -> Named:
    from liftgate.flow.policies import current
    from liftgate.gates.policy import SHIPPED, shipped
    from liftgate.store import Workspace

    policy = current(Workspace.locate(), None) or shipped(SHIPPED[0])
    return ((right.act, "") for right in policy.table())


def _rubrics() -> Named:
    from liftgate.study.rubric import built_in_rubrics

    return ((name, "") for name in built_in_rubrics())


def _models() -> Named:
    from liftgate.flow.models import list_models

    return ((model.name, model.form) for model in list_models())


def _executors() -> Named:
    from liftgate.plugins import catalogue

    return ((one.name, one.package) for one in catalogue() if one.kind == "executors")


studies = _completer(_studies, files=True)
runs = _completer(lambda: [*_runs(), *_studies()])
entries = _completer(_numbered)
decisions = _completer(lambda: _numbered("decision"))
references = _completer(_references, files=True)
kinds = _completer(_kinds)
own_keys = _completer(_own_keys)
trusted_keys = _completer(_trusted_keys)
roles = _completer(_roles)
batches = _completer(_batches)
tests = _completer(_tests)
templates = _completer(_templates, files=True)
policies = _completer(_policies, files=True)
acts = _completer(_acts)
rubrics = _completer(_rubrics, files=True)
models = _completer(_models)
executors = _completer(_executors)


def of_study(part: str) -> Completer:
    """Make a completer of what the command's STUDY file names.

    Args:
        part: ``arms``, ``claims``, ``candidates`` or ``metrics``.
    """
    return _of_command(lambda ctx: ((name, "") for name in _parts(ctx, part)))


def _parts(ctx: click.Context, part: str) -> list[str]:
    from liftgate.study.load import load

    # An option that still lacks its value stops click's parsing; what stood before it is kept.
    given = ctx.params.get("study") or ctx.params.get("source") or ctx.args[0]
    planned = load(given)
    parts = {
        "arms": lambda: list(planned.arms),
        "candidates": lambda: list(planned.candidates),
        "claims": lambda: [claim.id for claim in planned.claims()],
        "metrics": lambda: list(planned.scorers),
    }
    return parts[part]()
