"""What the docs show is what is printed: every marked block is run."""

from __future__ import annotations

import pytest

from tools import blocks, warm

PAGES = [page for page in blocks.pages() if blocks.blocks(page)]
ANEW = [blocks.ROOT / "README.md", blocks.ROOT / "docs/tutorial/compare-two-tables.md"]
"""Pages whose commands run in interpreters of their own, as people's do."""


class Warm(blocks.Runner):
    """Runs commands as forks of a process that has imported liftgate."""

    def python(self, words, cwd, env):
        return warm.run(words, cwd=cwd, env=env, timeout=blocks.SECONDS, together=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(blocks.ROOT).as_posix())
def test_the_examples_of_a_page_print_what_it_shows(page) -> None:
    runs = blocks.Runner if page in ANEW else Warm
    assert "\n".join(blocks.differences(page, runs)) == ""


def test_some_pages_are_run_as_people_run_them() -> None:
    assert set(ANEW) <= set(PAGES)


def test_the_first_page_that_people_read_has_examples_that_are_run() -> None:
    assert blocks.ROOT / "README.md" in PAGES


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("a\nb\n", "a\nb  \n\n"),
        ("a …\nend\n", "a 1.5 s\nend\n"),
        ("a\n…\nend\n", "a\n1\n2\nend\n"),
        ("a\n…\nend\n", "a\nend\n"),
        ("", "\n"),
    ],
)
def test_what_is_shown_may_leave_gaps(shown: str, printed: str) -> None:
    assert blocks.matches(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [("a\n", "b\n"), ("a\n", "a\nb\n"), ("a …\n", "a 1\nb\n"), ("a.c\n", "abc\n"), ("", "x\n")],
)
def test_what_differs_is_noticed(shown: str, printed: str) -> None:
    assert not blocks.matches(shown, printed)


def test_a_block_is_read_with_its_place_and_its_commands(tmp_path, monkeypatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "text\n\n<!-- run in examples/compare -->\n```console\n"
        "$ liftgate compare \\\n    a b\nbetter\n\n$ echo $?\n0\n```\n"
        "\n```console\n$ not run\n```\n"
    )
    (block,) = blocks.blocks(page)
    assert (block.line, block.where, block.language) == (5, "in examples/compare", "console")
    first, second = blocks.steps(block.text)
    assert (first.command, first.shown) == ("liftgate compare a b", "better\n\n")
    assert (second.command, second.shown) == ("echo $?", "0\n")


def test_pages_are_written_with_what_is_printed(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(blocks, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- run -->\n```console\n$ liftgate \\\n    --version\nold\n$ echo $?\n```\n"
        "\n<!-- run on -->\n```python\nraise SystemExit(3)\n```\n"
    )
    assert blocks.rewrite(page)
    assert "$ liftgate \\\n    --version\nliftgate, version " in page.read_text()
    assert "$ echo $?\n0\n```" in page.read_text()
    (left,) = blocks.differences(page)
    assert "exit code 3" in left


def test_a_block_that_begins_with_no_command_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with"):
        blocks.steps("liftgate compare\n")


def test_where_a_block_runs_is_told_to_readers_too() -> None:
    """A comment is not seen on a page: a stranger must know into which folder to go."""
    silent = []
    for page in blocks.pages():
        lines = page.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if line.startswith("<!-- run") and " in " in line:
                folder = line.split(" in ")[1].split(" ")[0]
                before = "\n".join(one for one in lines[:number] if not one.startswith("<!--"))
                if folder not in before and page.parent != blocks.ROOT / folder:
                    silent.append(f"{page.relative_to(blocks.ROOT)}:{number + 1}: {folder}")
    assert silent == []


def test_what_a_page_shows_of_a_target_of_make_must_stand_in_its_log(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(blocks, "ROOT", tmp_path)
    page = tmp_path / "README.md"
    page.write_text("<!-- shown by make demo -->\n```text\nDecision: … (4)\n…\nend\n```\n", "utf-8")
    assert blocks.not_printed("demo", "a\nDecision: HOLD (4)\nb\n  end\nend\nc\n") == []
    assert blocks.not_printed("other", "") == []
    (told,) = blocks.not_printed("demo", "Decision: HOLD (1)\nend\n")
    assert told.startswith("README.md: make demo did not print\nDecision")


def test_blocks_that_need_something_are_run_only_where_it_is(tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- run with model in examples/x -->\n```console\n$ cat a\n```\n"
        "<!-- run with model on -->\n```console\n$ cat b\n```\n"
        "<!-- run -->\n```console\n$ cat c\n```\n"
    )
    assert [block.text for block in blocks.blocks(page)] == ["$ cat c\n"]
    assert [block.where for block in blocks.blocks(page, "model")] == ["in examples/x", "on"]
