"""Run the examples of the docs, and compare what they print with what the page shows.

A block is run when the line above it says so:

    <!-- run in examples/compare -->   in a fresh copy of that folder
    <!-- run -->                       in a fresh, empty folder
    <!-- run on -->                    in the folder of the block before
    <!-- run with model … -->          the same, where the embedded model is (tests/llm)
    <!-- run with postgres … -->       the same, where a server is (tests/services)
    <!-- run with time … -->           the same, where there is more time (tests/services)

A ``console`` block holds commands (``$ liftgate …``, ``$ git …``, ``$ python …``, ``$ cat FILE``,
``$ echo $?``, ``$ mkdir FOLDER``), each followed by what it prints (``> FILE`` puts it there
instead); a ``python`` block must run without an error. In what is shown, ``…`` stands for any text
within a line, and alone on a line for any lines.

A ``text`` block under ``<!-- shown by make demo -->`` must stand in what that target printed.

    python tools/blocks.py             run every block that needs no set-up, print what differs
    python tools/blocks.py --write     put what is printed into the pages
    python tools/blocks.py --log TARGET FILE     compare what a target of make printed
    python -m tools.server_blocks [--write]      the same where a server is needed
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_BLOCK = re.compile(
    r"^<!-- run(?: with (?P<needs>\w+))?(?P<where> on| in [^ ]+)? -->\n+"
    r"```(?P<language>console|python|sql)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_SHOWN = re.compile(
    r"^<!-- shown by make (?P<target>[\w-]+) -->\n+```text\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_ANY_TEXT, _ANY_LINES = ".*?", r"(?:.*\n)*?"
SECONDS = 120
_LIFTGATE = Path(sys.executable).with_name("liftgate")


@dataclass(frozen=True)
class Block:
    """One block that is run."""

    page: Path
    line: int
    language: str
    where: str
    """Empty, ``on``, or ``in FOLDER``."""
    text: str

    @property
    def name(self) -> str:
        """Where it stands, for people."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Step:
    """One command with what the page says that it prints."""

    command: str
    shown: str
    written: str
    """The command as the page has it, over several lines perhaps."""


def pages() -> list[Path]:
    """Return every page of the docs that may hold blocks."""
    found = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    return sorted([*found, *(ROOT / "examples").glob("*/README.md")])


def blocks(page: Path, needs: str = "") -> list[Block]:
    """Return the blocks of a page that are run where something is, in order."""
    source = page.read_text(encoding="utf-8")
    return [
        Block(
            page,
            source.count("\n", 0, found.start("text")) + 1,
            found["language"],
            (found["where"] or "").strip(),
            found["text"],
        )
        for found in _BLOCK.finditer(source)
        if (found["needs"] or "") == needs
    ]


def steps(text: str) -> list[Step]:
    """Split a console block into its commands.

    Raises:
        ValueError: it begins with something else than a command.
    """
    if not text.startswith("$ "):
        raise ValueError(f"a console block begins with '$ ', got {text.splitlines()[0]!r}")
    return [_step(part) for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]]


def _step(part: str) -> Step:
    lines = part.splitlines(keepends=True)
    last = next(at for at, line in enumerate(lines) if not line.rstrip().endswith("\\"))
    command = " ".join(line.rstrip().removesuffix("\\").strip() for line in lines[: last + 1])
    return Step(command, "".join(lines[last + 1 :]), "".join(lines[: last + 1]))


def matches(shown: str, printed: str) -> bool:
    """Whether a page shows what was printed; trailing blanks do not count."""
    return re.fullmatch(_pattern(shown), _tidy(printed)) is not None


def not_printed(target: str, log: str) -> list[str]:
    """Return what pages show as printed by a target of make, and was not."""
    return [
        f"{page.relative_to(ROOT)}: make {target} did not print\n{found['text']}"
        for page in pages()
        for found in _SHOWN.finditer(page.read_text(encoding="utf-8"))
        if found["target"] == target
        and not re.search("^" + _pattern(found["text"]), _tidy(log), re.MULTILINE)
    ]


def _pattern(shown: str) -> str:
    lines = [line.rstrip() for line in shown.strip("\n").splitlines()]
    return "".join(
        _ANY_LINES
        if line.strip() == "…"
        else _ANY_TEXT.join(map(re.escape, line.split("…"))) + r"\n"
        for line in lines
    )


