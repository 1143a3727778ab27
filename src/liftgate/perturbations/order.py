"""The family that changes the order of options, and moves the target along, or of examples."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from liftgate.perturbations.lots import Lots
from liftgate.perturbations.protect import OPTION
from liftgate.perturbations.subject import Changed, NotApplicable, Subject, is_list, with_text
from liftgate.records import Json

OPTIONS = ("options", "choices")
EXAMPLES = ("examples", "shots", "few_shot", "demonstrations")
_LETTER = re.compile(r"([ \t]*\(?)([A-Z])([.):]?\)?[ \t]*)")
_POSITION = re.compile(
    r"\b(?:above|below|(?:all|none|both|neither|any|either) of (?:the|these|them)"
    r"|(?:both|neither|either) \(?[A-Z]\b)",
    re.IGNORECASE,
)
_MENTION = re.compile(r"\b(?:options?|answers?|choices?)[ \t]+\(?[A-Z]\b\)?", re.IGNORECASE)


def order(subject: Subject) -> Changed:
    """Put the options in another order and move the target along, or else the worked examples.

    Options are a part ``options`` or ``choices`` with a list of texts, or lines ``A) …``, ``B) …``
    of one text. The target is an option's letter, several letters, or an option's own text, which
    stays. An item is left out where the contract could not be kept: an option that speaks of
    others (``all of the above``), a text that names an option by its letter, a target that is a
    number or could be meant in two ways.
    """
    listed, blocks = subject.part(*OPTIONS), _blocks(subject)
    if listed is not None and blocks:
        raise NotApplicable("its options stand in two places")
    if listed is not None:
        return _reordered_list(subject, *listed)
    if blocks:
        return _reordered_lines(subject, blocks)
    examples = subject.part(*EXAMPLES)
    if examples is None:
        raise NotApplicable("it has neither options nor examples")
    name, values = examples
    new = _moved(values, subject.lots)
    return Changed(
        {**subject.input, name: [values[at] for at in new]}, subject.target, "examples reordered"
    )


def _moved(values: Sequence[Json], lots: Lots) -> list[int]:
    """Return an order in which at least one of the values stands elsewhere."""
    if len(values) < 2 or all(value == values[0] for value in values):
        raise NotApplicable("there are not two different things to put in another order")
    for attempt in range(20):
        new = lots.order(len(values), f"order {attempt}")
        if [values[at] for at in new] != list(values):
            return new
    return [*range(1, len(values)), 0]


def _reordered_list(subject: Subject, name: str, values: Sequence[Json]) -> Changed:
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) != len(values):
        raise NotApplicable("its options are not texts")
    new = _options(texts, [text for _, text in subject.texts()], subject.lots)
    target = _mapped(subject.target, texts, new)
    return Changed({**subject.input, name: [texts[at] for at in new]}, target, _told(new))


@dataclass(frozen=True)
class _Block:
    """Lines of options: where the text stands, and where its options do."""

    place: tuple[str | int, ...]
    text: str
    lines: tuple[re.Match[str], ...]


def _blocks(subject: Subject) -> list[_Block]:
    found = []
    for place, text in subject.texts():
        lines = list(OPTION.finditer(text))
        for start in (at for at, line in enumerate(lines) if line[2] == "A"):
            block = lines[start : start + 1]
            for line in lines[start + 1 :]:
                if line[2] != chr(ord(block[-1][2]) + 1) or line.start() != block[-1].end() + 1:
                    break
                block.append(line)
            if len(block) > 1:
                found.append(_Block(place, text, tuple(block)))
    return found


def _reordered_lines(subject: Subject, blocks: Sequence[_Block]) -> Changed:
    if len(blocks) > 1:
        raise NotApplicable("its options stand in two places")
    block = blocks[0]
    texts = [line[4].rstrip() for line in block.lines]
    rest = block.text[: block.lines[0].start()] + block.text[block.lines[-1].end() :]
    new = _options(texts, [rest], subject.lots)
    target = _mapped(subject.target, texts, new)
    lines = [
        # What ends a line (a carriage return, spaces) belongs to its place, not to its option.
        f"{line[1]}{line[2]}{line[3]}{texts[at]}{line[4][len(line[4].rstrip()) :]}"
        for line, at in zip(block.lines, new, strict=True)
    ]
    start, end = block.lines[0].start(), block.lines[-1].end()
    text = block.text[:start] + "\n".join(lines) + block.text[end:]
    return Changed(with_text(subject.input, block.place, text), target, _told(new))


def _options(texts: Sequence[str], around: Sequence[str], lots: Lots) -> list[int]:
    if len(texts) > 26:
        raise NotApplicable("it has more options than letters")
    if len(set(texts)) != len(texts):
        raise NotApplicable("two of its options are alike")
    if any(_POSITION.search(text) or _MENTION.search(text) for text in texts):
        raise NotApplicable("one of its options speaks of others")
    if any(_MENTION.search(text) for text in around):
        raise NotApplicable("its text names an option by its letter")
    return _moved(list(texts), lots)


def _mapped(target: Json, texts: Sequence[str], new: Sequence[int]) -> Json:
    """Return where the target's options stand now; ``new[k]`` is what stands at k."""
    if target is None:
        return None
    if isinstance(target, str):
        return _letter(target, texts, new)
    if is_list(target) and not isinstance(target, Mapping):
        assert isinstance(target, Sequence)
        return [_mapped(one, texts, new) for one in target]
    raise NotApplicable("its target is neither an option's letter nor its text")


def _letter(target: str, texts: Sequence[str], new: Sequence[int]) -> str:
    found = _LETTER.fullmatch(target)
    is_text = target.strip() in {text.strip() for text in texts}
    at = -1 if found is None else ord(found[2]) - ord("A")
    if is_text and 0 <= at < len(texts):
        raise NotApplicable("its target may be an option's letter or its text")
    if is_text:
        return target
    if found is None or at >= len(texts):
        raise NotApplicable("its target is neither an option's letter nor its text")
    return f"{found[1]}{chr(ord('A') + list(new).index(at))}{found[3]}"


def _told(new: Sequence[int]) -> str:
    return "options in the order " + ", ".join(chr(ord("A") + at) for at in new)
