"""ZGJ21.

Zhou, Ge, Jin, "A Local Convergence Theory for Mildly Over-Parameterized Two-Layer Neural Network"
(arXiv 2102.02410, COLT 2021).

With XD23: Xu, Du, "Over-Parameterization Exponentially Slows Down Gradient Descent for Learning a
Single Neuron" (arXiv 2302.10034, COLT 2023), whose network has its second layer fixed. One module a
section of the proof, imported in the proof's order, which is the order of lists and reports.
"""

import importlib

SECTIONS = (
    "kernels",
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
    "recovery",
    "loss_threshold",
    "finite_length",
    "finite_samples",
    "empirical_floor",
    "fresh_batches",
    "single_neuron_loss",
    "single_neuron_phases",
    "single_neuron_curvature",
    "single_neuron_rates",
    "single_neuron_lower_bound",
)

for _section in SECTIONS:
    importlib.import_module(f"{__name__}.{_section}")
