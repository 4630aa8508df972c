"""The proof as a graph: what uses what, what therefore stands, and in which order to lay it out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lemmata.reports.model import Statement


def joined(statements: Sequence[Statement]) -> list[Statement]:
    """Tell every statement what uses it, and whether it holds with everything that it rests on."""
    by_id = {statement.id: statement for statement in statements}
    uses = {name: statement.uses for name, statement in by_id.items()}
    order = foundations_first(uses)
    below: dict[str, set[str]] = {}
    for name in order:
        needed = [used for used in uses[name] if used != name]
        below[name] = set(needed).union(*(below.get(used, set()) for used in needed)) - {name}
    stands: dict[str, bool] = {}
    for name in order:  # in a cycle nothing stands
        stands[name] = by_id[name].verdict == "holds" and all(
            stands.get(used, False) for used in uses[name] if used != name
        )
    used_by: dict[str, list[str]] = defaultdict(list)
    for statement in statements:
        for used in statement.uses:
            used_by[used].append(statement.id)
    joined_up = []
    for entry in statements:
        rests_on = [name for name in order if name in below[entry.id]]
        unknown = sorted(below[entry.id] - by_id.keys())
        verdicts = [(name, by_id[name].verdict) for name in rests_on]
        unsettled = [one for one in verdicts if one[1] != "holds"]
        unsettled += [(name, "not recorded") for name in unknown]
        made = replace(
            entry,
            used_by=tuple(used_by[entry.id]),
            rests_on=(*rests_on, *unknown),
            unsettled=tuple(unsettled),
            stands=stands[entry.id],
        )
        joined_up.append(made)
    return joined_up


def foundations_first(uses: Mapping[str, Sequence[str]]) -> list[str]:
    """Order names so that what one uses comes before it; a cycle is cut where it is met.

    >>> foundations_first({"theorem": ["lemma"], "lemma": ["fact"], "fact": []})
    ['fact', 'lemma', 'theorem']
    """
    order: dict[str, None] = {}
    for start in uses:
        stack, entered = [(start, iter(uses[start]))], {start}
        while stack:
            name, rest = stack[-1]
            used = next(
                (
                    other
                    for other in rest
                    if other in uses and other not in order and other not in entered
                ),
                None,
            )
            if used is None:
                order.setdefault(name)
                stack.pop()
            else:
                entered.add(used)
                stack.append((used, iter(uses[used])))
    return list(order)


def reduced(uses: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Leave out what is used through something else anyway, so that a drawing stays legible.

    >>> reduced({"theorem": ["lemma", "fact"], "lemma": ["fact"], "fact": []})
    {'theorem': ['lemma'], 'lemma': ['fact'], 'fact': []}
    """
    below: dict[str, set[str]] = {}
    for name in foundations_first(uses):
        below[name] = {name}.union(*(below.get(used, {used}) for used in uses[name]))
    return {
        name: [
            used
            for used in needed
            if not any(other != used and used in below.get(other, set()) for other in needed)
        ]
        for name, needed in uses.items()
    }
