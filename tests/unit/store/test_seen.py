"""Files that were hashed count as hashed until anything of them changes."""

from __future__ import annotations

import os

import pytest

from liftgate.errors import BrokenChain
from liftgate.store import Seen, Store, finished, seen
from tests.unit.store.conftest import fill, make_trial


@pytest.fixture
def home(tmp_path):
    return tmp_path / ".liftgate"


@pytest.fixture
def hashed(monkeypatch):
    """Names of the files that are hashed, which were all written long ago."""
    found = []
    digest_of = finished.sha256_of_file
    monkeypatch.setattr(
        finished, "sha256_of_file", lambda path: (found.append(path.name), digest_of(path))[1]
    )
    later = seen.time_ns() + 10**10
    monkeypatch.setattr(seen, "time_ns", lambda: later)
    return found


def read(home, known):
    with Store.open(home, read_only=True, seen=known) as store:
        return len(store.trials("arm"))


def one_file(home, name="trials.parquet"):
    (path,) = (home / "store" / "runs").glob(f"*/{name}")
    return path


def test_a_file_is_hashed_once_for_all_stores_that_share_what_was_seen(home, hashed):
    with Store.open(home) as store:
        fill(store)
    hashed.clear()
    known = Seen()
    assert [read(home, known) for _ in range(3)] == [10, 10, 10]
    assert hashed == ["trials.parquet"]
    assert read(home, Seen()) == 10
    assert hashed == ["trials.parquet"] * 2


def test_a_change_that_keeps_size_and_time_of_modification_is_found(home, hashed):
    with Store.open(home) as store:
        fill(store)
    known = Seen()
    assert read(home, known) == 10
    path = one_file(home)
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    with pytest.raises(BrokenChain, match="altered"):
        read(home, known)
    with Store.open(home, read_only=True, seen=known) as store:
        ((file, digest),) = [f for f in store.files().items() if f[0].endswith("trials.parquet")]
        assert store.file_state(file, digest) == "altered"
        path.unlink()
        assert store.file_state(file, digest) == "missing"


def test_a_file_that_was_just_written_is_hashed_again(home, hashed, monkeypatch):
    with Store.open(home) as store:
        fill(store)
    path = one_file(home)
    monkeypatch.setattr(seen, "time_ns", lambda: path.stat().st_ctime_ns)
    hashed.clear()
    known = Seen()
    assert [read(home, known) for _ in range(2)] == [10, 10]
    assert hashed == ["trials.parquet"] * 2


def test_of_many_files_only_those_that_hold_an_arm_are_read(home, hashed, monkeypatch):
    with Store.open(home) as store:
        for number in range(12):
            with store.begin("study", {}) as run:
                run.add_trial(
                    make_trial(run.run, number, arm=f"arm-{number % 6}", output_digest=None)
                )
                run.finish(complete=True)
    known = Seen()
    asked = []
    ask = type(known.reader)._asked
    monkeypatch.setattr(
        type(known.reader),
        "_asked",
        lambda self, files, *rest: (asked.append(len(files)), ask(self, files, *rest))[1],
    )
    with Store.open(home, read_only=True, seen=known) as store:
        for _ in range(2):
            assert [one.arm for one in store.trials("arm-3")] == ["arm-3"] * 2
        assert store.trials("arm-9") == []
    assert asked == [12, 2, 2, 0]  # all files once for their arms, then those of the arm
    own, other = (sorted((home / "store" / "runs").iterdir())[n] / "trials.parquet" for n in (3, 4))
    other.write_bytes(b"other")
    assert len(read_arm(home, known)) == 2
    own.write_bytes(b"own")
    with pytest.raises(BrokenChain, match="altered"):
        read_arm(home, known)


def test_what_a_file_holds_is_not_learnt_from_one_that_is_altered_while_it_is_read(home, hashed):
    with Store.open(home) as store:
        fill(store)
    path, known = one_file(home), Seen()
    kept = path.read_bytes()
    (digest,) = [d for name, d in stored_files(home).items() if name.endswith(path.name)]

    def meddled(paths):
        path.write_bytes(b"of another arm")
        return {path: frozenset({"another"})}

    some = [(path, digest)] * 9
    with pytest.raises(BrokenChain, match="altered"):
        known.holding(some, "arm", meddled)
    path.write_bytes(kept)
    assert known.holding(some, "arm", lambda _: {path: frozenset({"arm"})}) == some


def stored_files(home):
    with Store.open(home, read_only=True) as store:
        return store.files()


def read_arm(home, known):
    with Store.open(home, read_only=True, seen=known) as store:
        return store.trials("arm-3")
