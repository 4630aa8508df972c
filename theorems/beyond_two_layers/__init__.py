"""ALL18.

Allen-Zhu, Li, Liang, "Learning and Generalization in Overparameterized Neural Networks, Going
Beyond Two Layers" (arXiv 1811.04918v6, NeurIPS 2019).

One module a section of the proof, imported in the proof's order, which is the order of lists and
reports. What states nothing (activations, inputs, networks, targets, training) stands in `setting`.
"""

import importlib

SECTIONS = (
    "complexities",
    "growth_of_complexities",
    "losses",
    "gaussian_sums",
    "interval_partition",
    "hermite_facts",
    "escape_fact",
    "rademacher_calculus",
    "generalisation",
    "bias_windows",
    "indicator_to_function",
    "relu_to_function",
    "two_layer_pseudo_network",
    "two_layer_coupling",
    "two_layer_existence",
    "two_layer_learning",
    "three_layer_facts",
    "information_from_randomness",
    "three_layer_existence",
    "sparse_sign_changes",
    "sign_trick",
    "smoothing",
    "three_layer_coupling",
    "parameters",
    "first_order_variance",
    "descent",
    "move_or_decay",
    "saddles",
    "three_layer_complexity",
    "three_layer_learning",
    "beyond_kernels",
    "regimes",
)

for _section in SECTIONS:
    importlib.import_module(f"{__name__}.{_section}")
