"""Run a command for as long as standard input stays open, then remove its folder.

    python leash.py FOLDER COMMAND [ARGUMENT...]

The parent holds the other end of standard input, so the command is stopped however the parent
ends, also when it is killed and can clean nothing up. The folder stays when the command ends by
itself: the parent may want to read what it left there.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading

_GRACE_SECONDS = 5.0


def _stop_at_end_of_input(child: subprocess.Popen[bytes], is_told: threading.Event) -> None:
    # Unbuffered: a buffered reader that still waits would hold up the end of this program.
    while os.read(0, 1):
        pass
    is_told.set()
    child.terminate()
    try:
        child.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


def main(folder: str, *command: str) -> int:
    # Ctrl-C reaches the whole terminal; the end of input is the one signal to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    is_told = threading.Event()
    threading.Thread(target=_stop_at_end_of_input, args=(child, is_told), daemon=True).start()
    status = child.wait()
    if is_told.is_set():
        shutil.rmtree(folder, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
