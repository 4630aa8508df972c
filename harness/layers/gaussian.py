"""The layer that an initialisation asks for.

Independent Gaussian entries, in the representation that the trials name.
"""

from __future__ import annotations

from lemmata.harness.layers.dense import DenseEntries
from lemmata.harness.layers.matrix_free import MatrixFreeEntries
from lemmata.harness.layers.operator import Layer
from lemmata.harness.trials import Trials


def gaussian_layer(trials: Trials, name: str, rows: int, cols: int, *, variance: float) -> Layer:
    """Return a rows × cols layer with independent N(0, variance) entries, dense or matrix-free as
    `trials.layers` says.

    The two kinds have the same law and different draws.

    Args:
        trials: what the entries are drawn from.
        name: of the layer; two layers of one name are the same draws.
        rows: the output width, at least 1.
        cols: the input width, at least 1.
        variance: of each entry (not its standard deviation), at least 0.

    Raises:
        ValueError: a size below 1, or a variance that is negative or not finite.
    """
    if min(rows, cols) < 1:
        raise ValueError(
            f"a layer needs at least one row and one column; got rows={rows}, cols={cols} for "
            f"{name!r}"
        )
    if not 0 <= variance < float("inf"):
        raise ValueError(f"variance must be finite and not negative; got {variance} for {name!r}")
    if trials.layers == "dense":
        return Layer(
            entries=DenseEntries(trials, trials.normal(name, rows, cols, variance=variance))
        )
    return Layer(entries=MatrixFreeEntries(trials, name, rows, cols, variance=variance))
