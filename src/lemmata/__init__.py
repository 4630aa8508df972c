"""Theorems about over-parameterised neural networks as properties that a computer tries to break."""

__version__ = "0.1.0"
