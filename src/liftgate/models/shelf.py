"""Where models lie: one folder for all workspaces of a user, each file beside what it must be."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from liftgate.canon import sha256_of_file
from liftgate.errors import DataError, UnknownName
from liftgate.models import gguf
from liftgate.records.notebook import Card

VARIABLE = "LIFTGATE_MODELS"
NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
FORMAT = 1
_CARDS, _WEIGHTS = ".json", ".gguf"


@dataclass(frozen=True)
class Model(Card):
    """One model on the shelf."""

    name: str
    digest: str
    """Of the weights' file: sha256."""
    size: int
    """Of the file, in bytes."""
    source: str
    """Where it came from: a package with its version, or the name of a file."""
    form: str
    """How the weights are stored, as far as it is known: ``f16``, ``q4_1`` …"""


@dataclass(frozen=True)
class Shelf:
    """The folder of the models."""

    home: Path

    @classmethod
    def locate(cls) -> Shelf:
        """Return the user's shelf.

        It is ``LIFTGATE_MODELS`` when that is set, else ``liftgate/models`` in the user's cache.
        """
        named = os.environ.get(VARIABLE)
        if named:
            return cls(Path(named).expanduser().absolute())
        caches = os.environ.get("XDG_CACHE_HOME")
        root = Path(caches).expanduser() if caches else Path.home() / ".cache"
        return cls(root / "liftgate" / "models")

    def path(self, name: str) -> Path:
        """Return where a model's weights lie, or would lie."""
        return self.home / f"{_checked(name)}{_WEIGHTS}"

    def models(self) -> tuple[Model, ...]:
        """Return every model, by name."""
        if not self.home.is_dir():
            return ()
        found = (path for path in self.home.iterdir() if path.suffix == _CARDS)
        return tuple(_read(path) for path in sorted(found))

    def find(self, name: str) -> Model:
        """Return a model.

        Raises:
            UnknownName: there is none of that name.
            DataError: its weights are gone.
        """
        card = self.home / f"{_checked(name)}{_CARDS}"
        if not card.is_file():
            known = [model.name for model in self.models()]
            raise UnknownName(
                "local model", name, known, hint="liftgate models add smollm2 brings a small one"
            )
        model = _read(card)
        if not self.path(name).is_file():
            raise DataError(
                f"local model {name!r}: its weights are gone from the models' folder",
                hint="bring them again: liftgate models add",
            )
        return model

    def verified(self, name: str) -> Model:
        """Return a model whose weights are what they were when it was added.

        Raises:
            UnknownName: there is none of that name.
            DataError: its weights are gone, or other ones.
        """
        model = self.find(name)
        found = sha256_of_file(self.path(name))
        if found != model.digest:
            raise DataError(
                f"local model {name!r}: its weights changed: got {found}, expected {model.digest}",
                hint="bring them again: liftgate models add",
            )
        return model

    def add(
        self,
        name: str,
        write: Callable[[Path], object],
        *,
        source: str,
        form: str,
        digest: str | None = None,
    ) -> Model:
        """Put a model on the shelf; one of that name is replaced.

        Args:
            name: by which studies know it: ``local:NAME``.
            write: writes the weights to the path that it is given.
            source: where they come from.
            form: how they are stored.
            digest: what the written file must be; None: whatever it is.

        Raises:
            DataError: what was written is no model, or not the expected one. The shelf is then as
                it was.
        """
        path = self.path(name)
        self.home.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.incoming")
        try:
            write(partial)
            gguf.read_header(partial)
            found = sha256_of_file(partial)
            if digest is not None and found != digest:
                raise DataError(
                    f"model {name!r}: the weights are not the expected ones: got {found}, "
                    f"expected {digest}"
                )
            model = Model(name, found, partial.stat().st_size, source, form)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        _write(path.with_suffix(_CARDS), {"liftgate": FORMAT, **asdict(model)})
        return model


def copied(source: Path) -> Callable[[Path], object]:
    """Return what writes a copy of a file, without taking space where the disk allows it."""

    def write(target: Path) -> None:
        try:
            os.link(source.resolve(), target)
        except OSError:
            shutil.copyfile(source, target)

    return write


def _checked(name: str) -> str:
    if not re.fullmatch(NAME_PATTERN, name):
        raise DataError(
            f"model: got the name {name!r}, expected 1 to 64 letters, digits, '-', '_' or '.', a "
            "letter or digit first"
        )
    return name


def _read(path: Path) -> Model:
    place = f"model card {path.name}"
    try:
        card: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{place}: cannot be read: {error}") from error
    if not isinstance(card, dict) or card.get("liftgate") != FORMAT:
        raise DataError(f"{place}: expected one of format {FORMAT}")
    fields = {key: value for key, value in card.items() if key != "liftgate"}
    try:
        return Model(**fields)
    except TypeError as error:
        raise DataError(f"{place}: {error}") from error


def _write(path: Path, card: dict[str, Any]) -> None:
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
