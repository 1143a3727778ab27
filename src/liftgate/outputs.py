"""Files that a command is told to write: whole at every time, and nothing of anybody else is lost.

What is evidence, or what people write into, is made once: ``write_new`` refuses a file that exists.
What is made again by the same command, such as a report, replaces what that command made before and
nothing else: a file says what it is, in its own format, and ``write_again`` reads that. Text is
appended to texts only.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from liftgate.errors import DataError

Content = str | bytes | Iterable[bytes]
_MOST_BYTES = 50_000_000
"""Nothing that is made again is larger; what is larger is not read to be told apart."""


@dataclass(frozen=True)
class Made:
    """A sort of files that are made again, and how one of them says that liftgate made it."""

    named: str
    mark: re.Pattern[bytes]


def _page(named: str, content: bytes) -> Made:
    # Near its beginning: what a page of somebody else quotes further down does not say what it is.
    mark = rb'\A.{0,1000}?<meta name="generator" content="%b">' % content
    return Made(named, re.compile(mark, re.S))


REPORT = _page("report", rb"liftgate( report)?")
COMPARISON = _page("page of a comparison", rb"liftgate( comparison)?")
PICTURES = _page("page of pictures", rb"liftgate pictures")
SVG = Made("SVG picture", re.compile(rb"\A<svg [^>]*><!-- liftgate -->"))
PNG = Made("PNG picture", re.compile(rb"\A\x89PNG\r\n\x1a\n.{25}.{4}tEXtSoftware\0liftgate", re.S))
JUNIT = Made("JUnit XML", re.compile(rb'\A<\?xml [^>]*>\n<testsuites name="liftgate '))
SARIF = Made("SARIF", re.compile(rb'"driver": \{\s*"name": "liftgate"'))
DOCUMENT = Made("built document", re.compile(rb"^<!-- liftgate-document ", re.M))
SCORES = Made("table of a claim's scores", re.compile(rb"\Aitem,repeat,.*,cluster,error\r?\n"))


def refuse_existing(path: Path | None, *, hint: str = "name another file") -> None:
    """Refuse a file that exists, before anything is done that would have to be undone.

    Raises:
        DataError: the file exists.
    """
    if path is not None and path.exists():
        raise _exists(path, hint)


def refuse_foreign(path: Path | None, made: Made) -> None:
    """Refuse a file that is not there to be made again, before anything is computed.

    Raises:
        DataError: it is a folder, or holds something that liftgate did not make as such a file.
    """
    if path is None or not path.exists() or _passes_through(path):
        return
    if path.is_dir():
        raise DataError(f"{path}: is a folder, expected a file")
    if path.stat().st_size and not is_made(path, made):
        raise DataError(
            f"{path}: exists already, is no {made.named} that liftgate made, and is left as it is",
            hint="name another file, or move that one away",
        )


def is_made(path: Path, made: Made) -> bool:
    """Whether a file says that liftgate made it as one of a sort."""
    if not path.is_file() or path.stat().st_size > _MOST_BYTES:
        return False
    return made.mark.search(path.read_bytes()) is not None


def refuse_twice(files: Mapping[str, Path | None]) -> None:
    """Refuse one file for two things; by the option that names each, or the argument.

    Raises:
        DataError: the later of two is where the former is.
    """
    taken: dict[Path, str] = {}
    for name, file in files.items():
        if file is not None and (other := taken.setdefault(file.resolve(), name)) != name:
            what = f"which {other} writes" if other.startswith("--") else f"which is {other}"
            raise DataError(f"{name}: got {file}, {what}; expected another")


def write_new(path: Path, content: Content, *, hint: str = "name another file") -> None:
    """Write a file that is not there yet; it appears whole or not at all.

    Args:
        path: the file.
        content: a text, written as UTF-8 as it is, bytes, or pieces.
        hint: what to do where it exists.

    Raises:
        DataError: the file exists.
    """
    refuse_existing(path, hint=hint)
    part = _part(path, content)
    try:
        os.link(part, path)
    except FileExistsError as error:
        raise _exists(path, hint) from error
    except OSError:  # a file system without links
        refuse_existing(path, hint=hint)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_again(path: Path, content: Content, made: Made) -> None:
    """Write a file, or write it anew where liftgate made it: ``refuse_foreign``, ``write_whole``.

    Raises:
        DataError: it holds something else.
    """
    refuse_foreign(path, made)
    write_whole(path, content)


def write_whole(path: Path, content: Content) -> None:
    """Write a file over what it was; a reader sees the old one or the whole new one.

    A link is followed. What is no file on a disk, such as a pipe, is written to as it is.

    Raises:
        PermissionError: the file is protected against writing.
    """
    if _passes_through(path):
        with path.open("wb") as file:
            file.writelines(_pieces(content))
        return
    target = path.resolve()
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    part = _part(target, content)
    try:
        if target.exists():
            part.chmod(target.stat().st_mode & 0o777)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def append_text(path: Path, text: str) -> None:
    """Add a text at the end of a file of text, which need not be there.

    Raises:
        DataError: the file holds no text.
    """
    refuse_no_text(path)
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def refuse_no_text(path: Path | None) -> None:
    """Refuse a file that holds no text, before anything is computed.

    Raises:
        DataError: it is a folder, or holds bytes that no text has.
    """
    if path is None or not path.exists() or _passes_through(path):
        return
    if path.is_dir():
        raise DataError(f"{path}: is a folder, expected a file")
    with path.open("rb") as file:
        if b"\0" in file.read(100_000):
            raise DataError(
                f"{path}: holds no text, and is left as it is", hint="name another file"
            )


def _passes_through(path: Path) -> bool:
    return path.exists() and (_of_the_system(path) or not (path.is_file() or path.is_dir()))


def _of_the_system(path: Path) -> bool:
    """Whether a place is that of devices and open files; below /dev/shm lie files of anybody."""
    place = path.absolute().parts[1:3]
    return place[:1] in (("dev",), ("proc",)) and place != ("dev", "shm")


def _part(path: Path, content: Content) -> Path:
    """Write a content beside its place, down to the disk; return where."""
    part = path.with_name(f".{path.name[:60]}.{os.urandom(4).hex()}.part")
    try:
        with part.open("xb") as file:
            file.writelines(_pieces(content))
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink()
        if isinstance(error, OSError):
            error.filename = str(path)
        raise
    return part


def _pieces(content: Content) -> Iterable[bytes]:
    if isinstance(content, str):
        return [content.encode()]
    return [content] if isinstance(content, bytes) else content


def _exists(path: Path, hint: str) -> DataError:
    return DataError(f"{path}: exists already, and is left as it is", hint=hint)
