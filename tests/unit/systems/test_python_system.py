from __future__ import annotations

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from liftgate.errors import DataError, SystemFailed, UnknownName
from liftgate.protocols import Startable, System
from liftgate.records import Answer, Step, StepKind, Trace
from liftgate.systems.python import open_system

COUNT = iter(range(10_000))


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Write a module and open a factory of it."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    name = f"sut_{next(COUNT)}"

    def open_one(text, attribute="make", *, params=None, files=(), packages=()):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        sys.modules.pop(name, None)
        return open_system(
            f"{name}:{attribute}",
            params=params or {},
            files=files,
            packages=packages,
            root=tmp_path,
        )

    open_one.name = name
    return open_one


async def ask(system, text="q"):
    try:
        return await system.answer({"text": text})
    finally:
        await system.close()


SYNC = "def make(**params):\n    return lambda parts: [parts['text'], params]\n"


def test_a_plain_function_answers_one_call_at_a_time(opened) -> None:
    system = opened(SYNC, params={"k": 3})
    assert isinstance(system, System)
    assert isinstance(system, Startable)
    assert asyncio.run(ask(system)) == Answer(["q", {"k": 3}])
    assert system.concurrency == 1


def test_an_async_function_answers_many_at_once(opened) -> None:
    system = opened(
        "def make():\n    async def answer(parts):\n        return parts['text']\n"
        "    return answer\n"
    )
    assert asyncio.run(ask(system)) == Answer("q")
    assert system.concurrency == 16


def test_a_callable_says_its_own_concurrency_and_what_an_answer_cost(opened) -> None:
    system = opened(
        "from liftgate import Answer\n"
        "class Sut:\n"
        "    concurrency = 4\n"
        "    async def __call__(self, parts):\n"
        "        return Answer('x', tokens_in=3, cost=0.5)\n"
        "make = Sut\n"
    )
    assert asyncio.run(ask(system)) == Answer("x", tokens_in=3, cost=0.5)
    assert system.concurrency == 4


def test_an_answer_may_carry_a_trace_and_nothing_else_in_its_place(opened) -> None:
    text = (
        "from liftgate import Answer, Step, StepKind, Trace\n"
        "def make(good):\n"
        "    trace = Trace((Step(StepKind.TOOL, 'refund', {'amount': 4}),))\n"
        "    return lambda parts: Answer('x', trace=trace if good else trace.steps)\n"
    )
    trace = Trace((Step(StepKind.TOOL, "refund", {"amount": 4}),))
    assert asyncio.run(ask(opened(text, params={"good": True}))) == Answer("x", trace=trace)
    with pytest.raises(SystemFailed, match="trace: got tuple, expected a Trace"):
        asyncio.run(ask(opened(text, params={"good": False})))


def test_a_plain_function_may_return_something_to_await(opened) -> None:
    system = opened("import asyncio\ndef make():\n    return lambda p: asyncio.sleep(0, 'late')\n")
    assert asyncio.run(ask(system)) == Answer("late")


def test_the_factory_is_called_once_and_only_when_it_is_needed(opened, tmp_path) -> None:
    log = tmp_path / "log"
    text = (
        f"def make():\n    with open({str(log)!r}, 'a') as f:\n        f.write('made ')\n"
        "    return lambda p: 1\n"
    )
    system = opened(text)
    assert not log.exists()

    async def use():
        await asyncio.gather(*(system.answer({"text": "q"}) for _ in range(3)))
        await system.start()
        await system.close()

    asyncio.run(use())
    assert log.read_text() == "made "


def test_the_fingerprint_follows_everything_that_can_change_an_answer(opened, tmp_path) -> None:
    (tmp_path / "model.bin").write_bytes(b"1")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("a")
    base = {"params": {"k": 1}, "files": ["model.bin", "data"], "packages": ["numpy"]}
    two = SYNC + "other = make\n"
    seen = [opened(two, **base).fingerprint, opened(two, **base).fingerprint]
    assert seen[0] == seen[1]
    seen.append(opened(two + "# changed\n", **base).fingerprint)
    seen.append(opened(two, "other", **base).fingerprint)
    seen.append(opened(two, **{**base, "params": {"k": 2}}).fingerprint)
    seen.append(opened(two, **{**base, "packages": []}).fingerprint)
    (tmp_path / "model.bin").write_bytes(b"2")
    seen.append(opened(two, **base).fingerprint)
    (tmp_path / "data" / "a.txt").write_text("b")
    seen.append(opened(two, **base).fingerprint)
    assert len(set(seen)) == len(seen) - 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"files": ["gone.bin"]}, "files: 'gone.bin' does not exist"),
        ({"packages": ["no-such-package-q"]}, "packages: 'no-such-package-q' is not installed"),
    ],
)
def test_a_declared_file_or_package_that_is_not_there_is_named(opened, options, expected) -> None:
    with pytest.raises(DataError, match=expected):
        opened(SYNC, **options)


def test_a_wrong_attribute_gets_a_near_name(opened) -> None:
    with pytest.raises(UnknownName, match="did you mean 'make'"):
        opened(SYNC, "mak")


