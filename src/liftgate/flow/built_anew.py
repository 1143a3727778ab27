"""The commands that build a document anew, as a page shows them: it writes no file itself."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from liftgate.documents.about import read_about
from liftgate.documents.compiled import SUFFIX, of_a_lock
from liftgate.documents.model_card import default_arm
from liftgate.errors import LiftgateError
from liftgate.flow.document import template_files
from liftgate.flow.folder import files_below
from liftgate.flow.gate_view import study_file
from liftgate.ledger import Ledger
from liftgate.store import Workspace

_MOST_BYTES = 1_000_000
Record = Mapping[str, Any]


def built_anew(
    workspace: Workspace,
    folder: Path,
    file: str,
    record: Record,
    *,
    decide: bool,
) -> list[dict[str, str]]:
    """Return what to do, step by step, each with its command for a shell in the folder.

    A word in capitals is one that the folder does not tell.

    Args:
        workspace: with the ledger.
        folder: beside it, below which the document, its study and its template are looked for.
        file: of the document, from the folder.
        record: of the document's build.
        decide: whether its study is to be decided anew before.
    """
    study = str(record["study"])
    path, of_lock = _template(workspace, folder, str(record.get("template", "")))
    asked = [*_arm(workspace, record), *_about(folder, record)]
    if not (of_lock or decide or (folder / study).is_file()):
        named = study
    elif (found := study_file(folder, study)) is not None:
        named = _inside(folder, found)
    else:
        named = "STUDY.yaml" if decide else study
    steps = [{"what": "Decide by the rows of now", "command": _line("run", named)}]
    built = _line("doc", "build", path, named, *asked, "--out", _safe(file))
    return [*(steps if decide else ()), {"what": "Build it anew", "command": built}]


def _template(workspace: Workspace, folder: Path, name: str) -> tuple[str, bool]:
    """Return a template's name, or its file, and whether it is built from a lock."""
    known = template_files(workspace)
    if name in known:
        return name, of_a_lock(known[name])
    own = (path for path, _ in files_below(folder, SUFFIX) if path.name == f"{name}{SUFFIX}")
    found = next(own, None)
    return (
        ("TEMPLATE.md.j2", False) if found is None else (_inside(folder, found), of_a_lock(found))
    )


def _arm(workspace: Workspace, record: Record) -> list[str]:
    """Return the option of an arm, where the document was built with one."""
    arm = str(record.get("arm") or "")
    if not arm:
        return []
    try:
        with Ledger.open(workspace.home, read_only=True) as ledger:
            body = ledger.entry(int(record["entry"])).body
        taken = default_arm(body)
    except (LiftgateError, KeyError):  # of another ledger: it says no more than the arm
        taken = ""
    return [] if arm == taken else ["--arm", arm]


def _about(folder: Path, record: Record) -> list[str]:
    """Return the option of the file of what people say: with the same words, or the only one."""
    said = record.get("about")
    if said is None:
        return []
    found = list(_said_below(folder))
    same = [path for path, body in found if body == said]
    only = [path for path, _ in found] if len(found) == 1 else []
    return ["--about", *([_inside(folder, path) for path in same or only] or ["FILE"])[:1]]


def _said_below(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path, (_, size) in files_below(folder, ".yaml", ".yml"):
        if size > _MOST_BYTES:
            continue
        try:
            text = path.read_text(encoding="utf-8")
            if "\ndataset:" in text or "\npublication:" in text:
                yield path, read_about(text, path.name)
        except (LiftgateError, OSError, ValueError):
            continue


def _inside(folder: Path, path: Path) -> str:
    return _safe(path.relative_to(folder).as_posix())


def _safe(file: str) -> str:
    """Return a path that no command takes for an option."""
    return f"./{file}" if file.startswith("-") else file


def _line(*words: str) -> str:
    return shlex.join(("liftgate", *words))
