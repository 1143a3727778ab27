"""The hook that inspect_ai loads by its entry point; see ``inspect_gate``. Needs inspect_ai."""

from __future__ import annotations

import atexit
import os

from inspect_ai.hooks import Hooks, RunEnd, hooks

from liftgate.integrations.inspect_gate import BASELINE, Gate

_GATE = Gate()
# Registered when the hook is loaded, so that what the run registers later is done before.
atexit.register(_GATE.close)


@hooks(name="liftgate", description="Compares each log with a baseline when the run is over")  # type: ignore[untyped-decorator,unused-ignore]
class LiftgateHook(Hooks):  # type: ignore[misc,unused-ignore]
    """Collects the logs of a run; the gate itself stands at the end of the process."""

    def enabled(self) -> bool:
        """Whether a baseline was named."""
        return bool(os.environ.get(BASELINE))

    async def on_run_end(self, data: RunEnd) -> None:
        """Remember the logs of a run that came to its end."""
        for log in data.logs:
            _GATE.add(log.location)
