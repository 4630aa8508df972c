"""A run: what every judgement in it shares."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import torch
from hypothesis.database import ExampleDatabase

from lemmata.harness.profiles import Profile
from lemmata.harness.records import Recorder
from lemmata.harness.statements import Part
from lemmata.harness.trials import LayerKind
from lemmata.harness.work import Prices


class RunError(Exception):
    """Settings that no run can have, in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Settings that decide every trial of a run, and where its records go.

    Attributes:
        profile: how much work is spent.
        entropy: of the run; equal entropies draw equal trials.
        device: where tensors live.
        dtype: of the tensors.
        layers: kind of layers asked for, or None for each part's usual kind.
        recorder: where records go.
        seconds: time budget of a part, or None.
        seed: varies the instances that are drawn, beside the entropy; as ``--hypothesis-seed``.
        database: where Hypothesis keeps examples between runs, or None.
        prices: what instances are known to cost.
    """

    profile: Profile
    entropy: int = 0
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    dtype: torch.dtype = torch.float64
    layers: LayerKind | None = None
    recorder: Recorder = field(default_factory=lambda: Recorder(None))
    seconds: float | None = None
    seed: int = 0
    database: ExampleDatabase | None = None
    prices: Prices = field(default_factory=Prices, compare=False, repr=False)

    def layers_of(self, part: Part[..., Any]) -> LayerKind:
        """The kind of layers that a part runs on.

        The one asked for where it can, its usual one otherwise.
        """
        return self.layers if self.layers in part.layers else part.layers[0]  # type: ignore[return-value]

    def deadline(self) -> float:
        """The time, on the monotonic clock, at which a part that begins now should end."""
        return time.monotonic() + self.seconds if self.seconds is not None else float("inf")


def device_named(name: str) -> torch.device:
    """Return the device that the user named.

    Raises:
        RunError: there is no such device here.
    """
    try:
        device = torch.device(name)
    except RuntimeError as problem:
        raise RunError(f"{name!r} is no device: name cpu, cuda or cuda:N") from problem
    if device.type == "cuda" and (
        not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count()
    ):
        raise RunError(
            f"this machine offers {torch.cuda.device_count()} CUDA devices to {name!r}: run with "
            "--lemmata-device cpu"
        )
    if device.type not in ("cpu", "cuda"):
        raise RunError(f"statements run on cpu or cuda, not on {name!r}: name one of these")
    return device


def dtype_named(name: str) -> torch.dtype:
    """Return the floating-point type that the user named.

    Raises:
        RunError: it is neither float64 nor float32.
    """
    known = {"float64": torch.float64, "float32": torch.float32}
    if name not in known:
        raise RunError(f"{name!r} is no type for statements: name float64 or float32")
    return known[name]
