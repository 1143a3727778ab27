"""An index of embeddings, ``index:FILE``: the passages of a file that are nearest to a query.

The passages are embedded once, before the first call; a query by the same embedder. Nearness is the
cosine of the angle between two vectors; every passage is compared, so that nothing is approximate.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge

from liftgate.canon import digest
from liftgate.errors import DataError, SystemFailed
from liftgate.plugins.content import content_of
from liftgate.protocols import Startable, System
from liftgate.records import Answer, Json
from liftgate.study.params import bound
from liftgate.systems.stages import check_stage, identity_of, open_stage, paid_calls

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EMBEDDER = "embedder"
TEXT = "text"
"""The part in which the embedder is given a list of texts."""


@dataclass(frozen=True)
class Settings:
    """The parameters of an arm or a stage."""

    embedder: Mapping[str, Any]
    k: int
    query: str
    batch: int


def settings(
    *,
    embedder: dict[str, Any],
    k: Annotated[int, Ge(1)] = 10,
    query: str = "text",
    batch: Annotated[int, Ge(1)] = 64,
) -> Settings:
    """Check the parameters; their annotations are their grammar in a study.

    Args:
        embedder: the system that makes vectors: ``system``, and perhaps ``params``, ``files`` and
            ``packages``. It is given a list of texts as ``text`` and answers with a vector for
            each, as ``openai:MODEL`` of kind embeddings does.
        k: how many passages are found.
        query: the input part that is looked for.
        batch: how many passages are embedded with one call.

    Raises:
        ValueError: names the parameter.
    """
    check_stage(EMBEDDER, embedder)
    return Settings(embedder, k, query, batch)


def open_system(
    rest: str,
    *,
    params: Mapping[str, Json],
    files: Sequence[str],
    packages: Sequence[str],
    root: Path,
) -> Index:
    """Open ``index:FILE``: JSON lines of ``{"id", "text"}``, looked up from ``root``.

    Raises:
        BadParams: the parameters are wrong, or those of the embedder.
        DataError: the file is missing, or holds something else.
    """
    made: Settings = bound("systems", "index", settings, params)
    content = content_of(f"index:{rest}", root, [rest, *files], packages)
    passages = tuple(_passages(root / rest))
    embedder = open_stage("index", EMBEDDER, made.embedder, root)
    own = {name: value for name, value in params.items() if name != EMBEDDER}
    identity: dict[str, Json] = {
        "plugin": "index",
        "params": own,
        EMBEDDER: identity_of(embedder),
        **content,
    }
    return Index(made, passages, embedder, identity)


class Index:
    """Answers with passages, the nearest first: a list of ``{"id", "text", "score"}``."""

    def __init__(
        self,
        made: Settings,
        passages: Sequence[tuple[str, str]],
        embedder: System,
        identity: Mapping[str, Json],
    ) -> None:
        self.identity = identity
        self.fingerprint = digest(identity)
        self.stages = {EMBEDDER: embedder}
        self._made = made
        self._embedder = embedder
        self.names = {EMBEDDER: str(made.embedder["system"])}
        self._passages = passages
        self._vectors: NDArray[np.float64] | None = None

    @property
    def concurrency(self) -> int:
        """The embedder's."""
        return self._embedder.concurrency

    async def start(self) -> None:
        """Embed the passages.

        Raises:
            DataError: the embedder fails, or gives no vectors.
        """
        if self._vectors is not None:
            return
        import numpy as np

        if isinstance(self._embedder, Startable):
            await self._embedder.start()
        batch, rows = self._made.batch, []
        for begin in range(0, len(self._passages), batch):
            texts = [text for _, text in self._passages[begin : begin + batch]]
            try:
                answer = await self._embedder.answer({TEXT: texts})
                rows.append(_unit(answer.output, len(texts)))
            except SystemFailed as error:
                raise DataError(f"index: embedding the passages failed: {error}") from error
        widths = {one.shape[1] for one in rows}
        if len(widths) > 1:
            raise DataError(f"index: got vectors of {sorted(widths)} numbers, expected one length")
        self._vectors = np.concatenate(rows)

    async def answer(self, parts: Mapping[str, Json]) -> Answer:
        """Return the passages nearest to the query; equally near ones in the order of the file.

        Raises:
            SystemFailed: the embedder's, or ``unparsable`` where it gives no such vector.
            DataError: the item lacks the query.
        """
        await self.start()
        import numpy as np

        name = self._made.query
        if name not in parts:
            raise DataError(f"query: the item has no part {name!r}, only: {', '.join(parts)}")
        said = await self._embedder.answer({TEXT: [parts[name]]})
        query = _unit(said.output, 1)[0]
        assert self._vectors is not None
        if query.size != self._vectors.shape[1]:
            told = f"got {query.size} numbers, expected {self._vectors.shape[1]} as of the passages"
            raise SystemFailed(told, kind="unparsable")
        nearness = self._vectors @ query
        found = np.argsort(-nearness, kind="stable")[: self._made.k]
        calls: list[Json] = list(paid_calls(EMBEDDER, self.names[EMBEDDER], self._embedder, said))
        return Answer(
            [
                {"id": self._passages[at][0], "text": self._passages[at][1],
                 "score": float(nearness[at])}
                for at in found
            ],
            said.tokens_in,
            said.tokens_out,
            said.cost,
            {"calls": calls} if calls else None,
        )  # fmt: skip

    def measure(self) -> Mapping[str, float]:
        """Return the vectors' size in MB, once they are there, and the embedder's measures."""
        own = {} if self._vectors is None else {"index_mb": self._vectors.nbytes / 1e6}
        return {**own, **self._embedder.measure()}

    async def close(self) -> None:
        """Close the embedder."""
        await self._embedder.close()


def _unit(output: Json, count: int) -> NDArray[np.float64]:
    """Return vectors of length 1, shape (count, d).

    Raises:
        SystemFailed: ``unparsable``; these are no such vectors.
    """
    import numpy as np

    try:
        found = np.asarray(output, dtype=np.float64)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.ndim != 2 or len(found) != count or not found.size or not np.isfinite(found).all():
        told = f"got no {count} vectors of finite numbers, all of one length"
        raise SystemFailed(told, kind="unparsable")
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    if not lengths.all():
        raise SystemFailed("got a vector of length 0, which is near to nothing", kind="unparsable")
    result: NDArray[np.float64] = found / lengths
    return result


def _passages(path: Path) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path.name}:{number}: no JSON: {error}") from error
        form = isinstance(row, dict) and isinstance(row.get("text"), str) and "id" in row
        if not form:
            raise DataError(f'{path.name}:{number}: expected {{"id": …, "text": "…"}}')
        if (name := str(row["id"])) in seen:
            raise DataError(f"{path.name}:{number}: the id {name!r} is there twice")
        seen.add(name)
        yield name, row["text"]
    if not seen:
        raise DataError(f"{path.name}: it holds no passages")
