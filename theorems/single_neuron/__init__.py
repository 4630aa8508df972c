"""XD23: a single neuron, learnt by many.

Xu, Du, "Over-Parameterization Exponentially Slows Down Gradient Descent for Learning a Single
Neuron" (COLT 2023, PMLR 195; arXiv 2302.10034), whose network has its second layer fixed. Pages are
those of PMLR. One module a section of the proof, imported in the proof's order; what they stand on
is the folder `setting`.
"""

import importlib

SECTIONS = (
    "loss",
    "descent_direction",
    "small_angles",
    "gradient_bound",
    "initialisation",
    "alignment",
    "balance",
    "angle_potential",
    "sequences",
    "phase_3",
    "curvature",
    "rates",
    "non_vanishing",
    "toy_cases",
    "widest_pair",
    "separation",
    "potential_speed",
    "potential",
    "lower_bound",
    "regimes",
)

for _section in SECTIONS:
    importlib.import_module(f"{__name__}.{_section}")
