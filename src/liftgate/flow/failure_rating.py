"""Coding failures on the rating pages: a taxonomy as a rubric, and what the raters say as codes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from liftgate.errors import DataError
from liftgate.failures.batch import DRAWN, read_batch
from liftgate.failures.taxonomy import Taxonomy, load_taxonomy
from liftgate.humans.subjects import Side, Subject, context, subject_key
from liftgate.records import Anchor, Entry, Json, Rubric, RubricKind, RubricScale, Shown

SHIPPED = "shipped"
"""As the name of a taxonomy: the one that comes with liftgate."""
KEYS = "1234567890abdefghijklmnopqrtvwxyzsuc"
"""One for each code; s, u and c last, since the page uses them itself where nobody claims them.
Where there are more codes: one for each group, then one for each code of it."""
LEAD = "lead"
"""Whose word settles a rating; not one of the coders, whose agreement is measured."""


def taxonomy_named(name: str) -> Taxonomy:
    """Return a taxonomy by its file, or the shipped one. Raises StudyError."""
    return load_taxonomy(None if name == SHIPPED else Path(name))


def rubric_of(words: Taxonomy) -> Rubric:
    """Return a taxonomy as a rubric: a key a code, or two, for what went wrong first.

    Raises:
        DataError: it has fewer than two codes, or more groups, or codes in a group, than keys.
    """
    anchors = tuple(
        Anchor(float(number), code.name, code.meaning, key)
        for number, (code, key) in enumerate(zip(words.codes.values(), _keys(words), strict=True))
    )
    return Rubric(
        name=f"failures: {words.name}",
        version=str(words.version),
        source=f"taxonomy {words.digest}",
        question="What went wrong first?",
        scale=RubricScale(RubricKind.NOMINAL, anchors),
        instructions=(
            "One code, alone: what went wrong first. Where the label, the scorer or the judge is "
            "wrong, its code says so. What went wrong besides belongs into the comment."
        ),
        shows=(Shown.INPUT, Shown.REFERENCE),
    )


def _keys(words: Taxonomy) -> list[str]:
    """Return the keys of the codes, in their order."""
    if len(words.codes) < 2:
        raise DataError(f"taxonomy {words.name}: got {len(words.codes)} codes, expected 2 or more")
    if len(words.codes) <= len(KEYS):
        return list(KEYS[: len(words.codes)])
    groups: dict[str, list[str]] = {}
    for code in words.codes.values():
        groups.setdefault(code.group, []).append(code.name)
    for what, found in (("groups", groups), *((f"codes in {g}", c) for g, c in groups.items())):
        if len(found) > len(KEYS):
            raise DataError(
                f"taxonomy {words.name}: got {len(found)} {what}, expected at most {len(KEYS)}, "
                "one for each key",
                hint="copy liftgate failures taxonomy, and leave out what cannot happen with you",
            )
    first = dict(zip(groups, KEYS, strict=False))
    return [
        first[code.group] + KEYS[groups[code.group].index(code.name)]
        for code in words.codes.values()
    ]


def subjects_of_failures(
    path: Path, words: Taxonomy, entries: Iterable[Entry]
) -> tuple[tuple[Subject, ...], str]:
    """Return the failures of a drawn batch as what people see, and the batch's name.

    Raises:
        DataError: it was edited, or not drawn here, or drawn for another taxonomy.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    about = read_batch(data, str(path), [dict(e.body) for e in entries if e.kind == DRAWN])
    check_taxonomy(words, about)
    rows = [json.loads(line) for line in data.splitlines()[1:]]
    return tuple(map(_subject, rows)), f"failures {about['batch']}"


def check_taxonomy(words: Taxonomy, about: Mapping[str, Any]) -> None:
    """Refuse another taxonomy than a batch was drawn for.

    Raises:
        DataError: it is another one.
    """
    if words.digest != about["taxonomy_digest"]:
        raise DataError(
            f"taxonomy: got {words.name} {words.version}, expected {about['taxonomy']} as when the "
            "batch was drawn",
            hint="name it with --taxonomy, or draw the batch anew",
        )


def as_codes(rows: Sequence[tuple[str, Any]], words: Taxonomy) -> list[tuple[str, Any]]:
    """Return rows of coders' sheets; those of ``rate export`` become such rows, the others stay.

    A rating that was declined is a row that nobody has filled in; the lead's words are left out.

    Raises:
        DataError: a value that stands for no code of the taxonomy, by its place.
    """
    return [*_codes(rows, tuple(words.codes))]


def _codes(rows: Sequence[tuple[str, Any]], names: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for place, row in rows:
        if not isinstance(row, Mapping) or not {"rater", "value", "subject"} <= set(row):
            yield place, row
            continue
        if row["rater"] == LEAD:
            continue
        value = row["value"]
        if value in (None, ""):
            yield place, {"item": row.get("item")}
            continue
        try:
            number = float(value)
            name = names[int(number)] if number == int(number) >= 0 else None
        except (TypeError, ValueError, IndexError):
            name = None
        if name is None:
            raise DataError(f"{place}: value: got {value!r}, which stands for no code")
        coded = {"item": row["item"], "coder": row["rater"], "code": name}
        yield place, {**coded, "comment": row.get("comment") or ""}


def _subject(row: Mapping[str, Any]) -> Subject:
    shown: dict[str, Json] = context(row["input"])
    if row["target"] is not None:
        shown["Reference answer"] = row["target"]
    shown["How it failed"] = row["failed"]
    item = str(row["item"])
    return Subject(subject_key(item), item, shown, (Side(row["output"]),))
