"""A document compiled from one entry: Jinja2 to Markdown to HTML, every quantity bound."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liftgate.canon import canonical, sha256
from liftgate.documents.beside import Source, companions
from liftgate.documents.binding import (
    RECORD,
    encoded,
    front_matter,
    marked,
    plain_markdown,
    scan,
)
from liftgate.documents.facts import Facts
from liftgate.documents.helpers import Helpers, code, quoted
from liftgate.documents.model_card import card_arm
from liftgate.documents.numbers import moment
from liftgate.documents.page import plain_page
from liftgate.errors import Fault, StudyError
from liftgate.figures import inline

if TYPE_CHECKING:
    from jinja2 import Environment

SHIPPED = Path(__file__).parent / "shipped"
SUFFIX = ".md.j2"
_OF_A_LOCK = re.compile(r"\{#-?\s*from: lock\s*-?#\}")
_PICTURE = re.compile(r'<img src="(?P<name>[\w.-]+\.svg)" alt="(?P<says>[^"]*)" />')


@dataclass(frozen=True)
class Document:
    """One built document, as Markdown with its bindings and its record."""

    template: str
    markdown: str
    title: str
    companions: Mapping[str, str]
    """Files that stand beside it, by their path from it."""

    def html(self) -> str:
        """Return it as one page for reading and printing."""
        return to_html(self.markdown, self.title, pictures(self.companions))


def pictures(beside: Mapping[str, str]) -> dict[str, str]:
    """Return the pictures among the files beside a document, as they stand within a page."""
    return {name: inline(text) for name, text in beside.items() if name.endswith(".svg")}


def of_a_lock(path: Path) -> bool:
    """Whether a template is built from a study's lock, rather than from a decision.

    It says so in its first line: ``{# from: lock #}``.
    """
    return _OF_A_LOCK.match(path.read_text(encoding="utf-8")) is not None


def templates(folders: tuple[Path, ...]) -> Mapping[str, Path]:
    """Return the templates by name; a folder's own stand before the shipped ones."""
    found: dict[str, Path] = {}
    for folder in (*folders, SHIPPED):
        for path in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else ():
            if not path.name.startswith("_"):
                found.setdefault(path.name.removesuffix(SUFFIX), path)
    return dict(sorted(found.items()))


def compile_document(
    path: Path,
    facts: Facts,
    source: Source,
    *,
    arm: str | None = None,
    reopened: Sequence[str] = (),
) -> Document:
    """Return a document built from a template.

    Args:
        path: of the template; it may include and extend those of its folder and the shipped ones.
        facts: of the decision or the lock.
        source: what else it is built from.
        arm: of which a card speaks; None: the recommended one, or the first candidate.
        reopened: why the decision must be looked at again; said at the top of the document.

    Raises:
        StudyError: the template is wrong, or has a quantity that is not bound; every fault at once.
        UnknownName: a reference, field, table or constant that is not there.
    """
    from jinja2 import TemplateError

    shown = card_arm(facts, arm) if facts.is_decision else ""
    helpers = Helpers(facts, source, shown)
    try:
        template = _environment(path.parent).get_template(path.name)
        text = template.render(
            d=helpers,
            body=facts.body,
            entry=facts.sequence,
            leaf=source.leaf,
            time=moment(source.time),
            arm=shown,
            about=source.about or {},
        )
    except TemplateError as error:
        fault = Fault("", str(error), line=getattr(error, "lineno", 0) or 0)
        raise StudyError("the template cannot be read", file=path.name, faults=[fault]) from None
    text = re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
    if reopened:
        top = front_matter(text)
        told = "\n".join(("This decision must be looked at again.", *reopened))
        text = f"{top}{quoted(told)}\n\n{text.removeprefix(top).lstrip()}"
    _all_bound(text, path, facts)
    name = path.name.removesuffix(SUFFIX)
    record = {
        "liftgate": 1,
        "template": name,
        "template_digest": sha256(path.read_bytes()),
        "study": facts.study,
        "entry": facts.sequence,
        "leaf": source.leaf,
        "seen": source.seen,
        "rows": facts.body.get("rows", {}).get("digest"),
        "constants": helpers.constants,
        "arm": shown,
        "beside": helpers.beside,
        "about": source.about,
        "time": source.time,
    }
    made = companions(helpers.beside, facts, source, arm=shown)
    markdown = f"{text}\n{RECORD}{_json(record)} -->\n"
    return Document(name, markdown, f"{name}: {facts.study}", made)


def to_html(markdown: str, title: str, drawn: Mapping[str, str] | None = None) -> str:
    """Return Markdown as one page: no markup of the text's own, bound texts as ``<data>``.

    Args:
        markdown: of the document.
        title: of the page.
        drawn: pictures by the name under which the text shows them; others are not shown.
    """
    known = drawn or {}
    inner, record = inner_html(markdown, lambda name, _: known.get(name, ""))
    after = f"{RECORD}{record.strip()}\n" if record else ""
    return plain_page(title, inner, sort="document", after=after)


def inner_html(
    markdown: str, shown: Callable[[str, str], str] = lambda _name, _says: ""
) -> tuple[str, str]:
    """Return what stands inside a page of Markdown, and the record of its build.

    Args:
        markdown: of the document.
        shown: (name of a picture's file, what it says in words, escaped) -> markup; without it no
            picture is shown.
    """
    from markdown_it import MarkdownIt

    values: list[str] = []
    lines = []
    for line in markdown.replace("\ue000", "\ufffd").replace("\ue001", "\ufffd").split("\n"):
        made, last = [], 0
        for start, end, name, text in marked(line):
            made += [line[last:start], f"\ue000{text}\ue001"]
            values.append(name)
            last = end
        lines.append("".join((*made, line[last:])))
    whole = "\n".join(lines)
    source, _, record = whole.removeprefix(front_matter(whole)).partition(RECORD)
    inner = MarkdownIt("commonmark", {"html": False}).enable("table").render(source)
    left = enumerate(values, 1)
    inner = re.sub("\ue000", lambda _: _data(*next(left)), inner)
    inner = inner.replace("\ue001", "</data>")
    inner = inner.replace("<table>", '<div class="scroll"><table>')
    inner = inner.replace("</table>", "</table></div>")
    inner = _PICTURE.sub(lambda found: shown(found["name"], found["says"]), inner)
    return inner, record


def _data(number: int, name: str) -> str:
    """Return the start of a bound text: ``page.html#m3`` is the third, as ``trace`` counts."""
    return f'<data id="m{number}" value="{encoded(name)}">'


def _environment(folder: Path) -> Environment:
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader([folder, SHIPPED]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_final,
    )
    for name in ("safe", "forceescape", "escape", "e", "tojson"):
        environment.filters.pop(name, None)
    environment.filters |= {"code": code, "quoted": quoted}
    return environment


def _final(value: Any) -> Any:
    from markupsafe import Markup

    if isinstance(value, Markup):
        return value
    return Markup(plain_markdown(str(value)))  # noqa: S704 - escaped


def _all_bound(text: str, path: Path, facts: Facts) -> None:
    source = path.read_text(encoding="utf-8").split("\n")
    lines = text.split("\n")
    faults = []
    for found in scan(text):
        if found.name:
            continue
        place = next((n for n, line in enumerate(source, 1) if found.text in line), 0)
        said = f"{found.text!r} is bound to no evidence, in: {lines[found.line - 1].strip()[:120]}"
        faults.append(Fault("", said, line=place, suggestion=_meant(found.text, facts)))
    if faults:
        raise StudyError(
            f"{len(faults)} quantities are not bound",
            file=path.name,
            faults=faults,
            hint="print it by d.number(…) or d.value(…), declare it by d.constant(…), or quote it",
        )


def _meant(text: str, facts: Facts) -> str:
    return next(iter(meant(text, facts)), "")


def meant(text: str, facts: Facts) -> tuple[str, ...]:
    """Return the quantities of a decision that an unbound numeral could be."""
    bare = text.strip(" %+").replace("-", "−")
    said = partial(_says, bare)
    names = (name for ref in facts.numbers for name in facts.values(ref))
    return tuple(name for name in names if said(facts.text(name)))


def _says(bare: str, text: str) -> bool:
    return bool(bare) and text.partition(" ")[0].lstrip("+") == bare


def _json(record: Mapping[str, Any]) -> str:
    """Canonical JSON that cannot end a comment."""
    return canonical(record).decode("utf-8").replace("--", "-\\u002d").replace(">", "\\u003e")
