"""A comparison and the rows behind it, in the format of another tool."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from liftgate import __version__, plugins
from liftgate.flow.compare import Read, ReadTables
from liftgate.flow.flip_look import Told
from liftgate.flow.side_by_side import Texts
from liftgate.protocols import Exporter, ToldRow, ToldSide
from liftgate.records import Comparison, trace_of


def exported(
    tables: ReadTables, comparison: Comparison, name: str, *, seconds: int
) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Return a comparison in the format of another tool.

    Args:
        tables: what was compared; its files are read once more for their texts.
        comparison: the answer.
        name: of an exporter.
        seconds: since 1970, when it was.

    Returns:
        (file name, content in pieces), to be taken in order, each to its end.

    Raises:
        UnknownName: no exporter has the name.
        DataError: the comparison cannot be told in that format.
    """
    exporter: Exporter = plugins.load("exporters", name)
    texts = Texts()
    texts.read(tables)
    before, after = (_side(tables, texts, number) for number in (0, 1))
    return exporter(
        comparison, baseline=before, candidate=after, seconds=seconds, version=__version__
    )


def _side(tables: ReadTables, texts: Texts, number: int) -> ToldSide:
    kinds = [side.table.columns.content for side in tables.sides]
    return ToldSide(
        rows=lambda: _rows(tables, texts, number),
        has_content=kinds[0] == kinds[1] and kinds[0] is not None,
    )


def _rows(tables: ReadTables, texts: Texts, number: int) -> Iterator[ToldRow]:
    side: Read = tables.sides[number]
    kept = frozenset(tables.matched.items)
    item, known = "", dict[str, Told]()
    for row in side.table.rows():
        if row.item not in kept:
            continue
        if row.item != item:
            item, known = row.item, {told.repeat: told for told in texts.of(number, row.item)}
        told = known.get(row.repeat or "")
        yield ToldRow(
            row=row,
            texts=told.texts if told and texts.has_texts[number] else None,
            trace=trace_of(told.trace) if told and told.trace is not None else None,
        )
