"""`ivr doctor`: checks everything that the access number needs, and says what is wrong and what to do.

A check is a function that turns the `Site` into findings. Each file of `checks` lists its own; `all_checks` has their
order. No check changes anything: no file, no schema, no call, and no mail. Start at `examine`.
"""

from ivr.doctor.examination import Check, Examined, examine
from ivr.doctor.finding import Finding, Level
from ivr.doctor.site import Site

__all__ = ["Check", "Examined", "Finding", "Level", "Site", "examine"]
