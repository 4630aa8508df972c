"""What the statements stand on: the world of ZGJ21.

Teachers, students, the loss in closed form, states, runs, adversaries.
"""
