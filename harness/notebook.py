"""Judging from a notebook or a prompt."""

from __future__ import annotations

from typing import Any

from lemmata.harness.parts import judge_part
from lemmata.harness.profiles import PROFILES
from lemmata.harness.run import Run
from lemmata.harness.statements import Part
from lemmata.harness.verdicts import Outcome


def judge(part: Part[..., Any], profile: str = "quick", *, entropy: int = 0) -> Outcome:
    """Judge a part."""
    return judge_part(Run(profile=PROFILES[profile], entropy=entropy), part)
