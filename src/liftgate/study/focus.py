"""What a scorer looks at: one part of each item's target, or what was retrieved on the way.

A target may hold several labels: the right answer, the documents that a retriever should find. An
answer may have several stages, of which each has scorers of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from liftgate.errors import DataError, SystemFailed
from liftgate.protocols import Scorer
from liftgate.records import Answer, Item, Json, Missing, Scale, StepKind
from liftgate.study import params


@dataclass(frozen=True)
class FocusedScorer:
    """Shows a scorer part of what there is, as if it were all.

    Args:
        scorer: that scores.
        target: the part of each item's target that is its label; None: the whole target.
        retrieval: whether the answer that is scored is the list of ids that were retrieved.
    """

    scorer: Scorer
    target: str | None = None
    retrieval: bool = False

    def __getattr__(self, name: str) -> Any:
        # What else a scorer has, it has still.
        return getattr(self.scorer, name)

    @property
    def version(self) -> str:
        """The scorer's."""
        return self.scorer.version

    @property
    def needs_trace(self) -> bool:
        """Whether a trace must be at hand."""
        return self.retrieval or bool(getattr(self.scorer, "needs_trace", False))

    def scale(self, items: Sequence[Item]) -> Scale:
        """The scorer's, for the labels that it will see.

        Raises:
            DataError: a target is no mapping.
        """
        return self.scorer.scale([self._seen(item) for item in items])

    def score(self, answer: Answer, item: Item) -> float | Missing | Awaitable[float | Missing]:
        """The scorer's.

        Raises:
            DataError: the target is no mapping.
            SystemFailed: ``unparsable``; the trace has no retrieval, where that is scored.
        """
        if self.retrieval:
            answer = replace(answer, output=retrieved(answer))
        return self.scorer.score(answer, self._seen(item))

    def _seen(self, item: Item) -> Item:
        """Return an item with its label; one without a target, or without the part, has none."""
        target = item.target
        if self.target is None or target is None:
            return item
        if not isinstance(target, Mapping):
            raise DataError(
                f"target: got {type(target).__name__}, expected a mapping with {self.target!r}",
                hint="leave the scorer's target out where an item's whole target is its label",
            )
        return replace(item, target=target.get(self.target))


def retrieved(answer: Answer) -> list[Json]:
    """Return the ids that a system retrieved on its way to an answer, best first.

    Of several retrievals the ids count in the order in which they were found, each once.

    Raises:
        SystemFailed: ``unparsable``; the trace has no retrieval, or one without ids.
    """
    steps = () if answer.trace is None else answer.trace.steps
    found = [step.output for step in steps if step.kind is StepKind.RETRIEVAL]
    if not found:
        raise SystemFailed("its trace has no retrieval", kind="unparsable")
    ids: dict[str, None] = {}
    for output in found:
        if not isinstance(output, (list, tuple)):
            raise SystemFailed("what it retrieved is no list", kind="unparsable")
        for one in output:
            name = one.get("id") if isinstance(one, Mapping) else one
            if not isinstance(name, (str, int)) or isinstance(name, bool):
                raise SystemFailed("what it retrieved has no id", kind="unparsable")
            ids.setdefault(str(name))
    return list(ids)


def made(
    metric: str, plugin: str, given: Mapping[str, Any], target: str | None, *, retrieval: bool
) -> Any:
    """Return the scorer object of a metric, made anew.

    Args:
        metric: its name in the study.
        plugin: the scorer's name.
        given: its parameters.
        target: the part of the items' target that it is to see; None: all of it.
        retrieval: whether it is to see what was retrieved rather than the answer.

    Raises:
        UnknownName: no plug-in carries the name.
        DataError: it scores no single answers, and is to see a part of them.
    """
    found = params.make("scorers", plugin, given)
    if target is None and not retrieval:
        return found
    if not isinstance(found, Scorer):
        raise DataError(
            f"scorers.{metric}: {plugin} is no scorer of single answers, expected neither "
            "target nor stage"
        )
    return FocusedScorer(found, target, retrieval=retrieval)
