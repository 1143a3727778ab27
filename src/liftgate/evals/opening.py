"""Opening a system by its plug-in's name, in whichever process it is needed; light to import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from liftgate import plugins
from liftgate.plugins.local import search_also
from liftgate.protocols import System


def open_system(plugin: str, rest: str, *, folder: Path, **named: Any) -> System:
    """Open ``plugin:rest`` without starting it.

    Args:
        plugin: its name.
        rest: what it is to open.
        folder: from which modules may be imported, too, after all others.
        named: of the plug-in's factory: ``params``, ``files``, ``packages``, ``root``.

    Raises:
        UnknownName: there is no such plug-in, or no such attribute.
        DataError: it cannot be opened.
    """
    search_also(folder)
    system: System = plugins.load("systems", plugin)(rest, **named)
    return system
