"""liftgate: ship decisions for AI changes, planned, paired, locked and traceable.

Public names are imported when first used, so that ``import liftgate`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liftgate.errors import LiftgateError
    from liftgate.records import Answer, Item, Missing, Scale

__version__ = "0.1.0"

_HOMES = {
    "Answer": "liftgate.records",
    "Item": "liftgate.records",
    "LiftgateError": "liftgate.errors",
    "Missing": "liftgate.records",
    "Scale": "liftgate.records",
}

__all__ = ["Answer", "Item", "LiftgateError", "Missing", "Scale", "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'liftgate' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
