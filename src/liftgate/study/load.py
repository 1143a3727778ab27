"""From a study file to a ``Study``, or to all its faults at once."""

from __future__ import annotations

from pathlib import Path

from liftgate.errors import Fault, StudyError
from liftgate.study.design import Refused, Study
from liftgate.study.problems import describe
from liftgate.study.source import Source, parse

MAX_BYTES = 5_000_000


def load(path: Path | str) -> Study:
    """Read a study file.

    Args:
        path: a YAML file in UTF-8.

    Raises:
        StudyError: every fault of the file, with line, column, what was got and expected; also
            when the file is missing, empty, too large, not UTF-8 or not YAML.
    """
    path = Path(path)
    return loads(text_of_file(path), str(path))


def loads(text: str, file: str = "<text>") -> Study:
    """Read a study from YAML text; ``file`` is its name in messages. Raises StudyError."""
    source = parse(text, file)
    faults = list(source.faults)
    study = None
    if isinstance(source.value, dict):
        try:
            study = Study(**source.value)
        except StudyError as error:
            faults += _placed(error, source)
    elif not faults:
        faults.append(
            source.fault(
                (), f"got {describe(source.value)}, expected a mapping with a study's keys"
            )
        )
    if faults or study is None:
        raise refused(file, faults)
    return study.placed(source)


def _placed(error: StudyError, source: Source) -> list[Fault]:
    refused = error.__cause__
    assert isinstance(refused, Refused)
    return [
        source.fault(p.path, p.message, suggestion=p.suggestion, on_key=p.on_key)
        for p in refused.problems
        if not any(p.path[: len(place)] == place for place in source.unread)
    ]


def refused(file: str, faults: list[Fault]) -> StudyError:
    """Return the error for a file for people, its faults in the order of their places."""
    ordered = sorted(faults, key=lambda fault: (fault.line, fault.column))
    count = "1 fault" if len(ordered) == 1 else f"{len(ordered)} faults"
    error = StudyError(f"{file}: {count}", file=file, faults=ordered)
    for fault in ordered:
        error.add_note(fault.text(file))
    return error


_MAKE = "name the study's file; liftgate study new NAME --out FILE makes one"


def text_of_file(path: Path, *, hint: str = _MAKE) -> str:
    """Return a file's text. Raises StudyError when it is missing, too large or not UTF-8.

    Args:
        path: the file.
        hint: what to do when there is none.
    """
    file = str(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise StudyError(f"{file}: no such file", file=file, hint=hint) from error
    except OSError as error:
        raise StudyError(f"{file}: cannot be read: {error.strerror}", file=file) from error
    if len(data) > MAX_BYTES:
        raise StudyError(f"{file}: got more than {MAX_BYTES} bytes, expected a study", file=file)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        fault = Fault("", f"got the byte 0x{data[error.start]:02x}, expected UTF-8", line, column)
        raise StudyError(f"{file}: is not UTF-8", file=file, faults=[fault]) from error
