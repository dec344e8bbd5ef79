"""A process of ours ends, whatever hangs in it."""

from __future__ import annotations

import subprocess
import sys

HANGING = """
import sys, threading
from ivr.host.processes import exit_within
threading.Thread(target=threading.Event().wait).start()
exit_within(0.2, telling=lambda: print("it hangs", flush=True))
print("done", flush=True)
"""


def test_a_thread_that_hangs_keeps_no_process_alive() -> None:
    done = subprocess.run([sys.executable, "-c", HANGING], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "done\nit hangs\n")


def test_a_process_in_which_nothing_hangs_is_not_held_up() -> None:
    program = HANGING.replace("threading.Thread(target=threading.Event().wait).start()", "").replace("0.2", "3600")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "done\n")
