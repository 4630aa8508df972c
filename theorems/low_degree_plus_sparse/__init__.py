"""NBL22.

Nichani, Bai, Lee, "Identifying good directions to escape the NTK regime and efficiently learn
low-degree plus sparse polynomials" (arXiv 2206.03688, NeurIPS 2022).
"""

import importlib

SECTIONS = (
    "paired_initialisation",
    "taylor_remainder",
    "remainder_derivatives",
    "coupling",
    "signs",
    "harmonics",
    "kernel_eigenvalues",
    "spectrum",
    "eigenfunctions",
    "samples",
    "kernel_matrices",
    "kernel_methods",
    "staircase",
    "dense_part",
    "sparse_part",
    "witness_sizes",
    "joint_expressivity",
    "duality",
    "landscape_terms",
    "cross_term",
    "second_order_points",
    "optimisation",
    "lipschitz_hessian",
    "complexity",
    "generalisation",
    "end_to_end",
    "cubic_relu",
    "sign_randomised",
    "higher_orders",
)

for _section in SECTIONS:
    importlib.import_module(f"{__name__}.{_section}")
