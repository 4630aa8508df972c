"""What the report says in words about a part: words come before numbers."""

from __future__ import annotations

import math

from lemmata.reports import fields
from lemmata.reports.evidence import Refutation, signed
from lemmata.reports.fields import Record
from lemmata.reports.model import Part, Twin
from lemmata.reports.numerals import (
    counted,
    duration,
    figure,
    listed,
    power_of_ten,
    sentence,
    share,
    span,
)
from lemmata.reports.tables import attack_ratios, random_search
from lemmata.reports.words import MEANINGS, basis_sentence, role_phrase


def verdict_sentences(part: Part) -> list[str]:
    """Say what the verdict means, what it rests on and what the harness adds."""
    said = [MEANINGS.get(part.verdict, "")]
    if part.basis:
        said[0] = basis_sentence(
            part.basis, [one.level for one in part.specimens if one.level is not None]
        )
    if part.expect == "refuted":
        said.append(
            "This part was declared false, and it was refuted."
            if part.verdict == "refuted"
            else "The part was declared false, so anything but a refutation is a failure of the check or news about the statement."
        )
    return [sentence(words) for words in [*said, *part.words] if words]


def reach_sentences(part: Part) -> list[str]:
    """Say from which sizes on the conclusion was seen and what the hypothesis asks for."""
    said = [words for words in [fields.text(part.reach, "says")] if words != part.requires]
    counts = [(fields.count(part.reach, name) or 0, words) for name, words in _REACH.items()]
    if any(number for number, _ in counts):
        said.append(
            listed([f"{counted(number, 'specimen')} {words}" for number, words in counts if number])
        )
    if part.sizes:
        said.append(
            "judged at " + listed([f"{name} = {span(sizes)}" for name, sizes in part.sizes.items()])
        )
    return [sentence(words) for words in said if words]


_REACH = {
    "inside": "inside what the part asks for",
    "below": "below it",
    "unknown": "of which it cannot be said, as the hypothesis names no constant",
}


def reach_in_brief(part: Part) -> str:
    """Say in a word or two whether the part was judged inside its hypothesis."""
    inside, below = fields.count(part.reach, "inside") or 0, fields.count(part.reach, "below") or 0
    if inside and below:
        return "inside and below"
    return (
        "inside"
        if inside
        else "below"
        if below
        else "not known"
        if fields.count(part.reach, "unknown")
        else ""
    )


def constant_sentence(constant: Record) -> str:
    """Say which value stands for the hidden constant."""
    value = fields.number(constant, "value")
    if value is None:
        return ""
    measured, failure = fields.text(constant, "measured_on"), fields.number(constant, "failure")
    said = f"The hidden constant is declared as {figure(value)}" + (
        f", measured on {measured}" if measured else ""
    )
    if failure is None:
        return said + "."
    return said + (
        f"; the ratio may exceed it with probability at most {figure(failure)}."
        if failure
        else "; the ratio may never exceed it."
    )


def search_sentence(search: Record) -> str:
    """Say how the instances were searched."""
    if not search:
        return ""
    numbers = {
        name: fields.count(search, name)
        for name in ("instances", "evaluated", "vacuous", "discarded", "nominations")
    }
    said = [f"searching drew {counted(numbers['instances'] or 0, 'instance')}"]
    if numbers["evaluated"] is not None:
        said.append(f"evaluated {figure(numbers['evaluated'])}")
    if numbers["vacuous"]:
        said.append(f"met {figure(numbers['vacuous'])} on which the claim says nothing")
    if numbers["discarded"]:
        said.append(f"discarded {figure(numbers['discarded'])}")
    said.append(
        f"nominated {figure(numbers['nominations']) if numbers['nominations'] else 'none'} for fresh trials"
    )
    worst = fields.number(search, "worst_ratio")
    ending = f"; the worst ratio that it met is {figure(worst)}" if worst is not None else ""
    cut = (
        ". Shrinking was cut short by its deadline, so the instance may not be the smallest"
        if fields.flag(search, "shrink_cut")
        else ""
    )
    return sentence(listed(said) + ending + cut)


