"""The paper's world: activations, inputs, losses, networks, pseudo networks, targets, training.

Nothing here states a theorem.
"""
