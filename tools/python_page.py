"""The page of the Python API: every public name with signature, summary, errors and source."""

from __future__ import annotations

import enum
import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import liftgate
from liftgate.cli.behind import BEHIND, ONLY_PAGES

PUBLIC: Mapping[str, str] = {
    "liftgate": "What a notebook and a test need first.",
    "liftgate.api": "What every command does, as a function.",
    "liftgate.stats": "The statistics, usable by themselves: arrays in, an estimate out.",
    "liftgate.records": "The words of the house as types; what functions take and return.",
    "liftgate.protocols": "The doors for plug-ins: what a system, a scorer, a rule must have.",
    "liftgate.errors": "The errors; their exit codes: [errors.md](errors.md).",
    "liftgate.figures": "Numbers to SVG with a data table, and to PNG.",
    "liftgate.testing": "The simulated world with known truth, for tests of your own.",
}
"""Public modules; what they list in ``__all__`` is the public API, and nothing else is."""
_SOURCE = Path(liftgate.__file__).parent


def names(module: str) -> list[str]:
    """Return the public names of a module: its ``__all__``, or of the errors every class."""
    found = importlib.import_module(module)
    listed = getattr(found, "__all__", None)
    if listed is None:
        listed = [name for name, kind in vars(found).items() if _is_own_error(kind, module)]
    return [name for name in listed if not name.startswith("_")]


def _is_own_error(kind: object, module: str) -> bool:
    return inspect.isclass(kind) and kind.__module__ == module and issubclass(kind, Exception)


def homes() -> dict[int, tuple[str, str]]:
    """Return where each public object is described: at its first name in the order of the page."""
    found: dict[int, tuple[str, str]] = {}
    for module in PUBLIC:
        for name in names(module):
            found.setdefault(id(getattr(importlib.import_module(module), name)), (module, name))
    return found


def python_page() -> str:
    """Return the whole page."""
    lines = [
        "# Python API\n",
        "Public are the names below: what these modules list in `__all__`, and the errors; all",
        "else may change without a word. Each is typed (`py.typed`), and raises what it says, or",
        "what is wrong in how it was called. Every result shows itself in a notebook.\n",
    ]
    lines += [f"- [{module}](#{_anchor(module)}): {says}" for module, says in PUBLIC.items()]
    lines += ["- [Commands and functions](#commands-and-functions)\n"]
    known = homes()
    for module, says in PUBLIC.items():
        lines += [f"\n## {module}\n", says]
        for name in names(module):
            value = getattr(importlib.import_module(module), name)
            where = known[id(value)]
            if where != (module, name):
                lines.append(f"\n### {module}.{name}\n")
                lines.append(f"The same as [{'.'.join(where)}](#{_anchor('.'.join(where))}).")
            else:
                lines += _entry(module, name, value)
    lines += [
        "\n## Commands and functions\n",
        "| command | functions of `liftgate.api` |",
        "|---|---|",
    ]
    for command, called in BEHIND.items():
        told = ", ".join(f"[{one}](#{_anchor(f'liftgate.api.{one}')})" for one in called.split())
        lines.append(f"| `liftgate {command}` | {told} |")
    lines += [f"| `liftgate {one}` | none: pages in the browser |" for one in ONLY_PAGES]
    return "\n".join(lines) + "\n"


def _anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9_-]", "", heading.lower().replace(" ", "-"))


def _entry(module: str, name: str, value: Any) -> Iterator[str]:
    yield f"\n### {module}.{name}\n"
    if signature := _signature(name, value):
        yield f"```text\n{signature}\n```\n"
    yield summary(value)
    if told := raised(value):
        yield f"\nRaises: {', '.join(f'`{one}`' for one in told)}."
    if place := _place(value):
        yield f"\nSource: `{place}`"


def summary(value: Any) -> str:
    """Return the first paragraph of a docstring, in Markdown; a constant is shown by its value."""
    if not (inspect.isroutine(value) or inspect.isclass(value)):
        return f"`{_plain(value)}`"
    paragraph = (inspect.getdoc(value) or "").split("\n\n")[0]
    return re.sub(r"``([^`]*)``", r"`\1`", " ".join(paragraph.split()))


def _plain(value: Any) -> str:
    text = repr(value).replace("typing.", "")
    return re.sub(r"liftgate\.(\w+\.)*", "", text)


def raised(value: Any) -> list[str]:
    """Return the errors that a docstring says are raised, in its order."""
    text = inspect.getdoc(value) or ""
    section = re.search(r"^Raises:\n((?: {4}.*\n?)+)", text, re.MULTILINE)
    return re.findall(r"^ {4}(\w+):", section[1], re.MULTILINE) if section else []


def _signature(name: str, value: Any) -> str:
    if inspect.isclass(value):
        if issubclass(value, enum.Enum):
            return f"{name}: {', '.join(repr(one.value) for one in value)}"
        if hasattr(value, "model_fields"):
            return f"{name}(**fields)"
        if issubclass(value, Exception) or getattr(value, "_is_protocol", False):
            return ""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    parts = [_parameter(one) for one in signature.parameters.values()]
    back = signature.return_annotation
    shown = (
        "" if inspect.isclass(value) or back is inspect.Signature.empty else f" -> {_said(back)}"
    )
    kinds = [one.kind for one in signature.parameters.values()]
    if inspect.Parameter.KEYWORD_ONLY in kinds and inspect.Parameter.VAR_POSITIONAL not in kinds:
        parts.insert(kinds.index(inspect.Parameter.KEYWORD_ONLY), "*")
    line = f"{name}({', '.join(parts)}){shown}"
    if len(line) <= 96:
        return line
    inner = "".join(f"    {part},\n" for part in parts)
    return f"{name}(\n{inner}){shown}"


def _parameter(one: inspect.Parameter) -> str:
    stars = "*" if one.kind is one.VAR_POSITIONAL else "**" if one.kind is one.VAR_KEYWORD else ""
    text = stars + one.name
    if one.annotation is not one.empty:
        text += f": {_said(one.annotation)}"
    if one.default is not one.empty:
        shown = _default(one.default)
        text += f" = {shown}" if one.annotation is not one.empty else f"={shown}"
    return text


def _default(value: Any) -> str:
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    text = repr(value)
    plain = isinstance(value, (str, int, float, bool, tuple, type(None)))
    return text if plain and " at 0x" not in text and len(text) <= 60 else "…"


def _said(annotation: Any) -> str:
    plain = isinstance(annotation, str)
    text: str = annotation if plain else inspect.formatannotation(annotation)
    return re.sub(r"\b(?:liftgate\.|typing\.|collections\.abc\.|pathlib\.)(?:\w+\.)*", "", text)


def _place(value: Any) -> str:
    module = getattr(value, "__module__", "")
    if not isinstance(module, str) or not module.startswith("liftgate"):
        return ""
    file = importlib.import_module(module).__file__
    return f"src/liftgate/{Path(file or '').relative_to(_SOURCE).as_posix()}"