def attack_sentence(part: Part) -> str:
    """Say how far the best attack went beyond random search."""
    reached = {name: ratio for name, ratio in attack_ratios(part).items() if math.isfinite(ratio)}
    if not reached:
        return ""
    best, blind = max(reached, key=lambda name: reached[name]), random_search(reached)
    said = f"The best attack, {best.replace('_', ' ')}, reached {figure(reached[best])} of the threshold"
    if not blind:
        return said + "."
    if best == blind or reached[blind] <= 0:
        return said + (
            "; no attack went beyond random search."
            if best == blind
            else f"; random search reached {figure(reached[blind])}."
        )
    if reached[best] < 1.05 * reached[blind]:
        return f"{said}; random search alone reached nearly as much, {figure(reached[blind])}."
    missed = figure(reached[best] / reached[blind], 2)
    return f"{said}; random search alone reached {figure(reached[blind])} and would have missed a factor of {missed}."


def refutation_sentences(found: Refutation) -> list[str]:
    """Say what was found, where, and how sure it is."""
    where = role_phrase(found.role)
    said = []
    if found.measured is not None or found.bound is not None:
        relation = {"at most": "at most", "at least": "at least", "equal": "exactly"}.get(
            found.direction, found.direction
        )
        trial = f"In trial {found.trial}" if found.trial is not None else "In the worst trial"
        said.append(
            f"{trial} the measured side is {figure(found.measured, 4)} where the claim allows {relation} {figure(found.bound, 4)}"
        )
    if found.ratio is not None:
        said.append(f"the ratio of the two sides is {figure(found.ratio, 4)}")
    if found.trials:
        claim = (
            f", where the claim allows a share of {figure(found.claimed)}"
            if found.claimed is not None
            else ""
        )
        said.append(
            f"{share(found.failures or 0, found.trials)} trials {where} failed{claim}".replace(
                "  ", " "
            )
        )
    if found.log_e is not None:
        said.append(
            f"the evidence against the claim is an e-value of {power_of_ten(found.log_e)}; from 10⁹ on a claim counts as refuted"
        )
    if found.attack:
        said.append(f"it was found by the attack {found.attack.replace('_', ' ')}")
    return [
        sentence(words)
        for words in [*said, "" if "\n" in found.explanation else found.explanation]
        if words
    ]


def twin_sentence(twin: Twin) -> str:
    """Say whether the falsified copy was refuted, how and with what evidence."""
    if not twin.verdict:
        return "It was not tried in the runs shown."
    if not twin.refuted:
        return f"It was not refuted ({twin.verdict}), so the check of this part has not shown that it can fail."
    said = ["refuted"]
    if twin.how == "slope" or (not twin.how and not twin.specimens and twin.slopes):
        measured = [
            f"{one.variable}, measured as {one.median or 'unknown'} where {one.allowed} is allowed"
            for one in twin.slopes
        ]
        said.append(f"by the exponent in {listed(measured)}" if measured else "by its exponent")
    elif twin.refutation and twin.refutation.trials:
        said.append(
            f"with {share(twin.refutation.failures or 0, twin.refutation.trials)} trials failing"
        )
    if twin.refutation and twin.refutation.log_e is not None:
        said.append(f"at an e-value of {power_of_ten(twin.refutation.log_e)}")
    if twin.refutation and twin.refutation.describe:
        said.append(f"on {twin.refutation.describe}")
    return sentence(" ".join(filter(None, said)))


def exponents_in_brief(part: Part) -> list[str]:
    """Say for each grid what was measured and what is allowed, for the table of statements."""
    return [
        f"{one.variable} {signed(one.median.slope)} ({one.allowed})"
        for one in part.slopes
        if one.median
    ]


def effort_sentence(part: Part) -> str:
    """Say how many trials stand behind the part."""
    blocks = part.blocks
    if not blocks.number:
        return (
            f"{sentence(counted(part.trials, 'trial'))[:-1]} in {duration(part.seconds)}."
            if part.trials
            else "No trials were recorded."
        )
    runs = f" of {counted(blocks.runs, 'run')}" if blocks.runs > 1 else ""
    near = (
        f", {counted(blocks.near, 'of them', 'of them')} within rounding of the threshold"
        if blocks.near
        else ""
    )
    spent = f" in {duration(blocks.seconds)}" if blocks.seconds else ""
    return f"{sentence(counted(blocks.trials, 'trial'))[:-1]} in {counted(blocks.number, 'block')}{runs} were recorded{spent}{near}."
