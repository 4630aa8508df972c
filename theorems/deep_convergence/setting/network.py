"""The world of ALS18.

Deep ReLU networks, their initialisation, separated data, the squared loss and its exact gradient.

Network (L hidden layers of width m, n examples, outputs in R^d):

    g_{i,0} = A x_i,  h_{i,0} = φ(g_{i,0}),  g_{i,l} = W_l h_{i,l-1},  h_{i,l} = φ(g_{i,l}),  y_i =
    B h_{i,L},      φ(z) = max(z, 0).   (1)

Initialisation: A_{jk}, (W_l)_{jk} ~ N(0, 2/m), B_{jk} ~ N(0, 1/d). Only W = (W_1, ..., W_L) is
trained.

Signs and backward products: D_{i,l} = diag(1[g_{i,l} ≥ 0]), Back_{i,l} = B D_{i,L} W_L ··· D_{i,l}
W_l, Back_{i,L+1} = B.

Loss: F_i = ½ ‖y_i - y*_i‖², F = Σ_i F_i. With fake losses v_i ∈ R^d in place of loss_i = y_i -
y*_i,

    ∇^v_{W_l} = Σ_i (D_{i,l} Back_{i,l+1}ᵀ v_i) h_{i,l-1}ᵀ,                                      (2)

a sum of n rank-one matrices e_{i,l} h_{i,l-1}ᵀ, kept as its factors.

Layout: trials first, then the vector's entries, then the examples: g_l, h_l are (trials, m, n).
Layers may be dense or matrix-free.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from hypothesis import strategies as st
from jaxtyping import Bool, Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.harness.layers import DenseEntries, Layer, gaussian_layer
from lemmata.strategies import UnitVectors, sizes, unit_vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class SeparatedData:
    """Inputs x_i = (z_i / √2, 1/√2) of unit z_i: the paper's assumption, see ALS-01.

    Attributes:
        vectors: the z_i, in R^{d_in - 1}.
    """

    vectors: UnitVectors

    @property
    def count(self) -> int:
        """The number n of examples."""
        return self.vectors.count

    @property
    def dimension(self) -> int:
        """The input dimension d_in."""
        return self.vectors.dimension + 1

    @property
    def delta(self) -> float:
        """The separation δ = min ‖x_i - x_j‖; √2, the largest there is, for a single example."""
        return self.vectors.distance / math.sqrt(2.0)

    def inputs(self, trials: Trials) -> Float[Tensor, "d_in n"]:
        """Return the inputs as columns, the same in every trial."""
        z = self.vectors.build()
        return trials.tensor(torch.cat((z, torch.ones_like(z[:, :1])), dim=1).T / math.sqrt(2.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What a forward pass leaves behind, layer by layer from 0 to L.

    Attributes:
        g: pre-activations.
        h: hidden vectors.
        y: outputs, one for each image where the n columns are pixels of images.
    """

    g: tuple[Float[Tensor, "trials m n"], ...]
    h: tuple[Float[Tensor, "trials m n"], ...]
    y: Float[Tensor, "trials d images"]

    @property
    def signs(self) -> tuple[Bool[Tensor, "trials m n"], ...]:
        """The diagonals of D_{i,l} = diag(1[g_{i,l} ≥ 0])."""
        return tuple(g >= 0 for g in self.g)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradient:
    """The matrix Σ_i e_i h_iᵀ of one layer, by its factors (2).

    Attributes:
        e: the columns D_{i,l} Back_{i,l+1}ᵀ v_i.
        h: the columns h_{i,l-1}.
    """

    e: Float[Tensor, "trials m n"]
    h: Float[Tensor, "trials cols n"]

    def inner(self, other: Gradient) -> Float[Tensor, "trials"]:
        """Return the Frobenius inner product with another such matrix, without building either."""
        return ((self.e.mT @ other.e) * (self.h.mT @ other.h)).sum(dim=(-2, -1))

    def square(self) -> Float[Tensor, "trials"]:
        """Return the squared Frobenius norm."""
        return self.inner(self).clamp(min=0.0)

    def dense(self) -> Float[Tensor, "trials m cols"]:
        """Return the matrix."""
        return self.e @ self.h.mT


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One network a trial, as its layers.

    Attributes:
        A: input layer.
        W: the trained layers W_1, ..., W_L.
        B: output layer.
    """

    A: Layer
    W: tuple[Layer, ...]
    B: Layer

    @property
    def depth(self) -> int:
        """The number L of trained layers."""
        return len(self.W)

    def forward(self, inputs: Float[Tensor, "d_in n"] | Float[Tensor, "trials d_in n"]) -> Signals:
        """Run (1) on the inputs."""
        columns = (
            inputs if inputs.ndim == 3 else inputs.expand(len(self.A.entries.trials), *inputs.shape)
        )
        g = [self.A.apply(columns)]
        h = [g[0].relu()]
        for layer in self.W:
            g.append(layer.apply(h[-1]))
            h.append(g[-1].relu())
        return Signals(g=tuple(g), h=tuple(h), y=self.B.apply(h[-1]))

    def backward(
        self,
        signs: Sequence[Bool[Tensor, "trials m k"]],
        v: Float[Tensor, "trials d k"],
        *,
        first: int = 1,
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Run vectors v back through the layers, down to Back_first.

        Args:
            signs: the diagonals of D_l, l = 0..L, one column for each vector (or one for all).
            v: the vectors.
            first: the lowest layer that is passed; a gradient needs 2 only.

        Returns:
            ``back`` with back[l] = Back_lᵀ v for l = first..L+1, and ``e`` with e[l] = D_l
            Back_{l+1}ᵀ v for l = first-1..L; each (trials, m, k), and empty below.
        """
        depth = self.depth
        back = [torch.zeros(0)] * (depth + 2)
        e = [torch.zeros(0)] * (depth + 1)
        back[depth + 1] = self.B.apply_transpose(v)
        for level in range(depth, first - 1, -1):
            e[level] = back[level + 1] * signs[level]
            back[level] = self.W[level - 1].apply_transpose(e[level])
        e[first - 1] = back[first] * signs[first - 1]
        return back, e

    def gradient(self, signals: Signals, v: Float[Tensor, "trials d n"]) -> tuple[Gradient, ...]:
        """Return (2) for the layers W_1, ..., W_L, with fake losses v."""
        _, e = self.backward(signals.signs, v, first=2)
        return tuple(
            Gradient(e=e[level], h=signals.h[level - 1]) for level in range(1, self.depth + 1)
        )

    def moved(self, step: Sequence[Gradient], factor: float) -> Network:
        """Return the network with W_l + factor · step_l."""
        return self.with_layers(
            [_add(layer, factor * one.e, one.h) for layer, one in zip(self.W, step, strict=True)]
        )

    def with_layers(self, W: Sequence[Layer]) -> Network:
        """Return the network with other trained layers."""
        return replace(self, W=tuple(W))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepReluNet:
    """A network class with its initialisation, as plain data.

    Attributes:
        width: m.
        depth: L, the number of trained layers.
        outputs: d.
        variance: σ², with (W_l)_{jk} ~ N(0, σ²/m); the paper's is 2.
    """

    width: int
    depth: int
    outputs: int = 1
    variance: float = 2.0

    def initialise(self, trials: Trials, data: SeparatedData) -> Network:
        """Draw A, W, B."""
        m = self.width
        return Network(
            A=gaussian_layer(trials, "A", m, data.dimension, variance=2.0 / m),
            W=tuple(
                gaussian_layer(trials, f"W{level}", m, m, variance=self.variance / m)
                for level in range(1, self.depth + 1)
            ),
            B=gaussian_layer(trials, "B", self.outputs, m, variance=1.0 / self.outputs),
        )

    def forward(self, trials: Trials, data: SeparatedData) -> tuple[Network, Signals]:
        """Draw a network and run the data through it."""
        network = self.initialise(trials, data)
        return network, network.forward(data.inputs(trials))


