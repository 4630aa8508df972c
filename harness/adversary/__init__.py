"""What searches "for every point of a set":

structured worst cases, gradient ascent, sparse suprema, and the search that compares them.
"""

from lemmata.harness.adversary.ascent import Reached, frank_wolfe, projected_gradient_ascent
from lemmata.harness.adversary.balls import (
    Ball,
    Point,
    frobenius_ball,
    product_ball,
    quartic_row_ball,
    random_point,
    row_ball,
    sparse_unit_vectors,
    spectral_ball,
    unit_vectors,
)
from lemmata.harness.adversary.low_rank import (
    LowRank,
    polar_factor,
    rank_one_along_hidden,
    single_neuron,
    smallest_moving,
)
from lemmata.harness.adversary.schur import BlockMinimum, schur_minimum
from lemmata.harness.adversary.search import (
    Attack,
    Found,
    Objective,
    candidates,
    random_points,
    search,
)
from lemmata.harness.adversary.signs import Flips, Merge, greedy_sign_flips, merge_signs
from lemmata.harness.adversary.singular import SingularPair, top_singular_pair, truncated_power

__all__ = [
    "Attack",
    "Ball",
    "BlockMinimum",
    "Flips",
    "Found",
    "LowRank",
    "Merge",
    "Objective",
    "Point",
    "Reached",
    "SingularPair",
    "candidates",
    "frank_wolfe",
    "frobenius_ball",
    "greedy_sign_flips",
    "merge_signs",
    "polar_factor",
    "product_ball",
    "projected_gradient_ascent",
    "quartic_row_ball",
    "random_point",
    "random_points",
    "rank_one_along_hidden",
    "row_ball",
    "schur_minimum",
    "search",
    "single_neuron",
    "smallest_moving",
    "sparse_unit_vectors",
    "spectral_ball",
    "top_singular_pair",
    "truncated_power",
    "unit_vectors",
]
