"""The corpus of the documentation search: which sections it holds, and which of them say the same.

Near-duplicates are found by the Jaccard similarity of their sets of five-word shingles (Broder,
"On the resemblance and containment of documents", 1997), at least 0.8, closed under "is like". Of
a group, the section that comes first by path stands for all.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from examples.docsearch.rest import Section

SHINGLE_WORDS = 5
ALIKE = 0.8
LEFT_OUT = ("releases/", "_theme/", "contents.txt", "man/")
"""Release notes repeat one another's headings; the rest is not prose."""
HOME = Path(__file__).parent
BUILD = HOME / "build"
CORPUS = BUILD / "corpus.jsonl"
PREPARE = "make demo, or: python -m examples.docsearch.prepare"


def shingles(text: str) -> frozenset[str]:
    """Return the word shingles of a text; a text shorter than a shingle is one of its own."""
    words = text.lower().split()
    last = max(1, len(words) - SHINGLE_WORDS + 1)
    return frozenset(" ".join(words[at : at + SHINGLE_WORDS]) for at in range(last))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of two sets' union that both hold; two empty sets are alike."""
    union = len(one | other)
    return len(one & other) / union if union else 1.0


def _candidates(sets: Sequence[frozenset[str]]) -> Iterator[tuple[int, int]]:
    """Yield every pair that may be alike (and few others).

    Two sets with Jaccard of at least t share one of the rarest |s| − ⌈t·|s|⌉ + 1 members of each
    (prefix filtering), so only pairs that meet in such a member are compared.
    """
    frequency = Counter(member for one in sets for member in one)
    seen_in: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(sets):
        rarest = sorted(one, key=lambda member: (frequency[member], member))
        needed = -int(-ALIKE * len(one) // 1)
        met: set[int] = set()
        for member in rarest[: len(one) - needed + 1]:
            met.update(seen_in[member])
            seen_in[member].append(number)
        yield from ((earlier, number) for earlier in sorted(met))


def groups(texts: Sequence[str]) -> list[int]:
    """Return, for each text, the number of the first text that is like it.

    Being alike passes on through others; a text without a like is its own.
    """
    sets = [shingles(text) for text in texts]
    first = list(range(len(texts)))

    def root(at: int) -> int:
        while first[at] != at:
            at = first[at]
        return at

    for one, other in _candidates(sets):
        a, b = root(one), root(other)
        if a != b and jaccard(sets[one], sets[other]) >= ALIKE:
            first[max(a, b)] = min(a, b)
    return [root(at) for at in range(len(texts))]


def distinct(found: Iterable[Section]) -> list[Section]:
    """Return the sections that the search indexes: with a body, in scope, one of each group."""
    kept = sorted(
        (s for s in found if s.body and not s.path.startswith(LEFT_OUT)),
        key=lambda s: (s.path, s.number),
    )
    leaders = groups([s.body for s in kept])
    return [section for at, section in enumerate(kept) if leaders[at] == at]


def write(corpus: Sequence[Section], path: Path) -> str:
    """Write one JSON object a line, all or nothing, and return the file's sha256."""
    text = "".join(json.dumps(asdict(s), ensure_ascii=False) + "\n" for s in corpus)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return hashlib.sha256(text.encode()).hexdigest()


def read(path: Path = CORPUS) -> list[Section]:
    """Return the corpus.

    Raises:
        FileNotFoundError: it was not made yet; the message names the command that makes it.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path.name} is not there yet; make it by: {PREPARE}")
    with path.open(encoding="utf-8") as lines:
        return [Section(**json.loads(line)) for line in lines]
