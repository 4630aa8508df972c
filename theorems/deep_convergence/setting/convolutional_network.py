"""Convolutional networks, as ALS18's Theorem 7 has them, on a ring of pixels, with their exact
gradient.

Images have P pixels, layers m channels, and pixel p sees the patch Q_p of the q pixels around it:

    h_{0,p} = φ(A x_p),   h_{l,p} = φ(W_l [h_{l-1,r}]_{r ∈ Q_p}),   y = Σ_p B_p h_{L,p},      φ(z) =
    max(z, 0).  (1)

Initialisation: A_{jk} ~ N(0, 2/m), (W_l)_{jk} ~ N(0, 2/(qm)) with W_l ∈ R^{m × qm}, (B_p)_{jk} ~
N(0, 1/d). With b_{L,p} = B_pᵀ v and b_{l-1} the sum over the patches of what W_lᵀ D_{l,p} b_{l,p}
sends back to the pixels, the gradient with fake losses v is

    ∇_{W_l} = Σ_{i,p} D_{i,l,p} b_{i,l,p} [h_{i,l-1,r}]_{r ∈ Q_p}ᵀ.                              (2)

Layout: trials first, then channels, then examples and pixels, a pixel's examples being neighbours:
g_l, h_l are (trials, m, P n).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from lemmata.harness import Trials
from lemmata.harness.layers import gaussian_layer
from lemmata.strategies import UnitVectors, sizes
from lemmata.theorems.deep_convergence.setting.network import (
    Gradient,
    Network,
    SeparatedData,
    Signals,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """n images of P pixels, all n P pixels as far apart as their data set has it.

    Attributes:
        pixels: P.
        vectors: the unit vectors behind the pixels, those of an image's first pixel first for all
            images.
    """

    pixels: int
    vectors: UnitVectors

    @property
    def count(self) -> int:
        """The number n of images."""
        return self.vectors.count // self.pixels

    @property
    def data(self) -> SeparatedData:
        """All pixels as one data set."""
        return SeparatedData(vectors=self.vectors)

    @property
    def delta(self) -> float:
        """The smallest distance of two pixels."""
        return self.data.delta


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvolutionalNetwork:
    """One convolutional network a trial.

    Attributes:
        layers: A, W, and B = (B_1, ..., B_P).
        pixels: P.
        patch: q, odd.
    """

    layers: Network
    pixels: int
    patch: int

    def patches(self, h: Float[Tensor, "trials m Pn"]) -> Float[Tensor, "trials qm Pn"]:
        """Return [h_r] over the patch of each pixel, stacked."""
        n = h.shape[2] // self.pixels
        return torch.cat([h.roll(n * shift, dims=2) for shift in self._shifts], dim=1)

    def gathered(self, stacked: Float[Tensor, "trials qm Pn"]) -> Float[Tensor, "trials m Pn"]:
        """Return the transpose of `patches`.

        For each pixel the sum of what its patches send back.
        """
        n = stacked.shape[2] // self.pixels
        blocks = stacked.chunk(self.patch, dim=1)
        return torch.stack(
            [
                block.roll(-n * shift, dims=2)
                for block, shift in zip(blocks, self._shifts, strict=True)
            ]
        ).sum(dim=0)

    @property
    def _shifts(self) -> range:
        return range(-(self.patch // 2), self.patch // 2 + 1)

    def forward(self, inputs: Float[Tensor, "d_in Pn"]) -> Signals:
        """Run (1) on the pixels of all images."""
        g = [self.layers.A.apply(inputs.expand(len(self.layers.A.entries.trials), *inputs.shape))]
        h = [g[0].relu()]
        for layer in self.layers.W:
            g.append(layer.apply(self.patches(h[-1])))
            h.append(g[-1].relu())
        return Signals(g=tuple(g), h=tuple(h), y=self.layers.B.apply(self._image(h[-1])))

    def _image(self, h: Float[Tensor, "trials m Pn"]) -> Float[Tensor, "trials Pm n"]:
        """Return an image's pixels as one vector, for the output layer."""
        return h.unflatten(2, (self.pixels, -1)).transpose(1, 2).flatten(1, 2)

    def gradient(self, signals: Signals, v: Float[Tensor, "trials d n"]) -> tuple[Gradient, ...]:
        """Return (2) for the layers W_1, ..., W_L."""
        b = (
            self.layers.B.apply_transpose(v)
            .unflatten(1, (self.pixels, -1))
            .transpose(1, 2)
            .flatten(2)
        )
        found = []
        for level in range(self.layers.depth, 0, -1):
            e = b * signals.signs[level]
            found.append(Gradient(e=e, h=self.patches(signals.h[level - 1])))
            b = self.gathered(self.layers.W[level - 1].apply_transpose(e))
        return tuple(found[::-1])

    def moved(self, step: Sequence[Gradient], factor: float) -> ConvolutionalNetwork:
        """Return the network with W_l + factor · step_l."""
        return replace(self, layers=self.layers.moved(step, factor))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvolutionalNet:
    """A convolutional network class with its initialisation, as plain data.

    Attributes:
        width: m, the number of channels.
        depth: L.
        outputs: d.
        patch: q, odd.
        variance: σ², with (W_l)_{jk} ~ N(0, σ²/(qm)); the paper's is 2.
    """

    width: int
    depth: int
    outputs: int = 1
    patch: int = 3
    variance: float = 2.0

    def initialise(self, trials: Trials, images: Images) -> ConvolutionalNetwork:
        """Draw A, W, B."""
        m, fan_in = self.width, self.patch * self.width
        layers = Network(
            A=gaussian_layer(trials, "A", m, images.data.dimension, variance=2.0 / m),
            W=tuple(
                gaussian_layer(trials, f"W{level}", m, fan_in, variance=self.variance / fan_in)
                for level in range(1, self.depth + 1)
            ),
            B=gaussian_layer(
                trials, "B", self.outputs, images.pixels * m, variance=1.0 / self.outputs
            ),
        )
        return ConvolutionalNetwork(layers=layers, pixels=images.pixels, patch=self.patch)


def convolutional_nets(
    *,
    widths: tuple[int, int] = (16, 64),
    depths: tuple[int, int] = (1, 4),
    outputs: tuple[int, int] = (1, 2),
) -> st.SearchStrategy[ConvolutionalNet]:
    """Draw convolutional network classes."""
    return st.builds(
        ConvolutionalNet,
        width=sizes(smallest=widths[0], largest=widths[1]),
        depth=sizes(smallest=depths[0], largest=depths[1]),
        outputs=sizes(smallest=outputs[0], largest=outputs[1]),
        patch=st.sampled_from([1, 3]),
    )


def images(
    *, most: int = 3, pixels: tuple[int, ...] = (4, 6, 8), dimensions: tuple[int, int] = (8, 32)
) -> st.SearchStrategy[Images]:
    """Draw images whose pixels are independent and uniform on the sphere."""
    return st.builds(
        lambda count, pixels, dimension, number: noise(
            count, pixels, dimension=dimension, number=number
        ),
        count=st.integers(1, most),
        pixels=st.sampled_from(pixels),
        dimension=sizes(smallest=dimensions[0], largest=dimensions[1]),
        number=st.integers(0, 99),
    )


def noise(count: int, pixels: int, *, dimension: int = 10, number: int = 0) -> Images:
    """Return images whose pixels are independent and uniform on the sphere."""
    return Images(
        pixels=pixels,
        vectors=UnitVectors(
            family="sphere", count=count * pixels, dimension=dimension, number=number
        ),
    )
