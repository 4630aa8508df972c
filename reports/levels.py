"""The levels and resolutions of a run, as its own manifest says them.

A report may be built by a later version, whose own constants say nothing about an older run. What
the manifest does not say stays unsaid.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lemmata.harness.codec import CodecError, from_plain
from lemmata.harness.schema import Manifest
from lemmata.reports.numerals import figure, sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The coarsest resolution at which "holds" is said, unless a part declares its own."""

    limit: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """α, β, the length of the first block, the nominations that share α, and resolutions."""

    alpha: float | None = None
    beta: float | None = None
    block: int | None = None
    nominations: int | None = None
    mean: Resolution = field(default_factory=Resolution)
    law: Resolution = field(default_factory=Resolution)
    exponent: Resolution = field(default_factory=Resolution)

    @property
    def at_alpha(self) -> str:
        """At which level a claim is refuted, in words: a bound, as specimens share it."""
        known = self.alpha is not None
        return f"a level of at most α = {figure(self.alpha)}" if known else "its level"

    @property
    def at_beta(self) -> str:
        """At which error a "holds" is said, in words."""
        return f"error β = {figure(self.beta)}" if self.beta is not None else "its error"


def levels_of(manifest: Manifest) -> Levels:
    """Read the levels of a run; empty where the manifest does not say them as expected."""
    try:
        return from_plain(dict(manifest.levels), Levels)
    except CodecError:
        return Levels()


def levels_sentences(levels: Levels) -> list[str]:
    """Say at which levels and resolutions a run judged; nothing of what it did not record."""
    said = []
    if levels.alpha is not None:
        nominated = figure(levels.nominations) if levels.nominations else "the"
        said.append(
            f"a true claim is refuted with probability at most α = {figure(levels.alpha)} by its "
            f"specimens together, as much by its exponents, and as much by {nominated} instances "
            "that a search nominates"
        )
    if levels.beta is not None:
        said.append(
            "a specimen that lies outside the resolution beside a verdict passes with probability "
            f"at most β = {figure(levels.beta)}"
        )
    if levels.block is not None:
        said.append(f"the first block has {figure(levels.block)} trials")
    for name in ("mean", "law", "exponent"):
        resolution: Resolution = getattr(levels, name)
        if resolution.limit is not None:
            unit = f" ({resolution.unit})" if resolution.unit else ""
            article = "an" if name == "exponent" else "a"
            said.append(
                f"{article} {name} holds within {figure(resolution.limit)}{unit}, unless its part "
                "declares another resolution"
            )
    return [sentence(words) for words in said]
