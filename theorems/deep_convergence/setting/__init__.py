"""What the statements stand on: the world of ALS18.

Networks, data, losses, training, and the adversaries of its balls.
"""
