"""An audit pack: one zip with all that a study's decisions rest on, and what verifies it.

The same ledger and files give the same bytes: names in order, one date, no compression that differs
between machines. Texts and answers are not in it, only their digests.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import Any

from liftgate.canon import canonical, sha256
from liftgate.records import Entry

MANIFEST = "manifest.json"
_DATE = (1980, 1, 1, 0, 0, 0)
_DECISION = "decision"
_LOCKS = ("study.locked", "study.amended")
_ALWAYS = (
    "inputs, answers and labels: the pack holds their digests and scores, not their texts",
    "error messages: one stands in its row in a file of a run, and may quote an item, even an "
    "erased one: an erasure takes out texts and answers, and changes no row",
    "whether the systems were what their fingerprints name, and ran as recorded",
    "who the people are behind names and keys; an author is a label, a key proves a key",
    "whether those who signed are enough, in the right roles, and not the author: each signature "
    "is named with its key, and with whose key it is; liftgate gate status judges the policy",
    "what else the ledger says of the study: whoever made the pack chose its entries",
    "conformity with any law or standard: the control map names evidence, and judges nothing",
)
# EU AI Act, Annex IV: points by number, in words of our own.
_ANNEX_IV = {
    "1 general description of the system": "",
    "2(a) to 2(f) and 2(h) elements, development, data, oversight, cybersecurity": "",
    "2(g) validation and testing: procedures, data, metrics, dated logs and reports": "entries",
    "2(g) potentially discriminatory impacts": "slices",
    "2(g) test logs and reports, signed by the persons responsible": "statements",
    "3 monitoring, functioning and control": "",
    "4 appropriateness of the performance metrics": "claims",
    "5 risk management system": "",
    "6 changes through the lifecycle": "amendments",
    "7 harmonised standards applied": "",
    "8 EU declaration of conformity": "",
    "9 post-market monitoring": "",
}
# NIST AI 600-1: its twelve risks, by their names there.
_RISKS = {
    "CBRN information or capabilities": "",
    "confabulation": "",
    "dangerous, violent, or hateful content": "",
    "data privacy": "",
    "environmental impacts": "",
    "harmful bias or homogenization": "slices",
    "human-AI configuration": "",
    "information integrity": "",
    "information security": "",
    "intellectual property": "",
    "obscene, degrading, and/or abusive content": "",
    "value chain and component integration": "components",
}
_NAMING = frozenset({"decision", "gate_activated", "labels.drawn", "judge.calibrated"})
"""Kinds of entries that name their study, beside its locks."""
_SOURCES = (
    "Annex IV: Regulation (EU) 2024/1689 of 13 June 2024",
    "AI 600-1: NIST, AI Risk Management Framework: Generative AI Profile, July 2024",
)


def chosen(entries: Iterable[Entry], study: str) -> list[Entry]:
    """Return what belongs to a study: its locks, runs, decisions and what is said of them."""
    listed = list(entries)
    own = [entry for entry in listed if _of_study(entry, study)]
    runs = {
        name.split("/")[0]
        for entry in own
        if entry.kind == _DECISION
        for name in entry.body["rows"]["files"]
    }
    numbers = {entry.sequence for entry in own}
    for entry in listed:
        if entry.kind == "run.finished" and entry.body["id"] in runs:
            numbers.add(entry.sequence)
        if entry.kind == "keys.changed":
            numbers.add(entry.sequence)
    for entry in listed:
        named = entry.body.get("about", entry.body.get("corrects"))
        if isinstance(named, int) and named in numbers:
            numbers.add(entry.sequence)
    return [entry for entry in listed if entry.sequence in numbers]


def gaps(entries: Sequence[Entry]) -> list[str]:
    """Return what the pack of these entries does not cover, in sentences."""
    found = list(_ALWAYS)
    signed = {entry.body["about"] for entry in entries if entry.kind == "statement"}
    for entry in entries:
        if entry.kind == _DECISION:
            found += [f"entry {entry.sequence}: {line}" for line in entry.body["not_shown"]]
            if entry.sequence not in signed:
                found.append(f"entry {entry.sequence}: nobody signed this decision")
        if entry.kind == "run.finished" and not entry.body["complete"]:
            found.append(f"entry {entry.sequence}: the run was interrupted")
    return [*found, *(line for line, state in controls(entries).items() if not state)]


def controls(entries: Sequence[Entry]) -> dict[str, str]:
    """Return control -> which files of the pack are evidence for it; empty: a gap."""
    by_kind: dict[str, list[int]] = {}
    for entry in entries:
        by_kind.setdefault(entry.kind, []).append(entry.sequence)
    by_slice = [e.sequence for e in entries if e.kind in _LOCKS and _has_slices(e.body)]
    runs = [e for e in entries if e.kind == "run.finished"]
    components = [e.sequence for e in runs if e.body.get("manifest", {}).get("installed")]
    evidence = {
        "slices": _names({"": by_slice}, ""),
        "components": _names({"": components}, ""),
        "entries": _names(by_kind, "study.locked", "run.finished", _DECISION),
        "statements": _names(by_kind, "statement"),
        "claims": _names(by_kind, "study.locked"),
        "amendments": _names(by_kind, "study.amended", "correction"),
    }
    found = {f"Annex IV {point}": evidence.get(what, "") for point, what in _ANNEX_IV.items()}
    return found | {f"AI 600-1 {risk}": evidence.get(what, "") for risk, what in _RISKS.items()}


def verifier() -> bytes:
    """Return the program that verifies a pack."""
    return resources.files("liftgate.lineage").joinpath("pack_verifier.py").read_bytes()


def packed(
    study: str,
    entries: Sequence[Entry],
    data: Mapping[int, bytes],
    proofs: Mapping[int, Sequence[bytes]],
    files: Mapping[str, bytes],
    *,
    checkpoint: str,
) -> bytes:
    """Return the bytes of a pack.

    Args:
        study: its name.
        entries: as ``chosen`` gives them.
        data: sequence -> the stored bytes of each.
        proofs: sequence -> its audit path to the checkpoint's root.
        files: name -> bytes of whatever else goes in: files of runs, the trust file.
        checkpoint: the note.
    """
    paths = {str(number): [node.hex() for node in path] for number, path in proofs.items()}
    content = {
        **files,
        **{f"entries/{entry.sequence:09d}.json": data[entry.sequence] for entry in entries},
        "checkpoint.txt": checkpoint.encode(),
        "proofs.json": canonical(paths),
        "controls.json": canonical(controls(entries)),
        "verify.py": verifier(),
    }
    manifest = {
        "liftgate": 1,
        "kind": "audit-pack",
        "study": study,
        "files": {name: sha256(value) for name, value in content.items()},
        "not_covered": gaps(entries),
        "controls": list(_SOURCES),
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as pack:
        for name, value in sorted({**content, MANIFEST: canonical(manifest)}.items()):
            info = zipfile.ZipInfo(name, _DATE)
            info.create_system, info.external_attr = 3, 0o100644 << 16
            pack.writestr(info, value)
    return made.getvalue()


def _of_study(entry: Entry, study: str) -> bool:
    body: Mapping[str, Any] = entry.body
    if entry.kind in _LOCKS:
        return bool(body["study"]["study"] == study)
    return entry.kind in _NAMING and body.get("study") == study


def _has_slices(body: Mapping[str, Any]) -> bool:
    """Whether a locked study claims something of slices of its items, each or none."""
    listed = [claim for part in body["study"]["claims"].values() if isinstance(part, list)
              for claim in part]  # fmt: skip
    return any(claim.get("by_slice") for claim in listed)


def _names(by_kind: Mapping[str, Sequence[int]], *kinds: str) -> str:
    numbers = sorted(number for kind in kinds for number in by_kind.get(kind, ()))
    return ", ".join(f"entries/{number:09d}.json" for number in numbers)
