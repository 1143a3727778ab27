"""Run Python programs as forks of a process that has imported liftgate already.

A command of a page or of a story is a process of its own, with its folder, environment, output
and exit code. What it costs is mostly the imports before its first line: 0.3 to 0.9 seconds. Here
one process imports once, and each program is a fork of it: nothing that one program does reaches
another, as with processes that are started anew. What differs is that modules are there before
they are asked for, so whoever tests what is imported when starts a process of his own.

    done = warm.run(["-m", "liftgate", "--version"], cwd=folder, env=os.environ)
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NoReturn

PEERS = (
    "aiohttp", "cryptography.hazmat.primitives.asymmetric.ed25519", "duckdb", "jinja2", "numpy",
    "markdown_it", "rich.console", "rich.table", "scipy.optimize", "scipy.special", "scipy.stats",
    "sqlite3", "yaml",
)  # fmt: skip
"""What commands import inside functions."""
_APART = ("liftgate.__main__", "liftgate.integrations.", "liftgate.lineage.pack_verifier")


class Warm:
    """The process that has imported liftgate, seen from outside."""

    def __init__(self) -> None:
        self._link, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self._lines = self._link.makefile("r", encoding="utf-8")

    def run(
        self,
        words: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        timeout: float,
        together: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run ``python WORDS…`` and wait for its end; its standard input is empty.

        Args:
            words: ``-m MODULE …``, ``-c TEXT …`` or ``FILE …``.
            cwd: its folder.
            env: its whole environment.
            timeout: seconds until it is killed.
            together: what it says on standard error goes to its standard output.

        Raises:
            ValueError: an option of the interpreter, which was started long ago.
            subprocess.TimeoutExpired: it did not end in time, and was killed.
            ChildProcessError: the process that forks is gone.
        """
        if words[0].startswith("-") and words[0] not in {"-m", "-c"}:
            raise ValueError(f"expected -m, -c or a file, got {words[0]!r}")
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            order = json.dumps({"words": list(words), "cwd": str(cwd), "env": dict(env)})
            files = [out.fileno(), (out if together else err).fileno()]
            head = f"{len(order.encode())}\n".encode()
            socket.send_fds(self._link, [head], files)
            self._link.sendall(order.encode())
            pid = self._answer()
            self._link.settimeout(timeout)
            try:
                code = self._answer()
            except BaseException as error:
                # Its answer would still come, and be taken for that of the next program.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                self.end()
                warm.cache_clear()
                if isinstance(error, TimeoutError):
                    raise subprocess.TimeoutExpired(list(words), timeout) from None
                raise
            self._link.settimeout(None)
            return subprocess.CompletedProcess(list(words), code, _text(out), _text(err))

    def _answer(self) -> int:
        line = self._lines.readline()
        if not line:
            raise ChildProcessError("the process that forks has ended")
        return int(line)

    def end(self) -> None:
        """End the process."""
        self._lines.close()
        self._link.close()
        self._process.wait(10)


@functools.cache
def warm() -> Warm:
    """Return this process's own one, started at the first use."""
    made = Warm()
    atexit.register(made.end)
    return made


def run(
    words: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float = 240,
    together: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run ``python WORDS…`` as a fork, see `Warm.run`."""
    return warm().run(words, cwd=cwd, env=env, timeout=timeout, together=together)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _serve(link: socket.socket) -> list[str]:
    """Fork for each order, and return, in the fork, what it is to run."""
    while True:
        head, files, _, _ = socket.recv_fds(link, 1, 2)
        if not head:
            os._exit(0)
        while not head.endswith(b"\n"):
            head += link.recv(1)
        order = json.loads(_exactly(link, int(head)))
        pid = os.fork()
        if pid == 0:
            link.close()
            _become(order, files)
            words: list[str] = order["words"]
            return words
        for file in files:
            os.close(file)
        link.sendall(f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        with contextlib.suppress(BrokenPipeError):  # whoever asked did not wait
            link.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _exactly(link: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += link.recv(size - len(data))
    return data


def _become(order: Mapping[str, object], files: Sequence[int]) -> None:
    for at, file in enumerate(files, 1):
        os.dup2(file, at)
        os.close(file)
    os.chdir(str(order["cwd"]))
    os.environ.clear()
    env = order["env"]
    assert isinstance(env, dict)
    os.environ.update(env)


def _run(words: list[str]) -> None:
    """Run a program as the interpreter does, by the words after its name."""
    here = types.ModuleType("__main__")
    sys.modules["__main__"] = here
    if words[0] == "-m":
        sys.argv = words[1:]
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    elif words[0] == "-c":
        sys.argv = ["-c", *words[2:]]
        sys.path.insert(0, "")
        exec(compile(words[1], "<string>", "exec"), here.__dict__)
    else:
        sys.argv = list(words)
        sys.path.insert(0, str(Path(words[0]).absolute().parent))
        runpy.run_path(words[0], run_name="__main__")


def _end(words: list[str]) -> NoReturn:
    """Run a program to its end, and end as the interpreter does, without taking modules apart."""
    code: object = None
    try:
        _run(words)
    except SystemExit as stop:
        code = stop.code
    except BaseException:  # noqa: BLE001 - a traceback and code 1, as from the interpreter
        traceback.print_exc()
        code = 1
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    # What the interpreter does at its end, in its order.
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001
    atexit._run_exitfuncs()  # noqa: SLF001
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


def _load() -> None:
    for name in PEERS:
        importlib.import_module(name)
    liftgate = importlib.import_module("liftgate")
    for found in pkgutil.walk_packages(liftgate.__path__, "liftgate."):
        if not found.name.startswith(_APART):
            importlib.import_module(found.name)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    del sys.path[0]  # this folder: a program has its own in its place
    _load()
    with socket.socket(fileno=int(sys.argv[1])) as _link:
        _words = _serve(_link)
    _end(_words)
