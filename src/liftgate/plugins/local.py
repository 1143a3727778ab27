"""From ``package.module:attribute`` to the object, in the code of whoever wrote the study."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from liftgate.errors import DataError, UnknownName

_FORM = "package.module:attribute"


def load_attribute(rest: str, *, root: Path) -> tuple[ModuleType, Any]:
    """Import a module from a folder (or from what is installed) and return it with an attribute.

    The folder comes first on the search path while the module is imported, and last afterwards,
    so that imports inside functions still work and nothing installed is shadowed for good.

    Args:
        rest: ``package.module:attribute``; the attribute may have dots.
        root: the folder from which modules are importable.

    Raises:
        DataError: not of that form, or the module cannot be imported; says why and where.
        UnknownName: the module has no such attribute; names near ones.
    """
    name, _, path = rest.partition(":")
    dotted = [*name.split("."), *path.split(".")]
    if not path or not all(part.isidentifier() for part in dotted):
        raise DataError(f"python:{rest}: got {rest!r}, expected {_FORM}")
    module = _import(name, root)
    found: Any = module
    for part in path.split("."):
        if not hasattr(found, part):
            known = [known for known in dir(found) if not known.startswith("_")]
            raise UnknownName("attribute", part, known, hint=f"look into {place_of(module)}")
        found = getattr(found, part)
    return module, found


def search_also(folder: Path) -> None:
    """Let modules be imported from one more folder, after all others that are searched."""
    name = str(folder.resolve())
    _forget_namesakes(folder.resolve())
    if name not in sys.path:
        sys.path.append(name)
        _used.add(name)


def place_of(module: ModuleType) -> str:
    """Return a module's file name for people, without its folder."""
    file = getattr(module, "__file__", None)
    return Path(file).name if file else module.__name__


def _import(name: str, root: Path) -> ModuleType:
    root = root.resolve()
    if not root.is_dir():
        raise DataError(f"python:{name}: got the folder {root.name!r}, which does not exist")
    with _first_on_path(root):
        _forget_namesakes(root)
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            missing = error.name or name
            if name == missing or name.startswith(f"{missing}."):
                raise DataError(
                    f"python:{name}: no module named {missing!r} in {root.name or root}/ "
                    "or among the installed packages",
                    hint="call liftgate from the folder from which the module is importable",
                ) from error
            raise DataError(
                f"python:{name}: it needs the module {missing!r}, which is not installed"
            ) from error
        except Exception as error:
            raise DataError(
                f"python:{name}: importing it raised {type(error).__name__}: {error}"
            ) from error


@contextmanager
def _first_on_path(root: Path) -> Iterator[None]:
    folder = str(root)
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(folder)
        if folder not in sys.path:
            sys.path.append(folder)
            _used.add(folder)


_used: set[str] = set()
"""Folders that this module has put on the search path."""


def _forget_namesakes(root: Path) -> None:
    """Forget modules of earlier folders that have a namesake in this one.

    One process (a notebook, a test suite) may read studies in several folders, each with its own
    ``systems.py``; a call to the wrong one would look like a result.
    """
    here = {p.stem if p.suffix == ".py" else p.name for p in root.iterdir()}
    for name in here & set(sys.modules):
        if _folder_of(sys.modules[name]) in _used - {str(root)}:
            for known in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
                del sys.modules[known]


def _folder_of(module: ModuleType) -> str:
    """Return the folder from which a top-level module or package was imported."""
    places = list(getattr(module, "__path__", [])) or [getattr(module, "__file__", None) or ""]
    return str(Path(places[0]).parent)
