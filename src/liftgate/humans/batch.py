"""A batch on disk: what is rated by whom, bound by a digest, with a token for each rater.

``batch.json`` holds canonical bytes whose digest is in the ledger; texts lie in the blob store and
are named by digest, so that they can be erased. It names no arm, system or model. ``access.json``
holds the tokens, is readable by its owner alone, and is no part of the digest.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from liftgate.canon import canonical, parse, sha256, short
from liftgate.errors import BrokenChain, DataError, NotAllowed, UnknownName
from liftgate.humans.draw import LEAD, Drawn, Task, TaskKind, Wishes
from liftgate.humans.subjects import Gold, Subject
from liftgate.records import (
    Anchor,
    Json,
    Rubric,
    RubricExample,
    RubricKind,
    RubricScale,
    RubricUnit,
    Shown,
)
from liftgate.store import Workspace

BATCH_FILE, ACCESS_FILE = "batch.json", "access.json"
DRAWN = "rating.drawn"
"""Kind of the ledger entry that binds a batch."""
FORMAT = 1
_LEAST_TOKEN = 20


@dataclass(frozen=True)
class Kept:
    """A subject as a batch holds it: texts by digest."""

    key: str
    item: str
    shown: Mapping[str, str]
    """Name of a part of the context -> digest."""
    sides: tuple[str, ...]
    """Digests."""
    origins: tuple[Mapping[str, Json], ...]
    stratum: str
    harm: str
    probability: float | None
    """Of its item's having been drawn; None: gold."""


