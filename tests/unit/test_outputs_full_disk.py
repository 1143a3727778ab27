"""A file that cannot be written leaves the old one, and nothing else."""

from __future__ import annotations

import resource
import signal

import pytest

from liftgate.outputs import write_whole


@pytest.fixture
def full_disk():
    """Let no file of this process grow above some bytes, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("size", [5_000, 500_000])
def test_a_disk_that_is_full_is_told_with_the_name_of_the_file(tmp_path, size):
    page = tmp_path / "page.html"
    write_whole(page, "old")

    with pytest.raises(OSError, match=r"page\.html"):
        write_whole(page, "x" * size)

    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]
    assert page.read_text() == "old"
