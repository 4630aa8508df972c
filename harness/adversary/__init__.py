"""What searches "for every point of a set".

`attack` tries a claim at named points and climbs from them; the other modules make the points: the
worst of structured families, sparse suprema, sign flips, singular vectors; `balls` says where they
may lie, `draws` ascends over what the trial itself drew.
"""

from lemmata.harness.adversary.attack import (
    Chart,
    Region,
    ascended,
    attack,
    best_along_path,
    climbed,
    log_ratio,
    region_of,
)
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
from lemmata.harness.adversary.signs import Flips, Merge, greedy_sign_flips, merge_signs
from lemmata.harness.adversary.singular import SingularPair, top_singular_pair, truncated_power
from lemmata.harness.places import a_search

__all__ = [
    "Ball",
    "BlockMinimum",
    "Chart",
    "Flips",
    "LowRank",
    "Merge",
    "Point",
    "Region",
    "SingularPair",
    "a_search",
    "ascended",
    "attack",
    "best_along_path",
    "climbed",
    "frobenius_ball",
    "greedy_sign_flips",
    "log_ratio",
    "merge_signs",
    "polar_factor",
    "product_ball",
    "quartic_row_ball",
    "random_point",
    "rank_one_along_hidden",
    "region_of",
    "row_ball",
    "schur_minimum",
    "single_neuron",
    "smallest_moving",
    "sparse_unit_vectors",
    "spectral_ball",
    "top_singular_pair",
    "truncated_power",
    "unit_vectors",
]
