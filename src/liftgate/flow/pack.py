"""``ledger pack`` and ``ledger unpack``: evidence for somebody who does not have the ledger."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from liftgate.errors import BrokenChain, DataError, UnknownName
from liftgate.flow.checkpoints import trust_file
from liftgate.ledger import Ledger, anchors
from liftgate.ledger.checkpoint import Checkpoint, compare, take
from liftgate.ledger.keys import load_key
from liftgate.lineage import pack
from liftgate.outputs import write_new
from liftgate.store import RUN_FINISHED, Store, Workspace
from liftgate.study import lock


def make_pack(
    workspace: Workspace,
    study: str,
    out: Path,
    *,
    checkpoint: Path | None = None,
    sign_with: Sequence[str] = (),
    trust: Path | None = None,
) -> list[str]:
    """Write the audit pack of a study; return what it does not cover.

    Args:
        workspace: whose ledger and files; both are verified first.
        study: its name.
        out: the zip.
        checkpoint: a file whose last checkpoint the entries are proven to be in; None: one is taken
            of the whole ledger, dated by its last entry.
        sign_with: keys that sign the checkpoint.
        trust: the trust file that goes in; None: the workspace's.

    Raises:
        UnknownName: no study of that name.
        DataError: an entry of the study is younger than the checkpoint, or the file exists.
        BrokenChain: the ledger, a file, or the ledger against the checkpoint.
    """
    files = {}
    with Ledger.open(workspace.home, read_only=True) as ledger:
        kept = anchors.read_file(checkpoint)[-1] if checkpoint else None
        found = ledger.examine([kept.size] if kept else [])
        listed = list(ledger.entries())[: kept.size if kept else None]
        if study not in (
            names := [e.body["study"]["study"] for e in listed if e.kind == lock.LOCKED]
        ):
            raise UnknownName("study", study, names)
        if kept is not None:
            compare(kept, ledger, found)
        else:
            kept = take(ledger, found, now=max(entry.time for entry in listed))
        kept = _signed(kept, sign_with)
        entries = pack.chosen(listed, study)
        data = {entry.sequence: ledger.sealed(entry.sequence).data for entry in entries}
        tree = ledger.tree
        proofs = {e.sequence: tree.inclusion(e.sequence - 1, kept.size) for e in entries}
    recorded = {e.body["id"]: e.body["files"] for e in entries if e.kind == RUN_FINISHED}
    with Store.open(workspace.home, read_only=True) as store:
        store.verify(recorded)
    for run, digests in recorded.items():
        for name in digests:
            files[f"runs/{run}/{name}"] = (workspace.runs / run / name).read_bytes()
    trusted = trust_file(workspace, trust)
    if trusted.is_file():
        files["trust.json"] = trusted.read_bytes()
    made = pack.packed(study, entries, data, proofs, files, checkpoint=kept.text)
    write_new(out, [made])
    return pack.gaps(entries)


def open_pack(
    file: Path, *, to: Path | None = None, checkpoint: Path | None = None, trust: Path | None = None
) -> list[str]:
    """Verify a pack that somebody gave, by the program that every pack carries (ours, not its).

    Args:
        file: the pack.
        to: a new folder for its files; None: nothing is unpacked.
        checkpoint: a file of checkpoints that was got otherwise.
        trust: a trust file that was got otherwise.

    Returns:
        What is to be said of it, line by line.

    Raises:
        BrokenChain: it is not sound; nothing is unpacked.
        DataError: the folder is there already.
    """
    if to is not None and to.exists():
        raise DataError(f"{to}: it is there already, expected a new folder")
    text = checkpoint.read_text(encoding="utf-8") if checkpoint else None
    keys = trust.read_bytes() if trust else None
    if not file.is_file():
        raise DataError(f"{file}: there is no such file")
    verify: Any = import_module("liftgate.lineage.pack_verifier").verify
    try:
        said: list[str] = verify(file, text, keys)
    except Exception as error:
        raise BrokenChain(f"{file.name}: not sound: {error}") from error
    if to is not None:
        with zipfile.ZipFile(file) as opened:
            for name in opened.namelist():
                target = to / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(opened.read(name))
    return said


def _signed(kept: Checkpoint, sign_with: Sequence[str]) -> Checkpoint:
    made = replace(kept)
    for name in sign_with:
        made = made.signed(load_key(name))
    return made
