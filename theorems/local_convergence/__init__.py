"""ZGJ21: numbers and pages are those of COLT 2021 (PMLR 134).

Zhou, Ge, Jin, "A Local Convergence Theory for Mildly Over-Parameterized Two-Layer Neural Network".
What has no counterpart there is called ours.

One module a section of the proof, imported in the proof's order, which is the order of lists and
reports; what they stand on is the folder `setting`.
"""

import importlib

SECTIONS = (
    "kernels",
    "slabs_and_wedges",
    "population_gradient",
    "residuals",
    "residual_sizes",
    "hermite",
    "hermite_sizes",
    "dual_certificate",
    "far_neurons",
    "number_of_teachers",
    "average_neurons",
    "aggregates",
    "single_angles",
    "close_students",
    "half_of_the_mass",
    "witness",
    "descent_product",
    "preconditioned_direction",
    "descent_lemma",
    "constant_cut",
    "descent_direction",
    "smoothness",
    "printed_smoothness",
    "technical_lemmas",
    "sharpness",
    "gradient_lower_bound",
    "lojasiewicz",
    "no_domination",
    "lojasiewicz_with_mass",
    "exact_parameterisation",
    "main_result",
    "convergence",
    "tail",
    "relu",
    "recovery",
    "loss_threshold",
    "finite_length",
    "finite_samples",
    "empirical_floor",
    "fresh_batches",
    "sample_complexity",
    "random_initialisation",
    "subspace_initialisation",
    "global_convergence",
    "regimes",
)

for _section in SECTIONS:
    importlib.import_module(f"{__name__}.{_section}")
