"""Files are whole at every time, and what liftgate did not make is never lost."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from liftgate import outputs
from liftgate.documents.page import plain_page
from liftgate.errors import DataError
from liftgate.figures import png, sparkline, standalone
from liftgate.outputs import (
    JUNIT,
    PICTURES,
    PNG,
    REPORT,
    SVG,
    append_text,
    refuse_twice,
    write_again,
    write_new,
    write_whole,
)

DRAWN = sparkline([0.0, 1.0, 0.5], title="three")
OWN = {
    "svg": (SVG, standalone(DRAWN.svg)),
    "png": (PNG, png(DRAWN, width=50)),
    "html": (PICTURES, plain_page("a", "<p>a</p>", sort="pictures")),
}


@pytest.mark.parametrize("suffix", OWN)
def test_a_file_that_says_what_it_is_is_made_again(tmp_path, suffix) -> None:
    made, content = OWN[suffix]
    path = tmp_path / f"a.{suffix}"
    for _ in range(2):
        write_again(path, content, made)
    whole = content if isinstance(content, bytes) else content.encode()
    assert path.read_bytes() == whole
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", OWN)
@pytest.mark.parametrize(
    "held", [b"study: mine\n", b"<svg></svg>", b"\x89PNG\r\n\x1a\n", b"SQLite format 3\0"]
)
def test_a_file_of_anybody_else_is_left_as_it_is(tmp_path, suffix, held) -> None:
    made, content = OWN[suffix]
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(held)
    with pytest.raises(DataError, match=r"exists already, is no .* that liftgate made") as refused:
        write_again(path, content, made)
    assert "move that one away" in refused.value.hint
    assert path.read_bytes() == held


def test_another_sort_of_page_is_a_file_of_somebody_else(tmp_path) -> None:
    path = tmp_path / "a.html"
    path.write_text(OWN["html"][1])
    with pytest.raises(DataError, match="is no report that liftgate made"):
        write_again(path, "x", REPORT)


QUOTED = {
    REPORT: f'<html><body>{"<p>words</p>" * 200}<meta name="generator" content="liftgate">',
    JUNIT: '<?xml version="1.0"?>\n<testsuites name="ours"><system-out><![CDATA[\n'
    '<testsuites name="liftgate compare">',
}


@pytest.mark.parametrize("made", QUOTED, ids=lambda made: made.named)
def test_a_file_that_quotes_one_of_liftgate_is_a_file_of_somebody_else(tmp_path, made) -> None:
    path = tmp_path / "a"
    path.write_text(QUOTED[made])
    with pytest.raises(DataError, match="that liftgate made, and is left as it is"):
        write_again(path, "new", made)
    assert path.read_text() == QUOTED[made]


def test_memory_that_is_used_as_a_disk_holds_files_of_anybody(tmp_path, monkeypatch) -> None:
    path = tmp_path / "notes.html"
    path.write_text("mine")
    monkeypatch.setattr(Path, "absolute", lambda _: Path("/dev/shm/notes.html"))
    with pytest.raises(DataError, match="is left as it is"):
        write_again(path, "new", REPORT)
    assert path.read_text() == "mine"


def test_what_the_system_has_in_the_place_of_a_file_is_written_to_as_it_is(tmp_path) -> None:
    write_again(Path("/dev/null"), "new", REPORT)
    with (tmp_path / "shown").open("w+") as file:
        write_again(Path(f"/dev/fd/{file.fileno()}"), "new", REPORT)
        assert (tmp_path / "shown").read_text() == "new"
        assert os.fstat(file.fileno()).st_ino == (tmp_path / "shown").stat().st_ino


def test_a_file_that_is_protected_against_writing_is_left_as_it_is(tmp_path, monkeypatch) -> None:
    path = tmp_path / "a.svg"
    path.write_text("old")
    # Whoever runs the tests may write to everything.
    monkeypatch.setattr(os, "access", lambda file, mode: (file, mode) != (path, os.W_OK))
    with pytest.raises(PermissionError) as refused:
        write_whole(path, "new")
    assert refused.value.filename == str(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_may_be_as_long_as_the_disk_lets_it_be(tmp_path) -> None:
    path = tmp_path / ("\N{GRINNING FACE}" * 63)
    write_new(path, "new")
    write_whole(path, "newer")
    assert path.read_text() == "newer"


def test_what_is_larger_than_anything_that_is_made_again_is_not_read(tmp_path, monkeypatch) -> None:
    path = tmp_path / "a.svg"
    path.write_text(OWN["svg"][1])
    monkeypatch.setattr(outputs, "_MOST_BYTES", 10)
    with pytest.raises(DataError, match="is no SVG picture that liftgate made"):
        write_again(path, "new", SVG)


def test_an_empty_file_is_there_to_be_written(tmp_path) -> None:
    path = tmp_path / "a.xml"
    path.touch()
    write_again(path, "new", JUNIT)
    assert path.read_text() == "new"


def test_a_folder_is_no_file(tmp_path) -> None:
    with pytest.raises(DataError, match="is a folder"):
        write_again(tmp_path, "new", JUNIT)
    with pytest.raises(DataError, match="is a folder"):
        append_text(tmp_path, "new")


@pytest.mark.parametrize("write", [write_whole, write_new])
def test_a_full_disk_leaves_the_old_file_and_nothing_half(tmp_path, monkeypatch, write) -> None:
    path = tmp_path / "a.html"
    if write is write_whole:
        path.write_text("old")
    before = sorted(tmp_path.iterdir())

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as failed:
        write(path, "new" * 100_000)
    assert failed.value.filename == str(path)
    assert sorted(tmp_path.iterdir()) == before
    assert not before or path.read_text() == "old"


def test_who_reads_while_it_is_written_sees_the_old_file_whole(tmp_path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    seen = []

    def pieces():
        yield b"new"
        seen.append(path.read_text())

    write_whole(path, pieces())
    assert (seen, path.read_text()) == (["old"], "new")


def test_of_two_that_make_one_new_file_one_is_refused(tmp_path) -> None:
    path = tmp_path / "a.txt"

    def pieces():
        yield b"second"
        path.write_text("first")

    with pytest.raises(DataError, match="exists already"):
        write_new(path, pieces())
    assert path.read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_new_file_can_be_made_where_no_links_can(tmp_path, monkeypatch) -> None:
    def no_links(*_args: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    write_new(tmp_path / "a.txt", "new")
    with pytest.raises(DataError, match="exists already"):
        write_new(tmp_path / "a.txt", "other")
    assert (tmp_path / "a.txt").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_link_and_the_mode_of_its_file_are_kept(tmp_path) -> None:
    target, link = tmp_path / "real.txt", tmp_path / "link.txt"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_whole(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_pipe_is_written_to_as_it_is(tmp_path) -> None:
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_again(pipe, "through", JUNIT)
    reader.join(timeout=10)
    assert read == ["through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_text_is_appended_to_texts_only(tmp_path) -> None:
    path, ledger = tmp_path / "summary", tmp_path / "ledger.db"
    for word in ("a", "b"):
        append_text(path, word)
    assert path.read_text() == "ab"
    ledger.write_bytes(b"SQLite format 3\0")
    with pytest.raises(DataError, match="holds no text, and is left as it is"):
        append_text(ledger, "a")
    assert ledger.read_bytes() == b"SQLite format 3\0"


def test_one_file_is_not_taken_for_two_things(tmp_path) -> None:
    path = tmp_path / "a"
    with pytest.raises(DataError, match=r"--out: got \S+, which is STUDY; expected another"):
        refuse_twice({"STUDY": path, "--junit": None, "--out": tmp_path / "." / "a"})
    with pytest.raises(DataError, match=r"--out: got \S+, which --html writes; expected another"):
        refuse_twice({"--html": path, "--out": path})
