"""ZGJ21.

Zhou, Ge, Jin, "A Local Convergence Theory for Mildly Over-Parameterized Two-Layer Neural Network"
(arXiv 2102.02410, COLT 2021).

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
    "dual_certificate",
    "far_neurons",
    "aggregates",
    "close_students",
    "witness",
    "descent_product",
    "descent_direction",
    "smoothness",
    "sharpness",
    "lojasiewicz",
    "lojasiewicz_with_mass",
    "exact_parameterisation",
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
)

for _section in SECTIONS:
    importlib.import_module(f"{__name__}.{_section}")
