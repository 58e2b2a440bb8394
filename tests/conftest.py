"""What all tests have in common: Ctrl-C reaches what they start, also where whoever started the
tests had it ignored (`make test &` in a script)."""

from __future__ import annotations

import signal
import threading

if (
    threading.current_thread() is threading.main_thread()
    and signal.getsignal(signal.SIGINT) == signal.SIG_IGN
):
    signal.signal(signal.SIGINT, signal.default_int_handler)
