"""A study's gate as plain values: policy and who has signed, at once; the rest when asked for.

How a decision stands is said by ``liftgate gate status``, and how often the gate errs by ``gate
simulate``. Both open what the study names, a user's code included, so they are run as commands of
their own and never in the process that serves the pages.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from liftgate.documents.characteristics import cells_of, figure_of
from liftgate.documents.page import clip
from liftgate.errors import LiftgateError, NotEnoughData, UnknownName
from liftgate.flow.asides import Asides
from liftgate.flow.checkpoints import trust_file
from liftgate.flow.folder import files_below
from liftgate.flow.ledger import ACTIVATED
from liftgate.flow.policies import REFUSED, effective, in_force
from liftgate.flow.signed_view import Ground, signature_view
from liftgate.flow.study_index import StudyIndex
from liftgate.ledger import consent
from liftgate.ledger.trust import load as load_trust
from liftgate.records import Entry
from liftgate.store import Workspace

STATUS_SECONDS = 60
SIMULATE_SECONDS = 120
_RUNS = 4_000
_MOST_BYTES = 1_000_000


def gate_view(
    index: StudyIndex,
    workspace: Workspace,
    folder: Path,
    *,
    study: str,
    evidence: str | None = None,
) -> dict[str, Any]:
    """Return a study's policy, tier, power at the lock, and every signature about it.

    Args:
        index: of the studies.
        workspace: where the ledger lies.
        folder: where to look for the study's file.
        study: the study's name.
        evidence: digest of its evidence as it is now; None: it was not looked at.

    Raises:
        UnknownName: no such study.
        BrokenChain: an entry, a signature or the trust file was altered.
    """
    known = index.study(study)
    entries = index.ledger()
    trust = load_trust(trust_file(workspace, None))
    consents = tuple(consent.given(entries, trust))
    held = entries[(known.amended or known.sequence) - 1]
    holds = effective(in_force(entries, consents), str(held.body["study"]["tier"]))
    file = study_file(folder, study)
    mine = {known.sequence, *([known.amended] if known.amended else [])}
    mine |= {one.sequence for one in known.decisions}
    last = None if known.decision is None else known.decision.sequence
    signed = [one for one in consents if one.about in mine]
    asides = Asides(entries, consents, trust)
    approvals = [one for one in signed if one.act == consent.APPROVAL]
    fresh = [
        one
        for one in approvals
        if one.about == last
        and one.said.get("policy") == holds.digest()
        and evidence in (None, one.said.get("_evidence"))
    ]
    ground = Ground(
        known.amended or known.sequence,
        last,
        holds.digest(),
        evidence,
        uncounted=asides.approval_faults(study, approvals, fresh),
        waivers=asides.waiver_states(
            max([datetime.now(UTC), *(one.time for one in entries)]), signed
        ),
    )
    activated = [
        e.sequence
        for e in entries
        if e.kind == ACTIVATED and e.body.get("study_digest") == known.digest
    ]
    return {
        "study": study,
        "verified": index.verified(),
        "file": None if file is None else str(file.relative_to(folder)),
        "decision": last,
        "stale": known.stale,
        "policy": {"name": holds.policy, "level": holds.level, "digest": holds.digest()},
        "power": held.body.get("power"),
        "activated": activated[-1] if activated else None,
        "signatures": [signature_view(one, entries, ground) for one in signed],
        "refused": [_refusal(e) for e in entries if e.kind == REFUSED and _names(e, study)],
        "people": [
            {"name": one.key.name, "roles": sorted(one.roles), "service": one.service}
            for one in trust.keys
        ],
        "commands": list(_commands(file, folder)),
        "query": urlencode({"study": study}),
    }


def status_view(workspace: Workspace, folder: Path, *, study: str) -> dict[str, Any]:
    """Return what ``gate status`` says now, or why it says nothing.

    Raises:
        UnknownName: no file below the folder holds the study.
    """
    file = _file(folder, study)
    words = ["gate", "status", str(file.relative_to(folder)), "--json"]
    told = _command(words, folder, workspace, STATUS_SECONDS)
    standing = told.get("standing")
    return {
        "study": study,
        "fault": told.get("fault", ""),
        "exit_code": told.get("exit_code"),
        "tier": told.get("tier"),
        "risks": told.get("risks", {}),
        "tree": list(_lines(standing)) if isinstance(standing, Mapping) else [],
        "state": standing["state"] if isinstance(standing, Mapping) else None,
        "evidence": told.get("evidence_digest"),
    }


def characteristics_view(workspace: Workspace, folder: Path, *, study: str) -> dict[str, Any]:
    """Return the picture of a gate's errors, simulated now, or why there is none.

    Raises:
        UnknownName: no file below the folder holds the study.
    """
    file = _file(folder, study)
    name = str(file.relative_to(folder))
    words = ["gate", "simulate", name, "--json", "--quiet", "--runs", str(_RUNS)]
    with tempfile.TemporaryDirectory() as scratch:  # the curve is only simulated for a picture
        words += ["--picture", str(Path(scratch, "picture.svg"))]
        told = _command(words, folder, workspace, SIMULATE_SECONDS)
    if "faces" not in told:
        return {"study": study, "fault": told.get("fault", "it said nothing"), "figure": None}
    try:
        figure = figure_of(told)
    except NotEnoughData as error:
        return {"study": study, "fault": clip(str(error), 1_000), "figure": None}
    return {
        "study": study,
        "fault": "",
        "figure": {
            "title": figure.title,
            "unit": figure.unit.name or "the score's own",
            "svg": figure.svg,
            "header": list(figure.header),
            "rows": cells_of(figure),
        },
        "false_ship": told["false_ship"],
        "runs": told["runs"],
    }


def study_file(folder: Path, study: str) -> Path | None:
    """Return the file below a folder that holds a study of this name, or None."""
    found = files_below(folder, ".yaml", ".yml")
    return next(
        (path for path, (_, size) in found if size <= _MOST_BYTES and _holds(path, study)), None
    )


def _holds(path: Path, study: str) -> bool:
    """Whether a file is a study of this name; only a text that has the name in it is parsed."""
    try:
        text = path.read_text(encoding="utf-8")
        if study not in text or "liftgate" not in text:
            return False
        found = yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return False
    return isinstance(found, Mapping) and "liftgate" in found and found.get("study") == study


def _file(folder: Path, study: str) -> Path:
    found = study_file(folder, study)
    if found is None:
        raise UnknownName(f"file of a study below {folder}", study, ())
    return found


def _command(
    words: Sequence[str], folder: Path, workspace: Workspace, seconds: float
) -> dict[str, Any]:
    """Run a command of ours as the page tells people to, and return its JSON, or its fault."""
    try:
        made = subprocess.run(  # noqa: S603 - our own command, no shell
            [sys.executable, "-m", "liftgate", *words],
            cwd=folder,
            env=_environment(workspace),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"fault": f"it took more than {seconds:g} s; run it in a terminal"}
    except OSError as error:
        raise LiftgateError(f"liftgate {words[0]}: cannot be started ({error})") from error
    try:
        told = json.loads(made.stdout)
    except ValueError:
        return {"fault": clip(made.stderr.decode("utf-8", "replace").strip(), 2_000)}
    if not isinstance(told, dict):
        return {"fault": "it said something else than expected"}
    if "error" in told:
        return {"fault": clip(_refused(told), 2_000), "exit_code": told.get("exit_code")}
    return told


def _refused(error: Mapping[str, Any]) -> str:
    """Return an error of a command as lines: what, each fault of the file, what to do."""
    faults = [
        f"line {one['line']}, {one['path']}: {one['message']}" for one in error.get("faults", ())
    ]
    return "\n".join(filter(None, (str(error["message"]), *faults, str(error.get("hint") or ""))))


def _environment(workspace: Workspace) -> dict[str, str]:
    return {**os.environ, "LIFTGATE_HOME": str(workspace.home), "NO_COLOR": "1"}


def _names(entry: Entry, study: str) -> bool:
    """Whether a refused act was about a study: its words name it."""
    return study in str(entry.body.get("act", "")).split() or entry.body.get("study") == study


def _refusal(entry: Entry) -> dict[str, Any]:
    body = entry.body
    return {
        "entry": entry.sequence,
        "act": clip(str(body.get("act", "")), 200),
        "name": clip(str(body.get("name", "")), 120),
        "why": clip(str(body.get("why", "")), 300),
        "address": f"/audit/entry?n={entry.sequence}",
    }


def _commands(file: Path | None, folder: Path) -> Iterator[dict[str, str]]:
    """Yield what a person runs on their own machine: keys never come here."""
    name = "STUDY" if file is None else shlex.quote(str(file.relative_to(folder)))
    yield {"what": "Sign as the author", "command": f"liftgate sign {name} --sign-with KEY"}
    approve = f"liftgate approve {name} --role ROLE --sign-with KEY"
    yield {"what": "Approve in a role", "command": approve}
    draft = f"liftgate gate record {name} --out record.md"
    yield {"what": "Draft the decision record", "command": draft}
    yield {"what": "Ask before a release", "command": f"liftgate gate status {name}"}


def _lines(tree: Mapping[str, Any], depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the conditions of a tree in reading order, each with its depth."""
    for one in tree["parts"]:
        yield {
            "depth": depth,
            "name": clip(str(one["name"]), 200),
            "state": one["state"],
            "why": clip(str(one["why"]), 1_000),
            "waiver": one["waiver"],
        }
        yield from _lines(one, depth + 1)
