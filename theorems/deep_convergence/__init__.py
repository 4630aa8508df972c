"""ALS18.

Allen-Zhu, Li, Song, "A Convergence Theory for Deep Learning via Over-Parameterization" (arXiv
1811.03962, ICML 2019).

One module a section of the proof. They are imported in the proof's order, which is the order of
lists and reports.
"""

import importlib

SECTIONS = (
    "preliminaries",
    "forward_norms",
    "intermediate_products",
    "backward_products",
    "separation",
    "sign_changes",
    "forward_stability",
    "product_stability",
    "critical_rows",
    "gradient_bounds",
    "gradient_stability",
    "gradient_in_the_ball",
    "semi_smoothness",
    "descent_steps",
    "parameters",
    "gradient_descent",
    "stochastic_gradients",
    "stochastic_gradient_descent",
    "tangent_kernel",
    "kernel_concentration",
    "kernel_witness",
    "limit_kernel",
    "other_losses",
    "cross_entropy",
    "convolutional",
    "residual_stability",
    "residual",
    "residual_descent",
    "regimes",
)

for _section in SECTIONS:
    importlib.import_module(f"{__name__}.{_section}")
