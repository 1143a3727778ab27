"""For every suite: Ctrl-C reaches what the tests start, wherever they were started themselves."""

from __future__ import annotations

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it puts into the background so, and children inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
