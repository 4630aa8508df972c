"""ALS18: Allen-Zhu, Li, Song, "A Convergence Theory for Deep Learning via Over-Parameterization" (arXiv 1811.03962, ICML 2019).

One module a section of the proof, imported in the proof's order.
"""

from lemmata.theorems.deep_convergence import forward_norms, intermediate_products, preliminaries

__all__ = ["forward_norms", "preliminaries"]
