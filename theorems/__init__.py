"""The statements: one folder a paper, and what several papers share under mathematics/."""
