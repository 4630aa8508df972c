"""What a search over instances came to, and what the adversary reached, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping

from lemmata.harness.verdicts import Outcome, SearchVerdict
from lemmata.reports.levels import Levels
from lemmata.reports.numerals import ABSENT, counted, figure, listed, sentence
from lemmata.reports.tables import Table, table

_CHOSEN = {
    "drawn": "drawn",
    "small scope": "from the small scope",
    "climbed": "by climbing from the worst",
    "shrunk": "by making a violation simpler",
}
_TOO_MUCH = 0.5
_STOPPED = {
    "instances": "it ended at its number of instances",
    "work": "it ended with its work",
    "time": "it ended with its time",
    "exhausted": "it ended as there are no further instances",
    "nominations": "it ended with its nominations",
}


def search_sentences(outcome: Outcome | None, levels: Levels) -> list[str]:
    """Say how many instances were searched, how they were chosen, and what could be unseen.

    A search that brought a refutation ended with it: what it left unseen is of no interest.
    """
    if outcome is None or outcome.search is None:
        return []
    search, refuted = outcome.search, outcome.how == "search"
    said = [f"Searching evaluated {counted(search.instances, 'instance')}"]
    if chosen := [
        f"{figure(number)} {_CHOSEN.get(how, how)}" for how, number in search.chosen.items()
    ]:
        said[0] += f" ({listed(chosen)})"
    said[0] += f" in {counted(search.trials, 'trial')}"
    if refuted:
        said[0] += "; it ended with the refutation"
    elif search.stopped in _STOPPED:
        said[0] += f"; {_STOPPED[search.stopped]}"
    if search.vacuous:
        said.append(f"on {figure(search.vacuous)} of them the claim says nothing")
    if search.discarded:
        said.append(f"{counted(search.discarded, 'further one', 'further ones')} were assumed away")
    if search.tied:
        said.append(f"on {figure(search.tied)} the two sides are equal to rounding")
    if search.ascended:
        said.append(f"on {figure(search.ascended)} the draws of the trials were ascended, too")
    said.append(_nominated(search.nominations))
    said += [] if refuted else _unseen(search, levels)
    if search.worst is not None and math.isfinite(search.worst_ratio):
        said.append(
            f"the worst ratio was {figure(search.worst_ratio)} of the threshold, at "
            f"{search.worst.words}"
        )
    if search.shrink_cut:
        said.append("shrinking was cut short, so a smaller instance may exist")
    return [sentence(words) for words in said]


def _nominated(number: int) -> str:
    if number == 0:
        return "none looked like a violation"
    were = "was" if number == 1 else "were"
    return f"{figure(number)} looked like a violation and {were} tried again"


def _unseen(search: SearchVerdict, levels: Levels) -> list[str]:
    if search.exhausted:
        return ["there are no further instances"]
    if not search.instances or not 0.0 < search.unseen <= 1.0:
        return []
    if search.unseen > _TOO_MUCH:
        return ["nothing is said of other instances"]
    share = figure(100 * search.unseen, 2)
    return [f"up to {share} % of the instances, as drawn, could fail unseen, at {levels.at_beta}"]


def attacks_table(attacks: Mapping[str, float]) -> Table | None:
    """Tabulate what each attack of the adversary reached, the best first, beside random search."""
    ordered = sorted(
        attacks, key=lambda name: -math.inf if math.isnan(attacks[name]) else -attacks[name]
    )
    blind = _random_search(attacks)
    against = {
        name: attacks[name] / attacks[blind]
        for name in attacks
        if blind and attacks[blind] > 0 and name != blind
    }
    return table(
        "Attacks of the adversary",
        [name.replace("_", " ") for name in ordered],
        [""] * len(ordered),
        {
            "worst ratio over threshold": [figure(attacks[name]) for name in ordered],
            "against random search": [
                f"{figure(against[name], 2)} ×" if name in against else ABSENT for name in ordered
            ],
        },
    )


def attack_sentence(attacks: Mapping[str, float]) -> str:
    """Say how far the best attack went beyond random search."""
    reached = {name: ratio for name, ratio in attacks.items() if math.isfinite(ratio)}
    if not reached:
        return ""
    best, blind = max(reached, key=lambda name: reached[name]), _random_search(reached)
    named = best.replace("_", " ")
    said = f"The best attack, {named}, reached {figure(reached[best])} of the threshold"
    if not blind:
        return f"{said}."
    if best == blind:
        return f"{said}; no attack went beyond random search."
    if reached[blind] <= 0:
        return f"{said}; random search reached {figure(reached[blind])}."
    if reached[best] < 1.05 * reached[blind]:
        return f"{said}; random search alone reached nearly as much, {figure(reached[blind])}."
    missed = figure(reached[best] / reached[blind], 2)
    return (
        f"{said}; random search alone reached {figure(reached[blind])} and would have missed a "
        f"factor of {missed}."
    )


def _random_search(reached: Mapping[str, float]) -> str:
    return next((name for name in reached if "random" in name.lower()), "")
