"""Pictures as files: SVG that carries its style, PNG on paper, or a page with the numbers under."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from liftgate.documents.numbers import plot_rows
from liftgate.documents.page import plain_page
from liftgate.errors import DataError, NotEnoughData
from liftgate.figures import Figure, escape, png, sparkline, standalone
from liftgate.outputs import PICTURES, PNG, SVG, refuse_foreign, write_again

SUFFIXES = {".svg": SVG, ".png": PNG, ".html": PICTURES}


def check_picture(path: Path) -> None:
    """Refuse a file that cannot be drawn, before anything is computed.

    Raises:
        DataError: another suffix, a folder that is not there, PNG without what draws it, or a file
            that holds something else than such a picture of liftgate's.
    """
    if path.suffix not in SUFFIXES:
        raise DataError(f"{path}: got the suffix {path.suffix!r}, expected {', '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise DataError(f"{path}: there is no folder {path.parent}")
    if path.suffix == ".png":
        png(sparkline([0.0, 1.0], title="can PNG be drawn here?"), width=1)
    refuse_foreign(path, SUFFIXES[path.suffix])


def drawn(figure: Figure, suffix: str) -> bytes:
    """Return a figure as the content of a ``.svg`` or a ``.png`` file.

    Raises:
        DataError: PNG cannot be drawn here.
    """
    return png(figure) if suffix == ".png" else standalone(figure.svg).encode()


def save_pictures(figures: Sequence[Figure], path: Path) -> tuple[Path, ...]:
    """Write figures as files: the first by the name given, further ones as ``NAME-2``, ``NAME-3``.

    Args:
        figures: one or more.
        path: with the suffix ``.svg`` or ``.png``, or ``.html`` for all of them on one page, each
            with its numbers under it.

    Raises:
        NotEnoughData: there is nothing to draw.
        DataError: as ``check_picture``.
    """
    check_picture(path)
    if not figures:
        raise NotEnoughData(f"{path}: there is no interval to draw, so no picture was written")
    if path.suffix == ".html":
        told = "".join(f"<h2>{escape(one.title)}</h2>{with_numbers(one)}" for one in figures)
        page = plain_page(path.stem, f"<h1>{escape(path.stem)}</h1>{told}", sort="pictures")
        write_again(path, page, PICTURES)
        return (path,)
    paths = tuple(
        path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        for number in range(1, len(figures) + 1)
    )
    sort = SUFFIXES[path.suffix]
    for place in paths:
        refuse_foreign(place, sort)
    for one, place in zip(figures, paths, strict=True):
        write_again(place, drawn(one, path.suffix), sort)
    return paths


def with_numbers(figure: Figure, cells: Iterable[Sequence[str]] | None = None) -> str:
    """Return a figure for the inside of a page, with the table of its numbers under it.

    Args:
        figure: what to show.
        cells: its rows as texts; None: those of a plot of intervals, as reports print them.
    """
    unit = f", in {figure.unit.name}" if figure.unit.name else ""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in figure.header)
    rows = plot_rows(figure) if cells is None else cells
    body = "".join(f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in row)}</tr>" for row in rows)
    return (
        f"<figure>{figure.svg}<figcaption>{escape(figure.description)}</figcaption></figure>"
        f'<div class="scroll"><table><caption>Numbers{escape(unit)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
