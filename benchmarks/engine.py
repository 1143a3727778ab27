"""What the engine adds to a model's time: CPU a sample, against a bare aiohttp loop.

Both ask a server on this machine that takes 50 ms for an answer, in turn, in one run; each in a
process of its own. The bare loop keeps nothing; the engine keys, scores and stores every answer,
durably. What Python takes to start and to import is left out of both by asking for few first.

    python benchmarks/engine.py [--items N] [--in-flight N] [--rounds N] [--profile]
        [--executor NAME]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

DELAY_MS = 50
FOLDER = Path(__file__).parent


def question(number: int) -> str:
    """Return the text of an item: a short sum."""
    return f"What is {number} + {number % 97}? Answer with the number alone."


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def used() -> float:
    """Return the CPU so far of this process and of its workers that have ended, in seconds."""
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(now.ru_utime + now.ru_stime for now in both)


async def bare(url: str, items: int, in_flight: int, _: str) -> int:
    """Ask everything, parse the answers, compare them with a target, keep nothing."""
    import aiohttp

    slots = asyncio.Semaphore(in_flight)
    right = 0

    async def one(session: aiohttp.ClientSession, number: int) -> None:
        nonlocal right
        body = {"model": "m", "messages": [{"role": "user", "content": question(number)}]}
        async with slots, session.post(f"{url}/chat/completions", json=body) as answer:
            said = (await answer.json())["choices"][0]["message"]["content"]
            right += said == question(number)

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(one(session, number) for number in range(items)))
    assert right == items
    return 0


async def engine(url: str, items: int, in_flight: int, executor: str) -> int:
    """Run a plan of one arm over as many items into a store; return its size in bytes."""
    from liftgate import plugins
    from liftgate.evals.plan import BoundArm, BoundScorer, OutcomeRules, Plan
    from liftgate.evals.run import execute
    from liftgate.records import Arm, Dataset, Item, Role
    from liftgate.scorers.exact import exact
    from liftgate.store import Store
    from liftgate.systems.openai import open_system

    made = [Item(f"i{n}", {"text": question(n)}, question(n)) for n in range(items)]
    dataset = Dataset("sums", tuple(made))
    opening = partial(
        open_system, "m", params={"base_url": url}, files=[], packages=[], root=FOLDER
    )
    system = opening()
    arm = Arm("m", Role.BASELINE, "openai:m", {}, system.fingerprint)
    bound = BoundArm(arm, system, opening=opening)
    scorer = exact()
    scored = (BoundScorer("right", scorer, "exact-1", scorer.scale(made), opening=exact),)
    rules = OutcomeRules(60.0, {})
    plan = Plan("bench", dataset, (bound,), scored, 1, 1, rules, concurrency=in_flight)
    with tempfile.TemporaryDirectory() as home:
        with Store.open(Path(home)) as store:
            calls = plugins.load("executors", executor)()
            done = await execute(plan, store, manifest={}, executor=calls)
        assert (done.called, done.failed, done.scored) == (items, 0, items)
        return size_of(Path(home))


def child(which: str, url: str, asked: argparse.Namespace) -> None:
    """Warm up with a few items, then measure."""
    ask = {"bare": bare, "engine": engine}[which]
    items, in_flight, executor = asked.items, asked.in_flight, asked.executor
    asyncio.run(ask(url, 64, in_flight, executor))
    cpu, wall = used(), time.perf_counter()
    if asked.profile:
        import cProfile

        cProfile.runctx(
            "asyncio.run(ask(url, items, in_flight, executor))",
            globals(),
            locals(),
            sort="tottime",
        )
        return
    size = asyncio.run(ask(url, items, in_flight, executor))
    found = {"cpu": used() - cpu, "wall": time.perf_counter() - wall, "bytes": float(size)}
    found["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))


def measured(which: str, url: str, asked: argparse.Namespace) -> dict[str, float]:
    """Run one side in a process of its own."""
    words = [sys.executable, __file__, "--child", which, "--url", url]
    words += ["--items", str(asked.items), "--in-flight", str(asked.in_flight)]
    words += ["--executor", asked.executor]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))


def main() -> None:
    """Print the ratio, and what each side took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--executor", default="asyncio", help="what makes the engine's calls")
    parser.add_argument("--profile", action="store_true", help="where the engine's time goes")
    parser.add_argument("--child", choices=["bare", "engine"], help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(asked.child, asked.url, asked)
        return
    stub = [sys.executable, "-m", "liftgate.testing", "--delay-ms", str(DELAY_MS)]
    with subprocess.Popen(stub, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            if asked.profile:
                child("engine", url, asked)
                return
            rounds = [(measured("bare", url, asked), measured("engine", url, asked))
                      for _ in range(asked.rounds)]  # fmt: skip
        finally:
            server.terminate()
    plain, ours = zip(*rounds, strict=True)

    def middle(side: tuple[dict[str, float], ...], name: str) -> float:
        return statistics.median(one[name] for one in side)

    n = asked.items
    ratio = statistics.median(b["cpu"] / a["cpu"] for a, b in rounds)
    wall = statistics.median(b["wall"] / a["wall"] for a, b in rounds)
    print(
        f"engine: N = {n:,}, {asked.in_flight} in flight, {DELAY_MS} ms: {ratio:.2f} times the CPU "
        f"of a bare aiohttp loop ({1000 * middle(ours, 'cpu') / n:.2f} against "
        f"{1000 * middle(plain, 'cpu') / n:.2f} ms a sample), {wall:.2f} times its wall time; "
        f"{middle(ours, 'rss_mb'):.0f} against {middle(plain, 'rss_mb'):.0f} MB at most; "
        f"{middle(ours, 'bytes') / n:.0f} bytes a sample on disk, answers included "
        f"(medians of {asked.rounds})"
    )


if __name__ == "__main__":
    main()
