"""Trying a part's conclusion over the cells of its regime map, outside of the verdict.

Every cell gets one block on a stream of its own, column by column, as long as the profile's work
for a map pays for it. Of what is then left each cell gets, the cheapest first, the fewest trials
that can show a pass rate of 0.95, and a share of the rest. So prices alone settle how many trials a
cell gets, never what they came to. Gates of the part are not asked: the question is where the
conclusion holds without them.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lemmata.harness.draw import Draw
from lemmata.harness.evaluation import (
    Bounds,
    BrokenStatement,
    Discarded,
    evaluate,
    is_random,
    price_of,
)
from lemmata.harness.generation import generation_of
from lemmata.harness.profiles import BLOCK
from lemmata.harness.regime_cells import USUAL_FAILURE, Asked, Cell, RegimeMap
from lemmata.harness.regimes import Regime
from lemmata.harness.run import Run
from lemmata.harness.statements import Part
from lemmata.harness.thresholds import failing, threshold_of

ENOUGH = 5 * BLOCK
"""From 72 trials on that all pass, the 95 % interval of the pass rate lies above 0.95."""

_OUT_OF_WORK = "the work of the map is spent"
_OUT_OF_TIME = "the time of the part is spent"


@dataclass(slots=True)
class _Tried:
    """A cell while it is being tried."""

    cell: Cell
    draw: Draw
    ratios: list[np.ndarray] = field(default_factory=list)
    worst: float = 0.0
    attacked: bool = False

    @property
    def first(self) -> float:
        """The work of the first block."""
        return price_of(self.draw).work * BLOCK

    @property
    def overhead(self) -> float:
        """The work of a further batch, beside its trials'."""
        return min(price_of(self.draw).overhead, self.first)

    @property
    def work(self) -> float:
        """The work of a further trial in a batch of them."""
        return max(1.0, (self.first - self.overhead) / BLOCK)

    @property
    def open(self) -> bool:
        """Whether more trials would say more."""
        cell = self.cell
        return bool(cell.trials and cell.random and not (cell.failure or cell.silent))


def map_regime(run: Run, part: Part[..., Any], *, deadline: float = math.inf) -> RegimeMap | None:
    """Try a part's conclusion over its regime map.

    Returns:
        The map; None where the part declares none, or the profile spends nothing on maps. What
        raises, or measures NaN, is an error of its cell.
    """
    regime = part.regime_map
    if regime is None or run.profile.map_work <= 0:
        return None
    begin = time.perf_counter()
    tried = _first_blocks(run, part, regime, deadline)
    spent = sum(one.first for one in tried if one.cell.trials)
    waiting = sorted((one for one in tried if one.open), key=lambda one: one.overhead + one.work)
    for goal in sorted({min(ENOUGH, run.profile.map_trials), run.profile.map_trials}):
        for place, one in enumerate(waiting):
            left = run.profile.map_work - spent
            share = left if goal <= ENOUGH else left / (len(waiting) - place)
            paid = (share - one.overhead) / one.work
            more = BLOCK * int(min(paid, goal - one.cell.trials) // BLOCK)
            enough = one.cell.trials + more >= min(goal, ENOUGH)
            if more > 0 and enough and one.open and time.monotonic() < deadline:
                _try(one, one.cell.trials, more)
                spent += one.overhead + more * one.work
    cells = [_with_surviving(one) for one in tried]
    made = RegimeMap(
        part=part.id,
        generation=generation_of(part),
        x=regime.x,
        y=regime.y,
        fixed={name: _said(value) for name, value in regime.fixed.items()},
        hypothesis=regime.hypothesis.says,
        asked=[
            Asked(y=float(y), digits=regime.hypothesis.starts(y, regime.fixed)) for y in regime.ys
        ],
        constant=part.constant.value if part.constant else None,
        cells=cells,
        attacked=any(one.attacked for one in tried),
        entropy=run.entropy,
        layers=run.layers_of(part),
        device=str(run.device),
        dtype=str(run.dtype).removeprefix("torch."),
        trials=sum(cell.trials for cell in cells),
        work=spent,
        seconds=round(time.perf_counter() - begin, 4),
    )
    return replace(made, said=made.words)


def _first_blocks(run: Run, part: Part[..., Any], regime: Regime, deadline: float) -> list[_Tried]:
    """Try every cell on one block, column by column; what cannot be paid for is left out.

    A cell is taken to cost at least what its left neighbour did.
    """
    found: list[_Tried] = []
    before: dict[float, float] = {}
    spent = 0.0
    for x in regime.columns(finer=run.profile.map_finer):
        for y in regime.ys:
            draw = Draw(
                run=run, subject=part, instance=regime.at(x, y), role="regime", stream="regime"
            )
            cell = Cell(x=float(x), y=float(y), hash=draw.hash, words=draw.place.words)
            one = _Tried(cell, draw)
            found.append(one)
            if spent + before.get(y, 0.0) > run.profile.map_work:
                one.cell = replace(cell, skipped=_OUT_OF_WORK)
            elif time.monotonic() > deadline:
                one.cell = replace(cell, skipped=_OUT_OF_TIME)
            else:
                _try(one, 0, BLOCK)
                before[y] = one.first
                spent += one.first
    return found


def _try(one: _Tried, first: int, count: int) -> None:
    """Add trials to a cell; NaN never passes."""
    cell = one.cell
    try:
        bounds = evaluate(one.draw, first=first, count=count)
    except Discarded:
        one.cell = replace(cell, silent="the statement assumes it away")
        return
    except BrokenStatement as problem:
        one.cell = replace(cell, failure=str(problem), token=problem.token)
        return
    if not isinstance(bounds, Bounds):
        one.cell = replace(cell, failure="it claims a mean or a law, which no single trial passes")
        return
    threshold = threshold_of(one.draw.subject, bounds)
    broken = np.isnan(bounds.ratio)
    if broken.any():
        trial = bounds.first + int(np.flatnonzero(broken)[0])
        cell = replace(cell, failure=f"trial {trial} measured NaN", token=one.draw.token(trial))
    fails = failing(bounds, threshold) & ~broken
    passes = int((~fails & ~broken).sum())
    if fails.any() and not cell.failure:
        index = int(np.argmax(np.where(fails, bounds.ratio, -np.inf)))
        if bounds.ratio[index] > one.worst:
            one.worst = float(bounds.ratio[index])
            attack = bounds.found_by[index]
            cell = replace(cell, token=one.draw.token(bounds.first + index, attack))
    one.attacked = one.attacked or bool(bounds.attacks)
    one.ratios.append(bounds.ratio / threshold.value)
    one.cell = replace(
        cell,
        trials=cell.trials + len(bounds),
        passes=cell.passes + passes,
        level=1.0 - max(USUAL_FAILURE, min(threshold.claimed, 1.0)),
        random=is_random(one.draw),
        silent=threshold.why_silent if threshold.silent else "",
    )


def _with_surviving(one: _Tried) -> Cell:
    """Note how large the ratio is that a share ``level`` of the trials stays below."""
    cell = one.cell
    if not one.ratios or cell.level is None or cell.verdict in ("error", "claims nothing"):
        return cell
    ratios = np.concatenate(one.ratios)
    return replace(cell, surviving=float(np.quantile(ratios, cell.level, method="higher")))


def _said(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
