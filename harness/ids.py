"""How statements are called: letters, a hyphen and a number, as in ``ALS-04``."""

from __future__ import annotations

import re

ID = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z]?\w+)+")
