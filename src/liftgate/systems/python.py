"""Systems that are Python callables: ``python:package.module:factory``."""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from liftgate.canon import digest, sha256_of_file
from liftgate.errors import DataError, LiftgateError
from liftgate.plugins.content import checked, content_of
from liftgate.plugins.local import load_attribute
from liftgate.records import Answer, Json
from liftgate.systems.threads import LoopThread, Workers, is_async

SYNC_CONCURRENCY = 1
ASYNC_CONCURRENCY = 16


def open_system(
    rest: str,
    *,
    params: Mapping[str, Json],
    files: Sequence[str],
    packages: Sequence[str],
    root: Path,
) -> PythonSystem:
    """Open ``package.module:factory``; the factory is called with ``params`` when it is needed.

    Args:
        rest: what stands behind ``python:``.
        params: keyword arguments of the factory.
        files: files or folders under ``root`` whose content can change an answer.
        packages: installed packages whose version can change an answer.
        root: the folder from which modules and files are looked up.

    Raises:
        DataError: the module cannot be imported, a file or package is missing, or the parameters
            are not those of the factory.
        UnknownName: the module has no such attribute.
    """
    module, factory = load_attribute(rest, root=root)
    place = f"python:{rest}"
    if not callable(factory):
        raise DataError(f"{place}: got {type(factory).__name__}, expected a function")
    _check_params(place, factory, params)
    identity: dict[str, Json] = {
        "plugin": "python",
        "attribute": rest.partition(":")[2],
        "source": _source_digest(place, module.__file__),
        "params": dict(params),
        **content_of(place, root, files, packages),
    }
    return PythonSystem(place, factory, params, identity)


class PythonSystem:
    """A callable ``answer(parts)``, plain or async, that a factory made.

    It runs in daemon threads of its own: one thread for each plain call in flight, one event loop
    for all async calls. Its factory is called by ``start``, or by the first call.
    """

    def __init__(
        self,
        place: str,
        factory: Callable[..., Any],
        params: Mapping[str, Json],
        identity: Mapping[str, Json],
    ) -> None:
        self.identity = identity
        self.fingerprint = digest(identity)
        self.concurrency = SYNC_CONCURRENCY
        self._place = place
        self._factory = factory
        self._params = params
        self._answer: Callable[[Mapping[str, Json]], Any] | None = None
        self._is_async = False
        self._starting = asyncio.Lock()
        self._workers = Workers()
        self._loop = LoopThread()

    async def start(self) -> None:
        """Call the factory.

        Raises:
            DataError: the factory raised, or gave something that cannot be called.
        """
        async with self._starting:
            if self._answer is None:
                await self._make()

    async def _make(self) -> None:
        try:
            answer = await self._run(lambda: self._factory(**self._params))
        except LiftgateError:
            raise
        except Exception as error:
            raise DataError(
                f"{self._place}: its factory raised {type(error).__name__}: {error}"
            ) from error
        if not callable(answer):
            raise DataError(
                f"{self._place}: its factory returned {type(answer).__name__}, "
                "expected a function answer(parts)",
                hint="name a factory: a function that takes the params and returns answer(parts)",
            )
        self._is_async = is_async(answer)
        usual = ASYNC_CONCURRENCY if self._is_async else SYNC_CONCURRENCY
        self.concurrency = _concurrency(self._place, getattr(answer, "concurrency", usual))
        self._answer = answer

    async def answer(self, parts: Mapping[str, Json]) -> Answer:
        """Answer one item's input parts.

        Raises:
            SystemFailed: ``unparsable`` when what came back is not a JSON value or an Answer;
                what the callable raises comes through as it is.
        """
        await self.start()
        answer = self._answer
        assert answer is not None
        if self._is_async:
            result = await self._loop.call(lambda: answer(parts))
        else:
            result = await self._run(lambda: answer(parts))
        return checked(result)

    def measure(self) -> Mapping[str, float]:
        """Return what the callable's ``measure()`` returns; nothing when it has none.

        Raises:
            DataError: it raised, or gave something else than finite numbers by name.
        """
        measure = getattr(self._answer, "measure", None)
        if measure is None:
            return {}
        try:
            found = measure()
        except Exception as error:
            raise DataError(
                f"{self._place}: measure() raised {type(error).__name__}: {error}"
            ) from error
        if not isinstance(found, Mapping):
            raise DataError(
                f"{self._place}: measure() returned {type(found).__name__}, "
                'expected a mapping such as {"index_mb": 12.5}'
            )
        return {
            _measure_name(self._place, n): _measured(self._place, n, v) for n, v in found.items()
        }

    async def close(self) -> None:
        """Call the callable's ``close()``, if it has one, and let the threads end."""
        try:
            close = getattr(self._answer, "close", None)
            if close is not None:
                await (self._loop.call(close) if is_async(close) else self._run(close))
        finally:
            self._answer = None
            self._workers.close()
            self._loop.close()
            self._workers, self._loop = Workers(), LoopThread()

    async def _run(self, function: Callable[[], Any]) -> Any:
        result = await self._workers.call(function)
        if inspect.isawaitable(result):
            awaitable = result
            return await self._loop.call(lambda: awaitable)
        return result


def _check_params(place: str, factory: Callable[..., Any], params: Mapping[str, Json]) -> None:
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(**params)
    except TypeError as error:
        takes = ", ".join(str(parameter) for parameter in signature.parameters.values())
        raise DataError(
            f"{place}: params: {error}; the factory takes ({takes}), got {sorted(params)}",
            hint="a factory takes the params of the study and returns answer(parts)",
        ) from error


def _concurrency(place: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise DataError(f"{place}: concurrency: got {value!r}, expected an integer of at least 1")
    return value


def _source_digest(place: str, file: str | None) -> str:
    if file is None:
        raise DataError(
            f"{place}: the module has no file, so a change of it could not be seen",
            hint="put the factory into a module of its own",
        )
    return sha256_of_file(Path(file))


def _measure_name(place: str, name: Any) -> str:
    if not isinstance(name, str) or not name:
        raise DataError(f"{place}: measure(): got the name {name!r}, expected text")
    return name


def _measured(place: str, name: str, value: Any) -> float:
    number = value.item() if hasattr(value, "item") else value
    right = isinstance(number, (int, float)) and not isinstance(number, bool)
    if not right or not math.isfinite(number):
        raise DataError(f"{place}: measure(): {name}: got {value!r}, expected a finite number")
    return float(number)
