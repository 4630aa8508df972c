"""NBL22.

Nichani, Bai, Lee, "Identifying good directions to escape the NTK regime and efficiently learn
low-degree plus sparse polynomials" (arXiv 2206.03688, NeurIPS 2022).

With what it stands on: BL20, Bai, Lee, "Beyond Linearization" (arXiv 1910.01619, ICLR 2020); MZ20,
Montanari, Zhong, on the interpolation phase transition (arXiv 2007.12826); GMMM21, Ghorbani, Mei,
Misiakiewicz, Montanari, on linearised two-layers networks (arXiv 1904.12191). One module a section
of the proof, imported in the proof's order, which is the order of lists and reports; the folder
`setting` says nothing and serves them all.
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
    "regimes",
)

for _section in SECTIONS:
    importlib.import_module(f"{__name__}.{_section}")
