"""Statements of ALS18 that are not tested yet."""

from lemmata.harness import declare
from lemmata.harness.statements import registered

_TITLES = {
    "ALS-12": ("Claim 8.3", "Sign changes of a perturbed Gaussian vector"),
    "ALS-13": ("Lemma 8.2(a), (c)", "Forward stability: magnitudes"),
    "ALS-14": ("Lemma 8.2(b)", "Forward stability: few sign changes"),
    "ALS-15": ("Lemma 8.6", "Intermediate products are stable"),
    "ALS-16": ("Lemma 8.7", "Backward products are stable"),
    "ALS-17": ("proof of Lemma 8.2", "Images of sparse vectors split into small and flat parts"),
    "ALS-22": ("Claim 11.2 and Proposition 11.3", "Exact decomposition of the change of a hidden layer"),
    "ALS-23": ("Theorem 4", "Semi-smoothness"),
    "ALS-24": ("introduction and proof of Theorem 4", "Almost convexity"),
    "ALS-27": ("Theorem 2", "SGD converges"),
    "ALS-28": ("Theorem 5(a)-(c)", "Gradient, function and kernel stay close to their values at initialisation"),
    "ALS-29": ("limit of Section 7", "The neural tangent kernel at finite width approaches its limit"),
    "ALS-30": ("Theorem 5", "Training follows the linearised network"),
    "ALS-31": ("Theorem 6", "Other losses: gradient bounds"),
    "ALS-32": ("Theorem 6(a)-(c)", "Other losses: non-convex, gradient-dominant and convex"),
    "ALS-33": ("Theorem 6(d)", "Cross-entropy reaches full training accuracy"),
    "ALS-34": ("Theorem 7", "Convolutional networks"),
    "ALS-35": ("Theorem 8", "Residual networks"),
    "ALS-36": ("Section 9, in the limit", "The limit kernel of the last layer is positive definite"),
    "ALS-37": ("between Section 9 and Theorem 3", "Gradients with fake losses move little inside the ball"),
    "ALS-38": ("proof of Theorems 1 and 6", "From decrease to displacement"),
    "ALS-39": ("proof of Theorem 2", "Second moment of the stochastic gradient"),
    "ALS-40": ("proof of Theorem 8", "Residual networks: forward stability without powers of the depth"),
}

for _id, (_where, _title) in _TITLES.items():
    if _id not in {made.id for made in registered()}:
        declare(_id, source=f"ALS18, {_where}", title=_title)
