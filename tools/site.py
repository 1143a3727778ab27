"""Build the site of the docs, without the network: ``make site``.

    python tools/site.py            into build/site; open build/site/index.html
    python tools/site.py --out DIR

The pages are the Markdown of the repository, in the folders that they have there, so that every
link reads the same in both. What is added on the way: the menu (the sections of ``docs/index.md``)
and a list of the decisions. Any warning fails the build: a link to a page or a heading that is not
there, a page that the menu does not reach. Then the pages that came out are read again: every link
within the site must lead to a file and to an anchor in it, and nothing may be fetched from
elsewhere.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
OUTSIDE = ("README.md", "CONTRIBUTING.md", "examples/*/README.md")
"""Pages that do not lie in docs/."""
_LINK = re.compile(r"\]\((?P<to>[^)#\s]+)(?:#[^)\s]*)?\)")
_FETCHES = {
    ("link", "href"),
    ("script", "src"),
    ("img", "src"),
    ("iframe", "src"),
    ("source", "src"),
}
_CSS = re.compile(r"url\(\s*['\"]?(?:https?:)?//|@import\s+['\"]?(?:https?:)?//")
FRONT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>liftgate</title>
<meta http-equiv="refresh" content="0; url=docs/index.html">
<a href="docs/index.html">liftgate</a>
</html>
"""


def sources(root: Path) -> list[Path]:
    """Return the pages of a repository, and the files beside them that they link."""
    docs = [path for path in (root / "docs").rglob("*") if path.is_file()]
    pages = [*docs, *(path for pattern in OUTSIDE for path in root.glob(pattern))]
    linked = {target for page in pages if page.suffix == ".md" for target in _linked(page)}
    found = {*pages, *(path for path in linked if path.is_file() and path.is_relative_to(root))}
    return sorted(path for path in found if "__pycache__" not in path.parts)


def _linked(page: Path) -> Iterator[Path]:
    for found in _LINK.finditer(page.read_text(encoding="utf-8")):
        if ":" not in found["to"]:
            yield (page.parent / found["to"]).resolve()


def stage(root: Path, to: Path) -> None:
    """Copy the pages, and add the menu and the list of decisions."""
    for path in sources(root):
        target = to / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    index = to / "docs" / "index.md"
    text = index.read_text(encoding="utf-8")
    decisions = sorted((to / "docs" / "adr").glob("*.md"))
    if decisions:
        listed = "".join(f"- [{_title(path)}]({path.name})\n" for path in decisions)
        tree = _tree([path.name for path in decisions])
        (to / "docs" / "adr" / "index.md").write_text(f"# Decisions\n\n{listed}\n{tree}", "utf-8")
        text = text.replace("](adr/)", "](adr/index.md)")
    outside = [f"../{path.relative_to(to).as_posix()}" for path in sorted(to.rglob("*.md"))]
    outside = [page for page in outside if not page.startswith("../docs/")]
    index.write_text(f"{text}\n{menu(text, outside)}", encoding="utf-8")


def menu(text: str, outside: Sequence[str] = ()) -> str:
    """Return the menu: the pages that each section of the index links, under its heading.

    Args:
        text: the index.
        outside: pages that do not lie in docs/; those that no section links come last.
    """
    _, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    trees, seen = [], set[str]()
    for section in sections:
        heading, _, body = section.partition("\n")
        pages = [found["to"] for found in _LINK.finditer(body) if found["to"].endswith(".md")]
        new = [page for page in dict.fromkeys(pages) if page not in seen and ":" not in page]
        seen.update(new)
        if new:
            trees.append(_tree(new, heading.partition(":")[0].strip()))
    rest = [page for page in outside if page not in seen]
    if rest:
        trees.append(_tree(rest, "Beside"))
    return "\n".join(trees)


def _tree(pages: list[str], caption: str = "") -> str:
    head = f":caption: {caption}\n" if caption else ""
    listed = "\n".join(page.removesuffix(".md") for page in pages)
    return f"```{{toctree}}\n:hidden:\n{head}\n{listed}\n```\n"


def _title(page: Path) -> str:
    first = page.read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("# ")


class _Page(HTMLParser):
    """What one page links, fetches and offers as an anchor."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the attributes that name something."""
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif (tag, name) in _FETCHES and value:
                self.fetched.append(value)
                self.links.append(value)
            elif (tag, name) == ("a", "href") and value:
                self.links.append(value)


def faults(site: Path) -> list[str]:
    """Return what is wrong with the pages that came out: links into nothing, foreign things."""
    pages = {}
    for path in sorted(site.rglob("*.html")):
        pages[path.resolve()] = page = _Page()
        page.feed(path.read_text(encoding="utf-8"))
    found = []
    for path, page in pages.items():
        name = path.relative_to(site.resolve())
        found += [f"{name}: fetches {one}" for one in page.fetched if _elsewhere(one)]
        found += [f"{name}: {why}" for link in page.links if (why := _broken(path, link, pages))]
    for path in sorted(site.rglob("*.css")):
        if _CSS.search(path.read_text(encoding="utf-8")):
            found.append(f"{path.relative_to(site)}: fetches from elsewhere")
    return found


def _elsewhere(link: str) -> bool:
    parts = urlsplit(link)
    return bool(parts.netloc) or parts.scheme in {"http", "https"}


def _broken(path: Path, link: str, pages: dict[Path, _Page]) -> str:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return ""
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file():
        return f"{link} leads to no file"
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return f"{link}: no heading or place has this name"
    return ""


def build(root: Path, out: Path, settings: Path) -> list[str]:
    """Build the site of a repository anew, and return what is wrong with it.

    Args:
        root: where README.md and docs/ are.
        out: the folder of the site; what is in it goes.
        settings: the folder of ``conf.py``.
    """
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        staged = Path(folder, "pages")
        stage(root, staged)
        if (settings / "_static").is_dir() and not (staged / "docs" / "_static").exists():
            shutil.copytree(settings / "_static", staged / "docs" / "_static")
        command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q"]
        command += ["-c", str(settings), "-d", str(Path(folder, "trees")), str(staged), str(out)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said = [line.replace(f"{staged}/", "") for line in done.stderr.splitlines() if line.strip()]
    if done.returncode:
        return said or [f"sphinx: exit code {done.returncode}"]
    (out / "index.html").write_text(FRONT, encoding="utf-8")
    return faults(out)


def main() -> None:
    """Build, and say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site")
    asked = parser.parse_args()
    found = build(ROOT, asked.out.resolve(), ROOT / "docs")
    if found:
        sys.exit("\n".join([*found, "", f"site: {len(found)} faults"]))
    pages = len(list(asked.out.rglob("*.html")))
    print(
        f"site: {pages} pages, every link within them leads somewhere; open {asked.out}/index.html"
    )


if __name__ == "__main__":
    main()
