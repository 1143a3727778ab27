"""Where a document is put: over what was built there before, and over nothing else."""

from __future__ import annotations

from pathlib import Path

from liftgate.documents.audit import record_of
from liftgate.documents.compiled import Document
from liftgate.errors import DataError
from liftgate.outputs import DOCUMENT, refuse_foreign, write_whole


def save_document(document: Document, out: Path) -> tuple[Path, ...]:
    """Write a document as Markdown, as a page, and what stands beside it; return the files.

    Args:
        document: as it was compiled.
        out: its place; the suffix is not looked at.

    Raises:
        DataError: one of the files is there and is not of a document that was built there; nothing
            is written.
    """
    markdown, page = out.with_suffix(".md"), out.with_suffix(".html")
    beside = {out.parent / name: text for name, text in document.companions.items()}
    refuse_foreign(markdown, DOCUMENT)
    refuse_foreign(page, DOCUMENT)
    if not _sorts(document.markdown, markdown) <= _sorts_there(markdown):
        for file, text in beside.items():
            _refuse_other(file, text, markdown)
    for file, text in {markdown: document.markdown, page: document.html(), **beside}.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, text)
    return (markdown, page, *beside)


def _sorts_there(markdown: Path) -> set[str]:
    """Return the sorts of files that stand beside a document on the disk; none, where is none."""
    if not markdown.is_file() or not markdown.stat().st_size:
        return set()
    return _sorts(markdown.read_text(encoding="utf-8"), markdown)


def _sorts(text: str, file: Path) -> set[str]:
    record, _ = record_of(text, file.name)
    return {str(sort) for sort in record.get("beside") or ()}


def _refuse_other(file: Path, text: str, markdown: Path) -> None:
    if file.exists() and (not file.is_file() or file.read_bytes() != text.encode()):
        raise DataError(
            f"{file}: exists already, is not beside a document that was built at {markdown}, and "
            "is left as it is",
            hint="--out in a folder of its own, or move that file away",
        )