def test_params_that_the_factory_does_not_take_are_refused_when_it_is_opened(opened) -> None:
    text = "def make(k, depth=1):\n    return print\n"
    with pytest.raises(DataError, match=r"missing a required argument: 'k'.*takes \(k, depth=1\)"):
        opened(text, params={"depth": 2})
    with pytest.raises(DataError, match="unexpected keyword argument 'q'"):
        opened(text, params={"k": 1, "q": 2})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def make():\n    return 7\n", "its factory returned int, expected a function"),
        ("def make():\n    1 / 0\n", "its factory raised ZeroDivisionError"),
        ("def make():\n    raise SystemExit(3)\n", r"its factory raised Exited.*SystemExit\(3\)"),
        (
            "def make():\n    f = lambda p: 1\n    f.concurrency = 0\n    return f\n",
            "concurrency: got 0",
        ),
    ],
)
def test_a_factory_that_gives_no_system_is_an_error_and_not_an_outcome(
    opened, text, expected
) -> None:
    with pytest.raises(DataError, match=expected):
        asyncio.run(ask(opened(text)))


def test_what_is_no_function_is_refused_when_it_is_opened(opened) -> None:
    with pytest.raises(DataError, match="got int, expected a function"):
        opened("make = 7\n")


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("{1, 2}", "set"),
        ("object()", "object"),
        ("float('nan')", "nan"),
        ("{'a': [b'x']}", r"\$.a\[0\]: got bytes"),
        ("Answer('x', tokens_in=-1)", "tokens_in: got -1"),
        ("Answer('x', cost='free')", "cost: got 'free'"),
    ],
)
def test_an_answer_that_is_no_json_value_is_unparsable_and_its_type_is_named(
    opened, expression, named
) -> None:
    text = f"from liftgate import Answer\ndef make():\n    return lambda parts: {expression}\n"
    with pytest.raises(SystemFailed, match=f"wrong type: .*{named}") as caught:
        asyncio.run(ask(opened(text)))
    assert caught.value.kind == "unparsable"


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        ("raise KeyError('x')", KeyError, "x"),
        ("raise SystemExit(1)", Exception, "SystemExit"),
        ("raise StopIteration(1)", RuntimeError, "StopIteration"),
    ],
)
@pytest.mark.parametrize("word", ["def", "async def"])
def test_what_a_callable_raises_reaches_the_caller_as_an_exception(
    opened, word, body, kind, expected
) -> None:
    system = opened(f"def make():\n    {word} answer(p):\n        {body}\n    return answer\n")
    with pytest.raises(kind, match=expected):
        asyncio.run(ask(system))


def test_a_hanging_call_is_left_behind_and_the_next_gets_a_thread_of_its_own(opened) -> None:
    system = opened(
        "import threading\n"
        "gate = threading.Event()\n"
        "def make():\n"
        "    def answer(parts):\n"
        "        if parts['text'] == 'hang':\n"
        "            gate.wait(60)\n"
        "        return threading.current_thread().daemon\n"
        "    return answer\n"
    )

    async def use():
        hanging = asyncio.ensure_future(system.answer({"text": "hang"}))
        await asyncio.wait({hanging}, timeout=0.05)
        assert not hanging.done()
        hanging.cancel()
        return await ask(system)

    assert asyncio.run(use()) == Answer(output=True)
    sys.modules[opened.name].gate.set()


def test_a_thread_is_used_again_and_none_is_left_after_closing(opened) -> None:
    system = opened(
        "import threading\ndef make():\n    return lambda parts: threading.get_ident()\n"
    )

    async def use():
        seen = {(await system.answer({})).output for _ in range(20)}
        threads = [t for t in threading.enumerate() if t.name == "liftgate-system"]
        await system.close()
        return seen, threads

    seen, threads = asyncio.run(use())
    assert len(seen) == 1
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def test_blocking_code_in_an_async_system_does_not_stop_the_engine(opened) -> None:
    system = opened(
        "import time\n"
        "def make():\n    async def answer(parts):\n        time.sleep(0.3)\n    return answer\n"
    )

    async def use():
        blocked = asyncio.ensure_future(system.answer({}))
        await asyncio.wait({blocked}, timeout=0.02)
        was_free = not blocked.done()
        await blocked
        await system.close()
        return was_free

    assert asyncio.run(use())


def test_measures_and_closing_reach_the_callable(opened) -> None:
    system = opened(
        "closed = []\n"
        "class Sut:\n"
        "    def __call__(self, parts):\n        return 1\n"
        "    def measure(self):\n        return {'index_mb': 12}\n"
        "    async def close(self):\n        closed.append(1)\n"
        "make = Sut\n"
    )

    async def use():
        await system.start()
        measured = system.measure()
        await system.close()
        return measured

    assert asyncio.run(use()) == {"index_mb": 12.0}
    assert sys.modules[opened.name].closed == [1]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("7", "measure\\(\\) returned int"),
        ("{'x': float('inf')}", "x: got inf, expected a finite number"),
        ("{'x': 'big'}", "x: got 'big', expected a finite number"),
        ("{3: 1.0}", "got the name 3"),
        ("1 / 0", "measure\\(\\) raised ZeroDivisionError"),
    ],
)
def test_a_measure_that_is_no_number_is_refused(opened, expression, expected) -> None:
    system = opened(
        f"def make():\n    f = lambda p: 1\n    f.measure = lambda: {expression}\n    return f\n"
    )
    asyncio.run(system.start())
    with pytest.raises(DataError, match=expected):
        system.measure()
    asyncio.run(system.close())


def test_a_closed_system_can_be_used_again_in_another_loop(opened) -> None:
    system = opened("def make():\n    async def answer(p):\n        return 1\n    return answer\n")
    with ThreadPoolExecutor(1) as pool:
        assert asyncio.run(ask(system)) == Answer(1)
        assert pool.submit(lambda: asyncio.run(ask(system))).result() == Answer(1)
