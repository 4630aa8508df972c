"""Tables of a statement's page. A column in which nothing was recorded is left out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lemmata.reports import fields
from lemmata.reports.evidence import Exponent, Specimen, largest, signed
from lemmata.reports.model import Part
from lemmata.reports.numerals import ABSENT, figure, power_of_ten


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Heads and rows of plain text; the first column is the row's name.

    Attributes:
        caption: what the table shows, for those who do not see its place.
        heads: of the columns.
        rows: as wide as the heads.
        notes: a line below a row's name, by row; empty for none.
    """

    caption: str
    heads: list[str]
    rows: list[list[str]]
    notes: list[str]


def specimens(found: Sequence[Specimen], caption: str = "Specimens") -> Table | None:
    """Tabulate specimens: trials, failures, evidence and ratios."""
    return _table(
        caption,
        [f"specimen {number}" for number in range(1, len(found) + 1)],
        [one.describe for one in found],
        {
            "verdict": [
                one.verdict or ABSENT if len({other.verdict for other in found}) > 1 else ABSENT
                for one in found
            ],
            "failures": [_failures(one) for one in found],
            "95 % interval": [_interval(one.interval) for one in found],
            "claimed p": [figure(one.claimed) for one in found],
            "certified p": [figure(one.level) for one in found],
            "e‑value against": [power_of_ten(one.log_e_refute) for one in found],
            "e‑value for": [power_of_ten(one.log_e_certify) for one in found],
            "median ratio": [figure(one.median_ratio) for one in found],
            "worst ratio": [figure(one.worst_ratio) for one in found],
            "threshold": [
                figure(one.threshold) if one.threshold != 1.0 else ABSENT for one in found
            ],
            "surviving constant": [figure(one.surviving) for one in found],
            "found by": [one.attack or ABSENT for one in found],
            "hypothesis": [
                {True: "inside", False: "below", None: ABSENT}[one.inside] for one in found
            ],
        },
    )


def exponents(found: Sequence[Exponent]) -> Table | None:
    """Tabulate claimed and measured exponents."""
    return _table(
        "Claimed and measured exponents",
        [f"{'rate' if one.exponential else 'power'} in {one.variable}" for one in found],
        [
            f"{one.variable} = {', '.join(figure(size) for size in one.grid)}" if one.grid else ""
            for one in found
        ],
        {
            "bound claims": [signed(one.claimed) for one in found],
            "measured": [str(one.measured or ABSENT) for one in found],
            "ratio may have": [one.allowed for one in found],
            "ratio, median": [str(one.median or ABSENT) for one in found],
            "ratio, .9 quantile": [str(one.upper or ABSENT) for one in found],
            "outcome": [one.outcome or ABSENT for one in found],
        },
    )


def attacks(part: Part) -> Table | None:
    """Tabulate what each attack of the adversary reached, the best first, beside random search."""
    reached = attack_ratios(part)
    ordered = sorted(
        reached, key=lambda name: -math.inf if math.isnan(reached[name]) else -reached[name]
    )
    blind = random_search(reached)
    against = {
        name: reached[name] / reached[blind]
        if blind and reached[blind] > 0 and name != blind
        else None
        for name in reached
    }
    return _table(
        "Attacks of the adversary",
        [name.replace("_", " ") for name in ordered],
        [""] * len(ordered),
        {
            "worst ratio over threshold": [figure(reached[name]) for name in ordered],
            "against random search": [
                f"{figure(against[name], 2)} ×" if against[name] is not None else ABSENT
                for name in ordered
            ],
        },
    )


def attack_ratios(part: Part) -> Mapping[str, float]:
    """Return the worst ratio over the threshold by attack, from the verdict or else from its
    specimens.
    """
    if part.attacks:
        return part.attacks
    reached: dict[str, float] = {}
    for one in part.specimens:
        for name, ratio in one.attacks.items():
            relative = ratio / one.threshold if one.threshold and one.threshold > 0 else ratio
            reached[name] = largest([reached.get(name), relative]) or 0.0
    return reached


def random_search(reached: Mapping[str, float]) -> str:
    """Return the name of the attack that searches blindly, or an empty text."""
    return next((name for name in reached if "random" in name.lower()), "")


def quantities(found: Sequence[Specimen]) -> Table | None:
    """Tabulate further quantities that the part reports, specimen by specimen."""
    rows = [
        (f"specimen {number}", name, values)
        for number, one in enumerate(found, 1)
        for name, values in one.reports.items()
    ]
    return _table(
        "Further quantities",
        [name.replace("_", " ") for _, name, _ in rows],
        [label if len(found) > 1 else "" for label, _, _ in rows],
        {
            head: [figure(values.get(name)) for _, _, values in rows]
            for head, name in (("median", "median"), ("low", "low"), ("high", "high"))
        },
    )


def tests(found: Sequence[Specimen]) -> Table | None:
    """Tabulate the tests of means and laws."""
    tested = [(number, one) for number, one in enumerate(found, 1) if one.test]
    names = ("samples", "statistic", "p_value", "measured", "expected", "low", "high")
    return _table(
        "Tests of means and laws",
        [f"specimen {number}" for number, _ in tested],
        [""] * len(tested),
        {
            name.replace("_", "-"): [figure(fields.number(one.test, name)) for _, one in tested]
            for name in names
        },
    )


def _table(
    caption: str, names: list[str], notes: list[str], columns: Mapping[str, list[str]]
) -> Table | None:
    kept = {head: cells for head, cells in columns.items() if any(cell != ABSENT for cell in cells)}
    if not names:
        return None
    rows = [[name, *(cells[row] for cells in kept.values())] for row, name in enumerate(names)]
    return Table(caption=caption, heads=["", *kept], rows=rows, notes=notes)


def _failures(one: Specimen) -> str:
    return ABSENT if one.trials is None else f"{figure(one.failures)} of {figure(one.trials)}"


def _interval(interval: tuple[float, float] | None) -> str:
    return ABSENT if interval is None else f"{figure(interval[0], 2)} … {figure(interval[1], 2)}"
