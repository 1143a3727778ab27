"""A model behind HTTP that a test opens, asks and closes."""

from __future__ import annotations

import asyncio

from liftgate.evals.calls import call
from liftgate.evals.limits import EndpointBudget, Limits
from liftgate.systems.openai import open_system


def opened(server, tmp_path, model="tiny", **params):
    params = {"base_url": server.url, **params}
    return open_system(model, params=params, files=[], packages=[], root=tmp_path)


def use(system, ask, *, limits=None):
    async def go():
        if limits is not None:
            system.use(EndpointBudget(limits, 4, seed=1))
        try:
            return await ask(system)
        finally:
            await system.close()

    return asyncio.run(go())


def answers(server, tmp_path, parts=None, **params):
    async def ask(system):
        return await system.answer(parts or {"text": "q"})

    return use(opened(server, tmp_path, **params), ask)


QUICK = Limits(tries=3, first_wait_s=0.01, longest_wait_s=0.02)


def called(server, tmp_path, *, limits=QUICK, timeout_s=20.0, **params):
    async def ask(system):
        return await call(system, {"text": "q"}, timeout_s)

    return use(opened(server, tmp_path, **params), ask, limits=limits)
