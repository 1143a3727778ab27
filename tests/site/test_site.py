"""The site of the docs: what is broken in a page fails the build."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import site

PAGES = {
    "README.md": "# Read me\n\n[docs](docs/index.md)\n",
    "docs/index.md": "# Home\n\n## Learn: here\n\n- [one](how-to/one.md), "
    "[that](how-to/one.md#a-part)\n- [decisions](adr/)\n",
    "docs/how-to/one.md": "# One\n\n## A part\n\n[home](../index.md), "
    "[file](../../examples/x/data.csv)\n",
    "docs/adr/0001-first.md": "# 1. First\n\nDecided.\n",
    "examples/x/README.md": "# X\n\n[one](../../docs/how-to/one.md)\n",
    "examples/x/data.csv": "item\n1\n",
}


def built(tmp_path: Path, **changed: str) -> tuple[list[str], Path]:
    root, out = tmp_path / "repository", tmp_path / "site"
    for name, text in PAGES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + changed.get(path.stem, ""), encoding="utf-8")
    return site.build(root, out, site.ROOT / "docs"), out


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> tuple[list[str], Path]:
    return built(tmp_path_factory.mktemp("sound"))


def test_sound_pages_are_built_without_a_fault(sound) -> None:
    found, out = sound
    assert found == []
    assert (out / "docs" / "how-to" / "one.html").is_file()
    assert "docs/index.html" in (out / "index.html").read_text("utf-8")
    assert "1. First" in (out / "docs" / "adr" / "index.html").read_text("utf-8")
    assert list(out.rglob("data.csv"))


def test_the_menu_has_the_sections_of_the_index_and_the_pages_beside(sound) -> None:
    page = (sound[1] / "docs" / "index.html").read_text("utf-8")
    menu = page[page.index('class="sidebar-tree"') : page.index("<article")]
    words = ("Learn", "One", "Beside", "Read me", "X")
    assert [word for word in words if f">{word}<" not in menu] == []


def test_the_search_needs_no_other_place(sound) -> None:
    assert "first" in (sound[1] / "searchindex.js").read_text("utf-8")
    assert "searchindex.js" in (sound[1] / "search.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[gone](two.md)", "two.md"),
        ("[gone](../index.md#no-such-part)", "no-such-part"),
        ("[gone](#nowhere)", "nowhere"),
        ("[gone](../../examples/x/none.csv)", "none.csv"),
        ("![gone](../images/none.png)", "none.png"),
        ('<img src="https://example.com/a.png">', "example.com"),
        ('<a href="two.html">gone</a>', "two.html"),
        ('<script src="//example.com/a.js"></script>', "example.com"),
    ],
)
def test_what_is_broken_in_a_page_fails_the_build_and_is_named(tmp_path, text, said) -> None:
    found, _ = built(tmp_path, one=f"\n{text}\n")
    assert [line for line in found if said in line and "one" in line], found


def test_a_style_sheet_that_fetches_from_elsewhere_is_named(tmp_path) -> None:
    (tmp_path / "a.css").write_text("@import '//example.com/a.css';", encoding="utf-8")
    assert site.faults(tmp_path) == ["a.css: fetches from elsewhere"]