@dataclass(frozen=True)
class Batch:
    """What is rated by whom, in which order."""

    id: str
    digest: str
    """Of the canonical bytes; what the ledger binds."""
    rubric: Rubric
    wishes: Wishes
    source: str
    """Digest of the study, or of the pool where there is no study."""
    subjects: Mapping[str, Kept]
    gold: Mapping[str, float]
    tasks: Mapping[str, tuple[Task, ...]]
    strata: Mapping[str, tuple[int, int]]

    @property
    def raters(self) -> tuple[str, ...]:
        """The raters' pseudonyms."""
        return self.wishes.raters

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Keys of the subjects that are not gold, in a fixed order."""
        return tuple(sorted(key for key in self.subjects if key not in self.gold))

    def tasks_of(self, rater: str) -> tuple[Task, ...]:
        """Return a rater's screens in order.

        Raises:
            UnknownName: the batch has no such rater.
        """
        if rater not in self.tasks:
            raise UnknownName("rater", rater, self.raters)
        return self.tasks[rater]


@dataclass(frozen=True)
class Access:
    """Who may come in: a token for each rater and one for the lead."""

    tokens: Mapping[str, str]
    """Rater or ``lead`` -> token."""

    def whose(self, token: str) -> str | None:
        """Return whose token it is, or None; takes as long for a near miss as for any other."""
        found = None
        for name, known in self.tokens.items():
            if secrets.compare_digest(token.encode(), known.encode()):
                found = name
        return found


def body_of(
    drawn: Drawn,
    rubric: Rubric,
    wishes: Wishes,
    gold: Sequence[Gold],
    *,
    source: str,
    put: Callable[[Json], str],
) -> dict[str, Any]:
    """Return a batch as JSON values, its texts handed to ``put``, which gives their digests."""

    def kept(subject: Subject) -> dict[str, Any]:
        return {
            "key": subject.key,
            "item": subject.item,
            "shown": [[name, put(value)] for name, value in subject.shown.items()],
            "sides": [put(side.content) for side in subject.sides],
            "origins": [dict(side.origin) for side in subject.sides],
            "stratum": subject.stratum,
            "harm": subject.harm,
            "probability": drawn.probability.get(subject.item),
        }

    return {
        "liftgate": FORMAT,
        "rubric": rubric.as_json(),
        "wishes": {
            "raters": list(wishes.raters),
            "items": wishes.items,
            "overlap": wishes.overlap,
            "repeats": wishes.repeats,
            "seed": wishes.seed,
        },
        "source": source,
        "subjects": [kept(s) for s in (*drawn.subjects, *(one.subject for one in gold))],
        "gold": {one.subject.key: one.value for one in gold},
        "tasks": {
            rater: [[t.subject, t.kind.value, t.swapped] for t in tasks]
            for rater, tasks in drawn.tasks.items()
        },
        "strata": {name: list(sizes) for name, sizes in drawn.strata.items()},
    }


def save(workspace: Workspace, body: Mapping[str, Any]) -> tuple[Batch, bool]:
    """Write a batch's folder, unless the same batch is there already.

    Returns:
        The batch, and whether it is new.
    """
    data = canonical(body)
    batch = _batch(data)
    place = folder(workspace, batch.id)
    if (place / ACCESS_FILE).exists():
        return load(workspace, batch.id, batch.digest), False
    place.mkdir(parents=True, exist_ok=True)
    (place / BATCH_FILE).write_bytes(data)
    tokens = {name: secrets.token_urlsafe(24) for name in (LEAD, *batch.raters)}
    private = os.open(place / ACCESS_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(private, "w", encoding="utf-8") as file:
        json.dump(tokens, file, indent=1)
    return batch, True


def folder(workspace: Workspace, batch: str) -> Path:
    """Return where a batch lies.

    Raises:
        UnknownName: the text cannot be a batch's id.
    """
    if not batch.isalnum():
        raise UnknownName("batch", batch, known(workspace))
    return workspace.home / "ratings" / batch


def known(workspace: Workspace) -> list[str]:
    """Return the ids of the batches that there are."""
    place = workspace.home / "ratings"
    return sorted(path.name for path in place.iterdir()) if place.is_dir() else []


def load(workspace: Workspace, batch: str, recorded: str | None) -> Batch:
    """Read a batch and check it against what the ledger recorded.

    Args:
        workspace: where it lies.
        batch: its id.
        recorded: the digest in the ledger; None: no entry names it.

    Raises:
        UnknownName: there is no such batch.
        BrokenChain: its file is not what the ledger recorded.
    """
    path = folder(workspace, batch) / BATCH_FILE
    if not path.is_file():
        raise UnknownName("batch", batch, known(workspace), hint="liftgate rate draw STUDY …")
    data = path.read_bytes()
    found = sha256(data)
    if recorded is None:
        raise BrokenChain(
            f"batch {batch}: no entry of the ledger names it", hint="draw it again, do not copy it"
        )
    if found != recorded:
        raise BrokenChain(
            f"batch {batch}: {BATCH_FILE} was changed after it was drawn "
            f"(now {short(found)}…, recorded {short(recorded)}…)",
            hint="restore the file; a batch is never edited: draw another",
        )
    return _batch(data)


def read_access(workspace: Workspace, batch: Batch) -> Access:
    """Read the tokens of a batch.

    Raises:
        DataError: the file cannot be read, or a rater has no token or too short a one.
        NotAllowed: two have the same token.
    """
    path = folder(workspace, batch.id) / ACCESS_FILE
    try:
        tokens = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path.name}: cannot be read ({error})") from error
    wanted = {LEAD, *batch.raters}
    if not isinstance(tokens, dict) or set(tokens) != wanted:
        raise DataError(f"{path.name}: expected one token for each of {', '.join(sorted(wanted))}")
    owner: dict[str, str] = {}
    for name, token in tokens.items():
        if not isinstance(token, str) or len(token) < _LEAST_TOKEN or not token.isascii():
            raise DataError(f"{path.name}: {name}: expected a token of {_LEAST_TOKEN} characters")
        if token in owner:
            raise NotAllowed(
                f"{path.name}: {owner[token]} and {name} have the same token: their ratings could "
                "not be told apart",
                hint="draw the batch anew, or restore the file",
            )
        owner[token] = name
    return Access(tokens)


def _batch(data: bytes) -> Batch:
    body = parse(data)
    digest = sha256(data)
    return Batch(
        id=short(digest, 10),
        digest=digest,
        rubric=rubric_of(body["rubric"]),
        wishes=Wishes(**{**body["wishes"], "raters": tuple(body["wishes"]["raters"])}),
        source=body["source"],
        subjects={row["key"]: _kept(row) for row in body["subjects"]},
        gold=body["gold"],
        tasks={
            rater: tuple(Task(key, TaskKind(kind), swapped) for key, kind, swapped in tasks)
            for rater, tasks in body["tasks"].items()
        },
        strata={name: (drawn, there) for name, (drawn, there) in body["strata"].items()},
    )


def _kept(row: Mapping[str, Any]) -> Kept:
    return Kept(
        **{
            **row,
            "shown": dict(row["shown"]),
            "sides": tuple(row["sides"]),
            "origins": tuple(row["origins"]),
        }
    )


def rubric_of(body: Mapping[str, Any]) -> Rubric:
    """Return the rubric of ``Rubric.as_json``."""
    scale = body["scale"]
    anchors = tuple(Anchor(**anchor) for anchor in scale["anchors"])
    return Rubric(
        **{
            **body,
            "scale": RubricScale(RubricKind(scale["kind"]), anchors),
            "examples": tuple(RubricExample(**one) for one in body["examples"]),
            "unit": RubricUnit(body["unit"]),
            "shows": tuple(Shown(one) for one in body["shows"]),
        }
    )
