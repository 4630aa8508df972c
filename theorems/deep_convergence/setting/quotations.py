"""Who quotes ALS18, whose own text was not at hand: the notes of what is quoted name them."""

from __future__ import annotations

AGARWAL = "Agarwal, Awasthi and Kale (ALT 2021)"
BASRI = "Basri et al. 2020 (arXiv 2003.04560)"
BANDITS = "Xu et al. 2020 (arXiv 2012.01780)"
CAO_GU = "Cao and Gu 2019 (arXiv 1905.13210)"
CAUSAL = "a paper on score matching and causal discovery (2023)"
NEURAL_UCB = "Zhou, Li and Gu (NeuralUCB, arXiv 1911.04462)"
RECURRENT = "the same authors' paper on recurrent networks (arXiv 1810.12065)"
THREE_LAYERS = "Allen-Zhu, Li and Liang (arXiv 1811.04918)"
ZOU = "Zou, Cao, Zhou and Gu 2018 (arXiv 1811.08888)"


def by_several(*papers: str, of: str = "") -> str:
    """Say that independent papers quote it, and name those at hand."""
    return f"{_what(of)}quoted by several papers, among them {' and '.join(papers)}"


def by_one(paper: str, of: str = "") -> str:
    """Say that a single paper quotes it."""
    return f"{_what(of)}quoted by one paper: {paper}"


def _what(of: str) -> str:
    return f"{of} " if of else ""
