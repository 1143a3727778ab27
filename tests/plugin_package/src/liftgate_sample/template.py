"""A system that needs no model: it fills a template with the item's text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from liftgate.canon import digest
from liftgate.errors import DataError
from liftgate.records import Answer, Json

STYLES = ("plain", "chatty")


def open_template(
    rest: str,
    *,
    params: Mapping[str, Json],
    files: Sequence[str],
    packages: Sequence[str],
    root: Path,
) -> Template:
    """Open ``template:<style>``; ``greeting`` is its only parameter."""
    if rest not in STYLES or set(params) - {"greeting"}:
        raise DataError(f"template:{rest}: got {dict(params)}, expected a style of {STYLES}")
    return Template(rest, str(params.get("greeting", "well")))


class Template:
    """Answers at once."""

    concurrency = 8

    def __init__(self, style: str, greeting: str) -> None:
        self.style = style
        self.greeting = greeting
        self.fingerprint = digest({"plugin": "template", "style": style, "greeting": greeting})

    async def answer(self, parts: Mapping[str, Json]) -> Answer:
        """Return the text, with a few words around it when the style is chatty."""
        text = str(parts.get("text", ""))
        filled = text if self.style == "plain" else f"{self.greeting} now , let me see : {text} !"
        return Answer(filled, tokens_out=len(filled.split()))

    def measure(self) -> Mapping[str, float]:
        """Return the length of the greeting."""
        return {"greeting_length": float(len(self.greeting))}

    async def close(self) -> None:
        """Nothing to give back."""
