"""What systems of every kind need: digests of what can change an answer, and checked answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from liftgate.canon import digest, plain, sha256_of_file
from liftgate.errors import DataError, SystemFailed
from liftgate.records import Answer, Json, Trace


def content_of(
    place: str, root: Path, files: Sequence[str], packages: Sequence[str]
) -> dict[str, Json]:
    """Return the digests of an arm's files and the versions of its packages.

    Args:
        place: names the system in errors.
        root: the folder from which files are looked up.
        files: files or folders.
        packages: names of installed distributions.

    Raises:
        DataError: one of them is not there.
    """
    return {
        "files": {name: _content_digest(place, root, name) for name in files},
        "packages": {name: _package_version(place, name) for name in packages},
    }


def checked(result: Any) -> Answer:
    """Return what a callable gave as an Answer.

    Raises:
        SystemFailed: ``unparsable``; it is no JSON value, or its tokens or cost are no numbers,
            what is reported of it is no mapping of JSON values, or its trace no ``Trace``.
    """
    answer = result if isinstance(result, Answer) else Answer(output=result)
    try:
        plain(answer.output)
        plain(answer.reported)
    except DataError as error:
        raise SystemFailed(f"wrong type: {error}", kind="unparsable") from error
    for name in ("tokens_in", "tokens_out", "cost"):
        value = getattr(answer, name)
        if value is not None and not _is_amount(value, whole=name != "cost"):
            raise SystemFailed(
                f"wrong type: {name}: got {value!r}, expected a number of at least 0 or None",
                kind="unparsable",
            )
    if answer.reported is not None and not isinstance(answer.reported, Mapping):
        got = type(answer.reported).__name__
        raise SystemFailed(
            f"wrong type: reported: got {got}, expected a mapping", kind="unparsable"
        )
    if answer.trace is not None and not isinstance(answer.trace, Trace):
        got = type(answer.trace).__name__
        raise SystemFailed(f"wrong type: trace: got {got}, expected a Trace", kind="unparsable")
    return answer


def _is_amount(value: object, *, whole: bool) -> bool:
    kinds = (int,) if whole else (int, float)
    right = isinstance(value, kinds) and not isinstance(value, bool)
    return right and math.isfinite(value) and value >= 0  # type: ignore[arg-type,operator]


def _content_digest(place: str, root: Path, name: str) -> str:
    path = root / name
    if path.is_file():
        return sha256_of_file(path)
    if path.is_dir():
        found = (p for p in path.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
        inside = sorted(found)
        return digest({p.relative_to(path).as_posix(): sha256_of_file(p) for p in inside})
    raise DataError(
        f"{place}: files: {name!r} does not exist",
        hint=f"files are looked up from the folder {root.resolve().name}/",
    )


def _package_version(place: str, name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        raise DataError(
            f"{place}: packages: {name!r} is not installed", hint=f"pip install {name}"
        ) from None
