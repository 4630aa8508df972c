"""The world of the statements: what they draw and measure, and nothing that they say.

Activations, the paired network and its expansion, the exact covariance of the tangent features, the
good subspace, targets with their witnesses, the regularised objective, and samples.
"""
