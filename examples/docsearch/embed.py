"""MiniLM on onnxruntime: texts to unit vectors, the same ones whatever else is under way.

One text a call and one thread: a dynamically quantised model scales its activations by all that is
in a batch, so a batch's other members would change a text's vector.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examples.docsearch.corpus import BUILD, HOME, PREPARE

MAX_TOKENS = 128
CHUNK = 256
LOCK = HOME / "models.lock"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
Vectors = NDArray[np.float32]


def file_digest(path: Path) -> str:
    """Return ``sha256:<hex>`` of a file."""
    with path.open("rb") as stream:
        return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()


def locked() -> dict[str, str]:
    """Return the pinned digest of every model file: file name -> ``sha256:<hex>``."""
    entries: dict[str, str] = json.loads(LOCK.read_text(encoding="utf-8"))
    return entries


def model_file(name: str) -> Path:
    """Return the path of a pinned model file in the build folder.

    Raises:
        FileNotFoundError: it was not brought yet.
        ValueError: it is not the file that was pinned.
    """
    path = BUILD / name
    if not path.is_file():
        raise FileNotFoundError(f"{name} is not there yet; bring it by: {PREPARE}")
    found, wanted = file_digest(path), locked()[name]
    if found != wanted:
        raise ValueError(
            f"{name}: got {found}, expected {wanted}; delete it and bring it again by: {PREPARE}"
        )
    return path


def pool(states: NDArray[np.float32], mask: NDArray[np.int64]) -> Vectors:
    """Return the unit-length mean of the token states that the mask keeps.

    Args:
        states: shape (tokens, width).
        mask: shape (tokens,), 1 for a token that counts.
    """
    weight = mask.astype(np.float32)[:, None]
    mean = (states * weight).sum(axis=0) / max(float(weight.sum()), 1.0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), dtype=np.float32)


class Encoder:
    """A loaded model: ``encoder(text)`` is a unit vector of 384 numbers."""

    def __init__(self) -> None:
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session: Any = onnxruntime.InferenceSession(
            model_file(MODEL), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {node.name for node in self._session.get_inputs()}
        self._tokenizer: Any = Tokenizer.from_file(str(model_file(TOKENIZER)))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()

    def __call__(self, text: str) -> Vectors:
        """Return the vector of a text; what stands behind the first 128 tokens is not read."""
        encoded = self._tokenizer.encode(text)
        mask = np.array([encoded.attention_mask], dtype=np.int64)
        feed = {
            "input_ids": np.array([encoded.ids], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.array([encoded.type_ids], dtype=np.int64),
        }
        states = self._session.run(None, {k: v for k, v in feed.items() if k in self._inputs})[0]
        return pool(states[0], mask[0])


def index_key(texts: Sequence[str]) -> str:
    """Return the name of an index: changes with the model, the tokenizer, the cap and the texts."""
    hasher = hashlib.sha256(json.dumps([locked(), MAX_TOKENS]).encode())
    for text in texts:
        hasher.update(hashlib.sha256(text.encode()).digest())
    return hasher.hexdigest()[:16]


def index(texts: Sequence[str], *, say: Callable[[str], None] = lambda _: None) -> Vectors:
    """Return the vectors of the texts, shape (texts, 384); computed once and kept.

    Chunks are kept as they are finished, so that a computation that was stopped goes on where it
    was; every file is written under another name first.
    """
    whole = BUILD / f"vectors-{index_key(texts)}.npy"
    if whole.is_file():
        return np.asarray(np.load(whole), dtype=np.float32)
    parts = BUILD / whole.stem
    parts.mkdir(parents=True, exist_ok=True)
    starts = range(0, len(texts), CHUNK)
    todo = [start for start in starts if not (parts / f"{start}.npy").is_file()]
    if todo:
        encoder = Encoder()
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as threads:
            for start in todo:
                chunk = texts[start : start + CHUNK]
                _save(np.stack(list(threads.map(encoder, chunk))), parts / f"{start}.npy")
                say(f"embedded {start + len(chunk)} of {len(texts)} sections")
    vectors = np.concatenate([np.load(parts / f"{start}.npy") for start in starts])
    _save(vectors, whole)
    for start in starts:
        (parts / f"{start}.npy").unlink()
    parts.rmdir()
    return vectors


def _save(vectors: Vectors, path: Path) -> None:
    partial = path.with_suffix(".partial.npy")
    np.save(partial, vectors)
    partial.replace(path)
