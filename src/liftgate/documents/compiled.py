"""A document compiled from one decision: Jinja2 to Markdown to HTML, every quantity bound."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liftgate.canon import canonical, sha256
from liftgate.documents.binding import (
    CONSTANT,
    RECORD,
    bind,
    encoded,
    front_matter,
    marked,
    plain_markdown,
    scan,
)
from liftgate.documents.checklist import checklist
from liftgate.documents.facts import Facts
from liftgate.documents.model_card import card_arm, companions
from liftgate.documents.model_card import front_matter as front_matter_of
from liftgate.documents.numbers import moment
from liftgate.documents.page import stylesheet
from liftgate.errors import DataError, Fault, StudyError, UnknownName
from liftgate.figures import visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

SHIPPED = Path(__file__).parent / "shipped"
SUFFIX = ".md.j2"


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
        return to_html(self.markdown, self.title)


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
    *,
    leaf: str,
    time: str,
    arm: str | None = None,
    reopened: Sequence[str] = (),
) -> Document:
    """Return a document built from a template.

    Args:
        path: of the template; it may include and extend those of its folder and the shipped ones.
        facts: of the decision.
        leaf: the digest of the decision's entry.
        time: when it was decided, in ISO format.
        arm: of which a card speaks; None: the recommended one, or the first candidate.
        reopened: why the decision must be looked at again; said at the top of the document.

    Raises:
        StudyError: the template is wrong, or has a quantity that is not bound; every fault at once.
        UnknownName: a reference, field or constant that is not there.
    """
    from jinja2 import TemplateError

    constants: dict[str, str] = {}
    shown = card_arm(facts, arm)
    helpers = _Helpers(facts, constants, shown)
    try:
        template = _environment(path.parent).get_template(path.name)
        text = template.render(
            d=helpers,
            body=facts.body,
            entry=facts.sequence,
            leaf=leaf,
            time=moment(time),
            arm=shown,
        )
    except TemplateError as error:
        fault = Fault("", str(error), line=getattr(error, "lineno", 0) or 0)
        raise StudyError("the template cannot be read", file=path.name, faults=[fault]) from None
    text = re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
    if reopened:
        head = front_matter(text)
        told = "\n".join(("This decision must be looked at again.", *reopened))
        text = f"{head}{quoted(told)}\n\n{text.removeprefix(head).lstrip()}"
    _all_bound(text, path, facts)
    name = path.name.removesuffix(SUFFIX)
    record = {
        "liftgate": 1,
        "template": name,
        "template_digest": sha256(path.read_bytes()),
        "study": facts.body["study"],
        "entry": facts.sequence,
        "leaf": leaf,
        "rows": facts.body["rows"]["digest"],
        "constants": constants,
        "arm": shown,
        "card": helpers.is_card,
        "time": time,
    }
    markdown = f"{text}\n{RECORD}{_json(record)} -->\n"
    made = companions(facts, shown, leaf=leaf, time=time) if helpers.is_card else {}
    return Document(name, markdown, f"{name}: {facts.body['study']}", made)


def to_html(markdown: str, title: str) -> str:
    """Return Markdown as one page: no markup of the text's own, bound texts as ``<data>``."""
    inner, record = inner_html(markdown)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{escape(visible(title))}</title><style>{stylesheet()}</style></head>\n"
        f'<body><main class="wrap document">\n{inner}</main>\n'
        + (f"{RECORD}{record.strip()}\n" if record else "")
        + "</body></html>\n"
    )


def inner_html(markdown: str) -> tuple[str, str]:
    """Return what stands inside a page of Markdown, and the record of its build."""
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
    return inner, record


def _data(number: int, name: str) -> str:
    """Return the start of a bound text: ``page.html#m3`` is the third, as ``trace`` counts."""
    return f'<data id="m{number}" value="{encoded(name)}">'


class _Helpers:
    """What a template calls: ``d``."""

    def __init__(self, facts: Facts, constants: dict[str, str], arm: str) -> None:
        self._facts = facts
        self._arm = arm
        self.is_card = False
        self._constants = constants

    def number(self, name: str, field: str = "text") -> Markup:
        """Return a number of the decision: ``dense.primary``, without the entry's number."""
        return self._bound(f"{self._facts.sequence}:{name}#{field}")

    def value(self, path: str) -> Markup:
        """Return a value of the decision's body: ``dataset.items``."""
        return self._bound(f"{self._facts.sequence}#{path}")

    def has(self, name: str, field: str = "text") -> bool:
        """Tell whether the decision has such a number."""
        reference = f"{self._facts.sequence}:{name}"
        return reference in self._facts.numbers and field in self._facts.fields(reference)

    def names(self, sort: str, arm: str | None = None) -> list[str]:
        """Return references of one sort, without the entry's number; of one arm."""
        return [
            reference.partition(":")[2]
            for reference, number in self._facts.numbers.items()
            if str(getattr(number, "sort", "")) == sort and (arm is None or number.arms[-1] == arm)
        ]

    def card(self) -> Markup:
        """Make the document a model card: its head, and the files of machines beside it."""
        from markupsafe import Markup

        self.is_card = True
        return Markup(front_matter_of(self._facts, self._arm))  # noqa: S704 - YAML, checked whole

    def checklist(self) -> list[dict[str, Any]]:
        """Return what a design should have, and whether the locked one has it."""
        return [{"text": text, "met": met} for text, met in checklist(self._facts.body)]

    def constant(self, name: str, text: object = None) -> Markup:
        """Declare a constant, or print again one that was declared above."""
        from markupsafe import Markup

        if text is not None:
            if self._constants.setdefault(name, str(text)) != str(text):
                raise DataError(f"constant {name!r}: declared twice, with different values")
        elif name not in self._constants:
            raise UnknownName("constant", name, self._constants)
        return Markup(bind(CONSTANT + name, self._constants[name]))  # noqa: S704 - escaped by bind

    def _bound(self, name: str) -> Markup:
        from markupsafe import Markup

        return Markup(bind(name, self._facts.text(name)))  # noqa: S704 - escaped by bind


def code(text: object) -> Markup:
    """Return an identifier as code, which nothing inside can end."""
    from markupsafe import Markup

    flat = " ".join(visible(str(text)).split()).replace("<!--", "<! --").replace("|", "¦")
    longest = max((len(run) for run in re.findall("`+", flat)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return Markup(f"{fence}{pad}{flat}{pad}{fence}")  # noqa: S704 - code means nothing


def quoted(text: object) -> Markup:
    """Return foreign text as a block quote of plain text, line by line."""
    from markupsafe import Markup

    lines = visible(str(text)).split("\n")
    made = "\n".join(f"> {plain_markdown(line)}".rstrip() for line in lines)
    return Markup(made)  # noqa: S704 - escaped line by line


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
