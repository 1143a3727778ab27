"""Stands in for xllamacpp where only liftgate's own part is tested: it echoes, fails and hangs."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any, ClassVar


class CommonParams(SimpleNamespace):
    def __init__(self) -> None:
        cpu = [SimpleNamespace(n_threads=0) for _ in range(2)]
        super().__init__(model=SimpleNamespace(path=""), cpuparams=cpu[0], cpuparams_batch=cpu[1])


class Server:
    made: ClassVar[list[Server]] = []
    listening_address = "http://127.0.0.1:1"

    def __init__(self, params: CommonParams) -> None:
        self.params = params
        self.asked: list[dict[str, Any]] = []
        Server.made.append(self)

    def handle_chat_completions(self, fields: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(dict(fields))
        text = fields["messages"][-1]["content"]
        if text.startswith("crash"):
            return {"error": {"code": 400, "message": "boom"}}
        if text.startswith("hang"):
            time.sleep(1)
        return reply(message={"role": "assistant", "content": json.dumps([text])})

    def handle_completions(self, fields: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(dict(fields))
        return reply(text=fields["prompt"])


def reply(**choice: Any) -> dict[str, Any]:
    return {
        "model": "tiny",
        "choices": [{"finish_reason": "stop", **choice}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }


def get_system_info() -> str:
    return "CPU : AVX2 = 1 | FMA = 1 | AVX512 = 0 |"


def install(monkeypatch: Any) -> None:
    """Put it where the runtime would be."""
    import sys

    from liftgate.models import runtime
    from liftgate.systems import local

    Server.made.clear()
    monkeypatch.setitem(sys.modules, "xllamacpp", sys.modules[__name__])
    for module in (runtime, local):
        monkeypatch.setattr(module, "runtime_version", lambda: "1.0")
