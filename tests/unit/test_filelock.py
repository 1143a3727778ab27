"""A lock says why it cannot be taken."""

from __future__ import annotations

import errno
import os

import pytest

from liftgate.filelock import FileLock


def refuse_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever runs the tests may write to everything.
    opened = os.open

    def may(path, flags, *args):
        if flags & os.O_CREAT:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, flags, *args)

    monkeypatch.setattr(os, "open", may)


def test_a_folder_that_may_not_be_written_to_is_told_as_that(tmp_path, monkeypatch) -> None:
    refuse_writing(monkeypatch)
    with pytest.raises(PermissionError, match=r"run\.lock"):
        FileLock(tmp_path / "run.lock").acquire()


def test_the_file_of_another_account_can_be_locked(tmp_path, monkeypatch) -> None:
    path = tmp_path / "run.lock"
    path.touch()
    refuse_writing(monkeypatch)
    first, second = FileLock(path), FileLock(path)
    assert first.acquire()
    assert not second.acquire()
    first.release(remove=False)
    assert second.acquire()
    second.release(remove=True)