def loss(
    y: Float[Tensor, "trials d n"], targets: Float[Tensor, "trials d n"]
) -> Float[Tensor, "trials"]:
    """Return F = Σ_i ½ ‖y_i - y*_i‖²."""
    return 0.5 * ((y - targets) ** 2).sum(dim=(-2, -1))


def deep_relu_nets(
    *,
    widths: tuple[int, int] = (4, 256),
    depths: tuple[int, int] = (1, 8),
    outputs: tuple[int, int] = (1, 4),
) -> st.SearchStrategy[DeepReluNet]:
    """Draw network classes.

    Widths and depths from geometric grids, so that claims bite, shrinking to the smallest network.
    """
    return st.builds(
        DeepReluNet,
        width=sizes(smallest=widths[0], largest=widths[1]),
        depth=sizes(smallest=depths[0], largest=depths[1]),
        outputs=sizes(smallest=outputs[0], largest=outputs[1]),
    )


def separated_data(
    *,
    smallest: int = 1,
    largest: int = 6,
    dimensions: tuple[int, int] = (2, 32),
    separations: tuple[float, float] = (0.02, 1.0),
) -> st.SearchStrategy[SeparatedData]:
    """Draw data sets that meet the paper's assumption, of many geometries.

    ``separations`` are of the z_i, √2 times δ.
    """
    return st.builds(
        SeparatedData,
        vectors=unit_vectors(
            smallest=smallest, largest=largest, dimensions=dimensions, separations=separations
        ),
    )


def pair_at(delta: float, *, count: int = 2, dimension: int = 10, number: int = 0) -> SeparatedData:
    """Return data with one pair at distance δ exactly, the other examples uniform.

    For specimens.
    """
    vectors = UnitVectors(
        family="pair",
        count=count,
        dimension=dimension,
        separation=math.sqrt(2.0) * delta,
        number=number,
    )
    return SeparatedData(vectors=vectors)


def sphere(count: int, *, dimension: int = 10, number: int = 0) -> SeparatedData:
    """Return data that is uniform on the sphere: for specimens."""
    return SeparatedData(
        vectors=UnitVectors(family="sphere", count=count, dimension=dimension, number=number)
    )


def _add(layer: Layer, left: Tensor, right: Tensor) -> Layer:
    """Add left rightᵀ.

    A dense layer takes the update into its matrix, so that long trajectories stay cheap.
    """
    plain = layer.row_weights is None and layer.col_weights is None and layer.left is None
    if isinstance(layer.entries, DenseEntries) and plain:
        return Layer(
            entries=DenseEntries(layer.entries.trials, layer.entries.matrix + left @ right.mT)
        )
    return layer.add_low_rank(left, right)
