"""``models``: bring an embedded model, list what is there, serve one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from liftgate.canon import sha256_of_file
from liftgate.errors import DataError
from liftgate.models.fetch import bring
from liftgate.models.known import KNOWN, known
from liftgate.models.runtime import Loading, load
from liftgate.models.shelf import Model, Shelf, copied

FILE_SUFFIX = ".gguf"


def add_model(
    given: str, *, form: str | None = None, name: str | None = None, digest: str | None = None
) -> Model:
    """Put a model on the shelf.

    Args:
        given: the name of a known model, or the path of a GGUF file.
        form: of a known model, e.g. ``q4_1``; None: its usual one.
        name: on the shelf; None: a known model's name and form, or the file's name.
        digest: what a file must be, ``sha256:`` and 64 hex digits; None: whatever it is.

    Raises:
        UnknownName: no such model, and no such file.
        DataError: it cannot be brought or read, or is not what it must be.
    """
    shelf = Shelf.locate()
    path = Path(given).expanduser()
    if given not in KNOWN and path.is_file():
        return _added_file(path, shelf, form=form, name=name, digest=digest)
    if given not in KNOWN and (path.suffix == FILE_SUFFIX or len(path.parts) > 1):
        raise DataError(f"no file {given}")
    if digest is not None:
        raise DataError("a digest is for files: that of a known model is pinned already")
    model = known(given)
    return bring(model, form or model.usual, shelf, name=name)


def _added_file(
    path: Path, shelf: Shelf, *, form: str | None, name: str | None, digest: str | None
) -> Model:
    if form is not None:
        raise DataError("a form is for known models: a file has the form that it has")
    found = sha256_of_file(path)
    if digest is not None and found != digest:
        raise DataError(f"{path.name}: got {found}, expected {digest}")
    return shelf.add(name or path.stem, copied(path), source=path.name, form="file", digest=found)


def list_models() -> tuple[Model, ...]:
    """Return the models on the shelf, by name."""
    return Shelf.locate().models()


@contextmanager
def served(name: str, loading: Loading, *, port: int) -> Iterator[str]:
    """Serve a model on the loopback address; yield the base address, ending in ``/v1``.

    Args:
        name: on the shelf.
        loading: how it is loaded.
        port: where it listens; 0: any that is free.

    Raises:
        UnknownName: no model carries the name.
        Unavailable: the runtime is not installed.
        DataError: the weights are gone or changed, the model does not fit, the port is taken.
    """
    shelf = Shelf.locate()
    shelf.verified(name)
    server = load(name, shelf.path(name), loading, port=port)
    try:
        yield f"{server.listening_address}/v1"
    finally:
        # The runtime stops listening when nothing holds it any more.
        del server