class Runner:
    """Runs the blocks of one page, one after another."""

    needs = ""
    """What its blocks need; they name it after ``with``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._here = folder
        self._code = 0

    def enter(self, where: str) -> None:
        """Make the folder in which a block runs."""
        if where == "on":
            return
        self._count += 1
        self._here = self._folder / str(self._count)
        if where:
            shutil.copytree(ROOT / where.removeprefix("in "), self._here)
        else:
            self._here.mkdir()

    def run(self, block: Block) -> Iterator[tuple[Step, str]]:
        """Yield each command of a block with what it printed."""
        self.enter(block.where)
        if block.language == "sql":
            yield Step("sql", "", ""), self.sql(block.text)
            return
        if block.language == "python":
            yield Step("python", "", ""), self._python(block.text)
            return
        for step in steps(block.text):
            yield step, self._command(step.command)

    def sql(self, text: str) -> str:
        """Run statements; there is a server only where a test has one."""
        raise ValueError(f"no server for {text.splitlines()[0]!r}: <!-- run with postgres -->")

    def _command(self, command: str) -> str:
        words = shlex.split(command, comments=True)
        if ">" in words:
            file = self._here / words[words.index(">") + 1]
            file.write_text(self._command(shlex.join(words[: words.index(">")])), encoding="utf-8")
            return ""
        if words[0] == "echo":
            return f"{self._code if words[1:] == ['$?'] else ' '.join(words[1:])}\n"
        if words[0] == "mkdir":
            (self._here / words[1]).mkdir()
            return ""
        if words[0] == "cat":
            return "".join((self._here / name).read_text("utf-8") for name in words[1:])
        if words[0] == "python":
            return self._call([sys.executable, *words[1:]])
        if words[0] == "git":
            return self._call(words)
        if words[0] != "liftgate":
            raise ValueError(f"got {command!r}, expected liftgate, git, python, cat, mkdir or echo")
        return self._call([sys.executable, str(_LIFTGATE), *words[1:]])

    def _python(self, text: str) -> str:
        printed = self._call([sys.executable, "-c", text])
        return f"{printed}exit code {self._code}\n" if self._code else ""

    def _call(self, command: list[str]) -> str:
        plain = {
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "LIFTGATE_HOME": str(self._here / ".liftgate"),
            "LIFTGATE_KEYS": str(self._here / "private"),
            "LIFTGATE_AUTHOR": "ada",
            "GIT_CONFIG_GLOBAL": os.devnull,
            **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "ada"),
            **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "ada@example.org"),
        }
        env = {**os.environ, **plain}
        # An interpreter with options of its own is started for them.
        own = command[0] == sys.executable and command[1] != "-I"
        done = (
            self.python(command[1:], self._here, env)
            if own
            else self._program(command, self._here, env)
        )
        self._code = done.returncode
        return done.stdout

    def python(
        self, words: list[str], cwd: Path, env: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run ``python WORDS…``, its errors in with its output; a test has a faster way."""
        return self._program([sys.executable, *words], cwd, env)

    def _program(
        self, command: list[str], cwd: Path, env: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )


def differences(page: Path, runs: type[Runner] = Runner) -> list[str]:
    """Return, for each command that prints something else than the page shows, both texts."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        runner = runs(Path(folder))
        for block in blocks(page, runs.needs):
            for step, printed in runner.run(block):
                if not matches(step.shown, printed):
                    place = f"{block.name}: $ {step.command}"
                    found.append(f"{place}\n--- shown\n{step.shown}--- printed\n{printed}")
    return found


def rewrite(page: Path, runs: type[Runner] = Runner) -> bool:
    """Put what the commands of a page print into it; return whether the page changed."""
    old = source = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        runner = runs(Path(folder))
        for block in blocks(page, runs.needs):
            text = ""
            for step, printed in runner.run(block):
                same = matches(step.shown, printed)
                text += f"$ {step.written}{step.shown if same else _tidy(printed)}"
            if block.language == "console":
                source = source.replace(block.text, text, 1)
    page.write_text(source, encoding="utf-8")
    return source != old


def _tidy(printed: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())


class SlowRunner(Runner):
    """Runs what would take too much of the time of ``make test``."""

    needs = "time"


RUNS = (Runner, SlowRunner)


def main() -> None:
    """Check the pages, or write them."""
    if sys.argv[1:2] == ["--log"]:
        target, log = sys.argv[2:]
        found = not_printed(target, Path(log).read_text(encoding="utf-8"))
        sys.exit("\n".join(found) if found else 0)
    if "--write" in sys.argv[1:]:
        for page in pages():
            changed = [rewrite(page, runs) for runs in RUNS]
            if any(changed):
                print(f"wrote {page.relative_to(ROOT)}")
        return
    found = [text for page in pages() for runs in RUNS for text in differences(page, runs)]
    sys.exit("\n".join(found) if found else 0)


if __name__ == "__main__":
    main()
