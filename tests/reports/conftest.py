"""A made-up run with every verdict, kind and mishap that a report has to cope with, as plain
records and as folders."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lemmata.harness.evidence import clopper_pearson, log_evidence_against
from lemmata.harness.histogram import histogram
from lemmata.reports import build_report

Fields = dict[str, Any]
START = 1_763_776_000.0


def ratios_around(median: float, spread: float, trials: int, seed: int) -> list[float]:
    return (median * np.exp(spread * np.random.default_rng(seed).standard_normal(trials))).tolist()


def specimen(
    part: str,
    number: int,
    *,
    failures: int = 0,
    trials: int = 128,
    claimed: float | None = 0.086,
    **changes: Any,
) -> Fields:
    sizes = {"n": 2**number, "L": number + 1, "m": 64 * 4**number}
    describe = (
        ", ".join(f"{name} = {size}" for name, size in sizes.items())
        + f", separation 0.{number + 1}, ε = 0.5"
    )
    judged = (
        {}
        if claimed is None
        else {
            "log_e_refute": log_evidence_against(failures, trials, claimed),
            "log_e_certify": 8.1 - failures,
            "interval": list(clopper_pearson(failures, trials)),
            "level": 3 * claimed,
        }
    )
    return {
        "instance": {"net": {"width": sizes["m"]}},
        "instance_hash": f"{part}-{number}",
        "describe": describe,
        "sizes": sizes,
        "verdict": "holds",
        "trials": trials,
        "failures": failures,
        "claimed": claimed,
        "threshold": 1.0,
        "level": None,
        "log_e_refute": None,
        "log_e_certify": None,
        "interval": None,
        "worst_ratio": 0.82 + 0.5 * bool(failures),
        "worst_trial": 17,
        "median_ratio": 0.41,
        "surviving": 0.69,
        "inside": number > 1,
        "attack": None,
        "attacks": {},
        "reports": {"condition_number": {"median": 4.2, "low": 2.1, "high": 9.0}},
        "curves": {},
        "test": None,
        **judged,
        **changes,
    }


def blocks(
    part: str,
    number: int,
    *,
    role: str = "specimen",
    trials: int = 128,
    median: float = 0.41,
    **changes: Any,
) -> list[Fields]:
    made = []
    for first in range(0, trials, 16):
        ratios = ratios_around(median, 0.25, 16, seed=first + 1000 * number)
        made.append(
            {
                "kind": "block",
                "part": part,
                "generation": "g1",
                "role": role,
                "instance": {},
                "instance_hash": f"{part}-{number}",
                "sizes": {"m": 64 * 4**number},
                "entropy": 0,
                "stream": "confirm",
                "layers": "dense",
                "first": first,
                "trials": 16,
                "failures": sum(ratio > 1 for ratio in ratios),
                "near": 0,
                "claimed": 0.086,
                "threshold": 1.0,
                "histogram": histogram(ratios),
                "worst_ratio": max(ratios),
                "worst_trial": 3,
                "attack": None,
                "attacks": {},
                "reports": {},
                "device": "cpu",
                "dtype": "float64",
                "seconds": 0.4,
                **changes,
            }
        )
    return made


def slope(
    part: str,
    variable: str,
    measured: float,
    *,
    at_most: float | None = 0.0,
    at_least: float | None = None,
    **changes: Any,
) -> Fields:
    sizes = [64, 128, 256, 512, 1024]
    points = [
        {
            "size": size,
            "instance_hash": f"{part}-{variable}-{size}",
            "median": 0.4 * (size / 64) ** measured * math.exp(0.03 * (-1) ** place),
            "upper": 0.55 * (size / 64) ** measured,
            "worst": 0.8 * (size / 64) ** measured,
            "trials": 32,
        }
        for place, size in enumerate(sizes)
    ]
    fit = {
        "slope": measured,
        "standard_error": 0.02,
        "low": measured - 0.04,
        "high": measured + 0.04,
    }
    return {
        "part": part,
        "generation": "g1",
        "variable": variable,
        "sizes": sizes,
        "at_most": at_most,
        "at_least": at_least,
        "claimed": 0.5,
        "outcome": "consistent",
        "median": fit,
        "upper": {**fit, "slope": measured + 0.01},
        "points": points,
        "trials": 160,
        "seconds": 2.0,
        **changes,
    }


def verdict(part: str, word: str, basis: str | None = None, **changes: Any) -> Fields:
    return {
        "kind": "verdict",
        "part": part,
        "generation": "g1",
        "verdict": word,
        "basis": basis,
        "words": [],
        "reach": None,
        "expect": "holds",
        "as_expected": word not in {"refuted", "error"},
        "specimens": [],
        "slopes": [],
        "search": {
            "instances": 12,
            "evaluated": 31,
            "vacuous": 4,
            "discarded": 1,
            "nominations": 0,
            "worst_ratio": 0.83,
            "shrink_cut": False,
        },
        "refutation": None,
        "error": None,
        "attacks": {},
        "worst_ratio": 0.82,
        "trials": 384,
        "seconds": 12.5,
        **changes,
    }


def refutation(**changes: Any) -> Fields:
    return {
        "describe": "n = 1, L = 1, m = 128, ε = 0.5",
        "role": "nominee",
        "stream": "confirm",
        "trial": 17,
        "ratio": 1.31,
        "measured": 0.655,
        "bound": 0.5,
        "direction": "at most",
        "failures": 71,
        "trials": 128,
        "claimed": 0.086,
        "log_e": 94.3,
        "attack": None,
        "token": "eyJwYXJ0IjoiQUxTLTA0KGEpfjEiLCJzdHJlYW0iOiJjb25maXJtIiwidHJpYWwiOjE3fQ",
        "explanation": "",
        **changes,
    }


def twin(part: str, number: int = 1, word: str = "refuted", **changes: Any) -> Fields:
    failing = specimen(f"{part}~{number}", 1, failures=71)
    return {
        "kind": "twin",
        "part": part,
        "twin": f"{part}~{number}",
        "says": "initial variance $1/m$ in place of $2/m$",
        "verdict": word,
        "how": "specimen" if word == "refuted" else None,
        "words": [],
        "specimens": [failing],
        "slopes": [],
        "refutation": refutation() if word == "refuted" else None,
        "error": None,
        "trials": 128,
        "seconds": 1.0,
        **changes,
    }


def part(
    statement: str,
    letter: str,
    title: str,
    kind: str = "probability",
    twins: int = 1,
    **changes: Any,
) -> Fields:
    name = f"{statement}({letter})" if letter else statement
    return {
        "id": name,
        "letter": letter,
        "name": title.lower().replace(" ", "_"),
        "title": title,
        "kind": kind,
        "says": "",
        "quantifiers": [
            r"\forall n, L, \delta",
            r"\mathbb{P}_{W^{(0)}}",
            r"\forall W : \|W - W^{(0)}\|_2 \le \omega",
            r"\exists u \in \mathbb{R}^m",
        ],
        "constant": None,
        "requires": None,
        "along": [],
        "expect": "holds",
        "layers": ["dense", "matrix-free"],
        "cost": 1.0,
        "twins": [
            {
                "id": f"{name}~{number}",
                "number": number,
                "says": "initial variance $1/m$ in place of $2/m$",
            }
            for number in range(1, twins + 1)
        ],
        **changes,
    }


def statement(
    name: str, title: str, says: str, uses: list[str], section: str, *parts: Fields, **changes: Any
) -> Fields:
    return {
        "id": name,
        "paper": name.split("-")[0].replace("ALS", "ALS18").replace("NBL", "NBL22"),
        "source": "ALS18, Lemma 7.1",
        "title": title,
        "section": section,
        "provenance": "recalled",
        "says": says,
        "uses": uses,
        "tested": bool(parts),
        "why_untested": "" if parts else "not written yet",
        "file": "theorems/deep_convergence/forward.py",
        "line": 42,
        "kind": ", ".join(entry["kind"] for entry in parts),
        "parts": list(parts),
        **changes,
    }


INIT, STABLE, GRADIENT = (
    "At random initialisation",
    "After a small perturbation",
    "Gradients and convergence",
)
NORMS = (
    r"With probability at least $1 - O(nL)\,e^{-\Omega(m\varepsilon^2/L)}$ over the initialisation, "
    r"for all $i \in [n]$ and $\ell \le L$: $$\|h_{i,\ell}\| \in [1-\varepsilon,\ 1+\varepsilon].$$"
)
GRADIENT_BOUNDS = (
    r"For every $\breve W$ with $\|\breve W - W^{(0)}\|_2 \le \omega$: $$\|\nabla_{W_\ell} F(\breve "
    r"W)\|_F^2 \le O\Big(\frac{Lnm}{d}\Big)\,F(\breve W), \qquad \max_{\ell\in[L]} "
    r"\|\nabla_{W_\ell} F(\breve W)\|_F^2 \ge \Omega\Big(\frac{\delta m}{dn^2}\Big)\,F(\breve W).$$"
)
CONVERGES = (
    r"Gradient descent with $\eta = \Theta\big(\frac{d\delta}{\mathrm{poly}(n,L)\,m}\big)$ reaches "
    r"$F(W^{(T)}) \le \varepsilon$ in $T = \mathrm{poly}(n, L, \delta^{-1}) \log\frac1\varepsilon$ "
    r"steps."
)


def made_statements() -> list[Fields]:
    scaling = {
        "constant": {"value": 6.0, "measured_on": "m = 64..512", "failure": 0.05},
        "requires": r"$m \ge \mathrm{poly}(n, L, \delta^{-1})$",
        "along": [
            {
                "variable": "m",
                "sizes": [64, 128, 256],
                "at_most": 0.0,
                "at_least": None,
                "claimed": 0.5,
            }
        ],
    }
    return [
        statement(
            "ALS-01",
            "The last coordinate costs no generality",
            r"$\|x_i\| = 1$ and $(x_i)_d = \tfrac1{\sqrt2}$.",
            [],
            "The setting",
        ),
        statement(
            "ALS-02",
            "A Gaussian layer keeps a norm",
            r"$\|W h\|^2 \sim \frac{2}{m}\chi^2_m\,\|h\|^2$",
            [],
            INIT,
            part("ALS-02", "", "A Gaussian layer keeps a norm in law", "law"),
        ),
        statement(
            "ALS-03",
            "The network is positively homogeneous",
            r"$f(\lambda W_\ell) = \lambda f(W_\ell)$ for $\lambda \ge 0$",
            [],
            INIT,
            part("ALS-03", "", "Scaling a layer scales the output", "identity"),
        ),
        statement(
            "ALS-04",
            "Hidden layers keep the norm of their input",
            NORMS,
            ["ALS-02"],
            INIT,
            part(
                "ALS-04",
                "a",
                "Hidden norms stay near one",
                requires=r"$m \ge \Omega(nL\log(nL)/\varepsilon^2)$",
            ),
            part(
                "ALS-04",
                "b",
                "The deviation grows like the root of the depth",
                "scaling",
                2,
                **scaling,
            ),
        ),
        statement(
            "ALS-05",
            "Forward stability",
            r"$\|h' - h\| \le O(\omega L^{5/2}\sqrt{\log m})$ for every $W$ in the ball.",
            ["ALS-04", "ALS-03"],
            STABLE,
            part("ALS-05", "", "Hidden layers move little in the ball", "inequality", 2, **scaling),
        ),
        statement(
            "ALS-06",
            "Few signs change",
            r"$\|D'\|_0 \le O(m\,\omega^{2/3}L)$",
            ["ALS-04", "ALS-05"],
            STABLE,
            part("ALS-06", "", "Few signs change"),
        ),
        statement(
            "ALS-07",
            "Gradient bounds",
            GRADIENT_BOUNDS,
            ["ALS-05", "ALS-06"],
            GRADIENT,
            part("ALS-07", "a", "The gradient is bounded above"),
            part("ALS-07", "b", "The gradient is bounded below"),
        ),
        statement(
            "ALS-08",
            "Semi-smoothness",
            r"$F(\breve W + W') \le F(\breve W) + \langle\nabla F, W'\rangle + \dots$",
            ["ALS-05", "ALS-06", "ALS-99"],
            GRADIENT,
            part("ALS-08", "", "The loss is semi-smooth", "inequality"),
            provenance="recalled-form",
        ),
        statement(
            "ALS-09",
            "Gradient descent converges",
            CONVERGES,
            ["ALS-07", "ALS-08"],
            GRADIENT,
            part("ALS-09", "", "Gradient descent converges", "trajectory"),
        ),
        statement(
            "ALS-10",
            "A kernel is positive",
            r"$\lambda_{\min}(K) \ge \frac{\unknowncommand{1}}{2}$",
            ["ALS-01"],
            GRADIENT,
            part("ALS-10", "", "The kernel is positive", "mean"),
        ),
        statement(
            "ALS-11",
            "The students' landscape is Polyak–Łojasiewicz",
            r"$\|\nabla F\|^2 \ge \mu F$ for over-parameterised students",
            ["ALS-07"],
            GRADIENT,
            part("ALS-11", "", "Gradient dominance", "inequality", expect="refuted"),
            provenance="derived",
        ),
        statement(
            "NBL-01",
            "The tangent kernel has a spectrum",
            r"$\lambda_k \asymp k^{-2}$",
            ["ALS-10"],
            "Spectra",
            part("NBL-01", "", "Eigenvalues decay"),
        ),
        statement(
            "NBL-02",
            "Rotations change nothing",
            r"$K(Rx, Ry) = K(x, y)$",
            [],
            "Spectra",
            part("NBL-02", "", "Rotation invariance", "identity"),
        ),
        statement(
            "NBL-03",
            "A good direction exists",
            r"$\exists V:\ \langle\nabla L, V\rangle < 0$",
            ["NBL-01"],
            "Spectra",
            part("NBL-03", "", "A good direction exists", "existence"),
        ),
    ]


def made_records() -> list[Fields]:
    curve = (0.9 ** np.arange(60)).tolist()
    curves = {
        "loss": {
            "median": curve,
            "low": [0.8 * value for value in curve],
            "high": [1.3 * value for value in curve],
            "worst": [2 * value for value in curve],
        }
    }
    attack = {"random": 0.31, "greedy_flips": 0.62, "gradient_ascent": 0.79}
    both = {
        "inside": 1,
        "below": 2,
        "unknown": 0,
        "says": r"conclusion seen from $m = 64$; the hypothesis asks for $m \ge 10^{5}$",
    }
    law = {
        "samples": 4096,
        "statistic": 0.011,
        "p_value": 0.43,
        "measured": 0.501,
        "expected": 0.5,
        "low": 0.48,
        "high": 0.52,
    }
    grows = slope("ALS-04(b)", "m", -0.48)
    steep = slope("ALS-04(b)~2", "L", 0.93, outcome="refuted")
    records = [
        verdict(
            "ALS-02",
            "holds",
            "consistent",
            specimens=[specimen("ALS-02", 1, claimed=None, test=law)],
            words=["The law agrees by Kolmogorov–Smirnov."],
        ),
        twin("ALS-02"),
        verdict(
            "ALS-03",
            "holds",
            "exact",
            specimens=[specimen("ALS-03", 1, claimed=None, worst_ratio=0.02)],
            worst_ratio=0.02,
        ),
        twin("ALS-03"),
        *blocks("ALS-04(a)", 1),
        *blocks("ALS-04(a)", 2),
        *blocks("ALS-04(a)", 3, median=0.3),
        *blocks("ALS-04(a)", 9, role="explore", median=0.2),
        verdict(
            "ALS-04(a)",
            "holds",
            "certified",
            specimens=[
                specimen("ALS-04(a)", 1, failures=2),
                specimen("ALS-04(a)", 2, failures=1),
                specimen("ALS-04(a)", 3),
            ],
            reach=both,
            words=["Each specimen was certified."],
        ),
        twin("ALS-04(a)"),
        {"kind": "slope", **grows},
        verdict(
            "ALS-04(b)",
            "holds",
            "consistent",
            slopes=[grows, slope("ALS-04(b)", "L", 0.02, at_least=-0.5, together="Two laws")],
            specimens=[specimen("ALS-04(b)", 1, claimed=0.05, threshold=6.0, worst_ratio=4.1)],
        ),
        twin("ALS-04(b)", 1, how="slope", slopes=[steep], refutation=None, specimens=[]),
        twin("ALS-04(b)", 2, "undecided"),
        *blocks("ALS-05", 1, median=0.6, attacks=attack, attack="gradient_ascent"),
        verdict(
            "ALS-05",
            "holds",
            "attacked",
            specimens=[
                specimen("ALS-05", 1, claimed=None, attacks=attack, attack="gradient_ascent")
            ],
            attacks=attack,
            slopes=[
                slope(
                    "ALS-05", "L", -0.9, growth="exponential", together="Two laws", measures="norm"
                )
            ],
        ),
        twin("ALS-05"),
        twin("ALS-05", 2),
        *blocks("ALS-06", 1),
        verdict(
            "ALS-06",
            "undecided",
            None,
            specimens=[specimen("ALS-06", 1, failures=9)],
            words=["9 of 128 trials failed, which is near the claimed share."],
        ),
        *blocks("ALS-07(a)", 1, median=0.9),
        verdict(
            "ALS-07(a)",
            "refuted",
            None,
            specimens=[specimen("ALS-07(a)", 1, failures=71, verdict="refuted")],
            attacks=attack,
            refutation=refutation(
                token="eyJwYXJ0IjoiQUxTLTA3KGEpIn0",
                attack="greedy_flips",
                explanation="The bound misses a factor of $\\sqrt{L}$.",
            ),
        ),
        *blocks("ALS-07(b)", 1, curves=curves),
        *blocks("ALS-08", 1),
        verdict(
            "ALS-08",
            "error",
            None,
            error={
                "text": "Traceback (most recent call last):\n  ...\nValueError: the gradient is "
                "NaN <in layer 3>",
                "describe": "n = 3",
                "token": "abc",
            },
        ),
        verdict(
            "ALS-09",
            "holds",
            "consistent",
            specimens=[specimen("ALS-09", 1, claimed=None, curves=curves)],
        ),
        twin("ALS-09"),
        verdict(
            "ALS-10", "underpowered", None, words=["640 trials were needed, the budget allows 128."]
        ),
        verdict(
            "ALS-11",
            "refuted",
            None,
            expect="refuted",
            as_expected=True,
            refutation=refutation(
                claimed=None, failures=None, trials=None, log_e=None, measured="inf"
            ),
        ),
        verdict("NBL-01", "vacuous", None),
        verdict(
            "NBL-02",
            "holds",
            "exact",
            specimens=[specimen("NBL-02", 1, claimed=None, worst_ratio="nan")],
        ),
        {"kind": "lost", "part": "ALS-06", "what": "a worker ran out of memory", "trials": 32},
    ]
    return [
        {
            "schema": 1,
            "run": "2025-11-22-quick",
            "worker": "main",
            "time": START + 3 * place,
            **record,
        }
        for place, record in enumerate(records)
    ]


def made_manifest() -> Fields:
    return {
        "schema": 1,
        "run": "2025-11-22-quick",
        "started": START,
        "finished": START + 431.5,
        "interrupted": None,
        "profile": "quick",
        "entropy": 0,
        "device": "cpu",
        "dtype": "float64",
        "layers": ["dense", "matrix-free"],
        "command": "lemmata check --profile quick",
        "versions": {
            "python": "3.11.7",
            "torch": "2.9.1",
            "numpy": "2.3.5",
            "scipy": "1.16.3",
            "hypothesis": "6.148.2",
            "lemmata": "0.1.0",
        },
        "machine": {"platform": "Linux x86_64", "cores": 2, "gpu": None},
    }


def write_run(
    folder: Path,
    *,
    manifest: Any = None,
    statements: Any = None,
    records: list[Any] | None = None,
    torn: str = "",
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(
        json.dumps(made_manifest() if manifest is None else manifest)
    )
    (folder / "statements.json").write_text(
        json.dumps(made_statements() if statements is None else statements)
    )
    lines = [json.dumps(record) for record in (made_records() if records is None else records)]
    (folder / "main.jsonl").write_text("\n".join(lines) + "\n" + torn)
    return folder


@pytest.fixture
def write() -> Callable[..., Path]:
    return write_run


@pytest.fixture
def manifest() -> Fields:
    return made_manifest()


@pytest.fixture
def statements() -> list[Fields]:
    return made_statements()


@pytest.fixture
def records() -> list[Fields]:
    return made_records()


class Page(HTMLParser):
    """A page read back.

    Its links, ids and text, and the tags that were left open or closed twice.
    """

    VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.path, self.links, self.ids, self.words, self.unbalanced = path, [], [], [], []
        self.tags: list[str] = []
        self._open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        self.unbalanced += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [
            (name, value or "")
            for name, value in attrs
            if name in {"href", "src", "xlink:href", "action", "data", "poster"}
        ]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.unbalanced.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] != "script":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def pages_of(index: Path) -> dict[str, Page]:
    return {
        str(path.relative_to(index.parent)): Page(path)
        for path in sorted(index.parent.rglob("*.html"))
    }


@pytest.fixture
def read() -> Callable[[Path], dict[str, Page]]:
    return pages_of


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of two runs: an old one that was killed, and a later one with a torn last line."""
    folder = tmp_path_factory.mktemp("report")
    old = {**made_manifest(), "run": "2025-11-20-nightly", "started": START - 2e5, "finished": None}
    earlier = [
        {**verdict("ALS-07(a)", "holds", "certified"), "generation": "g0"},
        verdict("ALS-04(a)", "undecided"),
    ]
    write_run(folder / "records" / "old", manifest=old, records=earlier)
    write_run(folder / "records" / "new", torn='{"kind": "blo')
    return build_report(folder / "records", folder / "out")


@pytest.fixture(scope="module")
def pages(report: Path) -> dict[str, Page]:
    return pages_of(report)
