"""The shelf: what stands there is what was put there, or an error says that it is not."""

from __future__ import annotations

import json

import pytest

from liftgate.errors import DataError, UnknownName
from liftgate.models.shelf import Shelf, copied
from tests.unit.models import tiny


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setenv("LIFTGATE_MODELS", str(tmp_path / "shelf"))
    return Shelf.locate()


@pytest.fixture
def given(tmp_path):
    return tiny.write(tmp_path / "given.gguf")


def put(shelf, given, name="tiny", **more):
    return shelf.add(name, copied(given), source="given.gguf", form="file", **more)


def test_a_model_that_was_added_is_found_with_its_digest(shelf, given) -> None:
    model = put(shelf, given)
    assert shelf.find("tiny") == shelf.verified("tiny") == model
    assert shelf.models() == (model,)
    assert model.size == given.stat().st_size
    assert shelf.path("tiny").read_bytes() == given.read_bytes()


def test_the_shelf_lies_in_the_users_cache(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("LIFTGATE_MODELS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert Shelf.locate().home == tmp_path / "liftgate" / "models"
    assert Shelf.locate().models() == ()


def test_an_unknown_name_is_said_with_near_ones(shelf, given) -> None:
    put(shelf, given)
    with pytest.raises(UnknownName, match="did you mean 'tiny'"):
        shelf.find("tinny")


def test_weights_that_changed_are_refused(shelf, given) -> None:
    put(shelf, given)
    path = shelf.path("tiny")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.unlink()
    path.write_bytes(data)
    with pytest.raises(DataError, match="its weights changed: got sha256:"):
        shelf.verified("tiny")


def test_weights_that_are_gone_are_said(shelf, given) -> None:
    put(shelf, given)
    shelf.path("tiny").unlink()
    with pytest.raises(DataError, match="its weights are gone"):
        shelf.find("tiny")


def test_what_is_not_the_expected_file_leaves_the_shelf_as_it_was(shelf, given, tmp_path) -> None:
    before = put(shelf, given)
    other = tiny.write(tmp_path / "other.gguf", metadata={})
    with pytest.raises(DataError, match="not the expected ones"):
        put(shelf, other, digest=before.digest)
    assert shelf.verified("tiny") == before
    assert sorted(p.name for p in shelf.home.iterdir()) == ["tiny.gguf", "tiny.json"]


def test_what_is_no_model_is_not_put_on_the_shelf(shelf, tmp_path) -> None:
    text = tmp_path / "text.gguf"
    text.write_text("hello", encoding="utf-8")
    with pytest.raises(DataError, match="expected a GGUF file"):
        put(shelf, text)
    assert shelf.models() == ()


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".x", "x" * 65])
def test_a_name_is_no_path(shelf, given, name) -> None:
    with pytest.raises(DataError, match="got the name"):
        put(shelf, given, name)


@pytest.mark.parametrize("card", ["{", "[]", '{"liftgate": 2}', '{"liftgate": 1, "name": "x"}'])
def test_a_card_that_cannot_be_read_is_said(shelf, given, card) -> None:
    put(shelf, given)
    (shelf.home / "tiny.json").write_text(card, encoding="utf-8")
    with pytest.raises(DataError, match="model card"):
        shelf.find("tiny")


def test_a_card_holds_no_folder(shelf, given, tmp_path) -> None:
    put(shelf, given)
    card = (shelf.home / "tiny.json").read_text("utf-8")
    assert str(tmp_path) not in card
    assert json.loads(card)["liftgate"] == 1
