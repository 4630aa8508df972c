"""Print the options of pytest that keep one share of the statements: ``share.py NUMBER``.

Consecutive numbers go through all of them.
"""

import sys

from lemmata.command_line import load_theorems
from lemmata.harness.registry import registered

_SHARES = 40

load_theorems()
made = sorted(one.id for one in registered() if one.parts)
print(*(f"--lemmata-only={one}" for one in made[int(sys.argv[1]) % _SHARES :: _SHARES]))
