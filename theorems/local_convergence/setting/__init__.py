"""What the statements stand on: the world of ZGJ21, in units of ours.

Teachers, students, the loss in closed form, states, runs, adversaries.
"""
