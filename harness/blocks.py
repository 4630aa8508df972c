"""Blocks: consecutive trials of one instance, the unit in which evidence is recorded and added up.

Confirming on an instance doubles its trials at every look, so that its blocks are the trials 0…15,
16…31, 32…63, 64…127 and so on, whatever the batch and wherever it stops. A size of a grid, or an
explored instance, is one block.
"""

from __future__ import annotations

import numpy as np

from lemmata.harness.draw import Draw
from lemmata.harness.evaluation import Bounds
from lemmata.harness.generation import generation_of
from lemmata.harness.histogram import histogram
from lemmata.harness.schema import Block
from lemmata.harness.thresholds import Threshold, doubtful, failing


def block_of(draw: Draw, bounds: Bounds, threshold: Threshold) -> Block:
    """Return what consecutive trials of an instance came to, as one block."""
    run = draw.run
    worst = int(np.argmax(bounds.ratio))
    return Block(
        part=draw.subject.id,
        generation=generation_of(draw.subject),
        place=draw.place,
        role=draw.role,
        entropy=run.entropy,
        stream=draw.stream,
        layers=run.layers_of(draw.part),
        device=str(run.device),
        dtype=str(run.dtype).removeprefix("torch."),
        first=bounds.first,
        trials=len(bounds),
        failures=int(failing(bounds, threshold).sum()),
        doubtful=int(doubtful(bounds, threshold).sum()),
        silent=int((~bounds.claims).sum()),
        claimed=None if threshold.deterministic else threshold.claimed,
        threshold=threshold.value,
        histogram=histogram(bounds.ratio.tolist()),
        worst_ratio=float(bounds.ratio[worst]),
        worst_trial=bounds.first + worst,
        attack=bounds.found_by[worst],
        attacks={name: float(ratios.max()) for name, ratios in bounds.attacks.items()},
        seconds=round(bounds.seconds, 6),
    )
