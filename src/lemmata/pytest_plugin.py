"""The pytest plugin: options, one run shared by all workers, records, and the summary by paper.

torch is imported only when a run begins, after a worker's share of threads and its GPU are settled.
Nothing here knows of our own statements: the plugin runs those of any repository.
"""

from __future__ import annotations

import gc
import hashlib
import itertools
import json
import os
import secrets
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_LINES = pytest.StashKey[dict[str, dict[str, Any]]]()
_SUBJECTS = pytest.StashKey[dict[str, str]]()
_FOLDER = pytest.StashKey[Path]()
_STARTED = pytest.StashKey[float]()
_BUDGET = pytest.StashKey[float]()
_WEIGHT = pytest.StashKey[float]()
_END = pytest.StashKey[float]()
_UNCHANGED = pytest.StashKey[int]()
_UNWRITTEN = pytest.StashKey[str]()
_COMPLAINT = "lemmata_complaint"

_NOT_FUZZED = (
    "HypoFuzz takes every run of a test by itself; a statement is judged over many trials of an "
    "instance: `lemmata check --budget 8h --profile nightly` searches on"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options; all begin with ``--lemmata-``."""
    group = parser.getgroup("lemmata", "theorems as properties")
    group.addoption(
        "--lemmata-profile",
        choices=("quick", "default", "nightly"),
        default="default",
        help="how much work a statement gets",
    )
    group.addoption(
        "--lemmata-device",
        default="cpu",
        help="where tensors live: cpu, cuda or cuda:N (default: cpu)",
    )
    group.addoption("--lemmata-dtype", default="float64", help="float64 (default) or float32")
    group.addoption(
        "--lemmata-layers",
        choices=("dense", "matrix-free"),
        default=None,
        help="kind of layers, where a statement has the choice",
    )
    group.addoption(
        "--lemmata-records",
        default=None,
        metavar="DIR",
        help="folder for records (default: build/records)",
    )
    group.addoption(
        "--lemmata-entropy",
        type=int,
        default=None,
        metavar="N",
        help="of the run; equal entropies draw equal trials",
    )
    group.addoption(
        "--lemmata-budget",
        default=None,
        metavar="TIME",
        help="time for all statements together, as in 30m or 8h: each part gets its share, and "
        "what is left when it is spent is skipped",
    )
    group.addoption(
        "--lemmata-changed",
        action="store_true",
        help="leave out what an earlier run in the records folder judged as expected, with the "
        "same code and this profile or a more thorough one",
    )
    group.addoption(
        "--lemmata-only",
        action="append",
        default=[],
        metavar="ID",
        help="run only this statement, part or twin; may be repeated",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Name the markers, settle entropy and records folder, and load our Hypothesis profile."""
    for line in (
        "paper(name): the paper that a statement comes from",
        "kind(name): the mechanism that judges a statement",
        "gpu: a statement that needs a GPU to be feasible",
        "slow: a statement that is much dearer than usual",
    ):
        config.addinivalue_line("markers", line)
    config.stash[_LINES] = {}
    config.stash[_SUBJECTS] = {}
    config.stash[_STARTED] = time.time()
    if budget := config.getoption("lemmata_budget"):
        from lemmata.harness.durations import seconds_in

        try:
            config.stash[_BUDGET] = seconds_in(budget)
        except ValueError as problem:
            raise pytest.UsageError(f"--lemmata-budget: {problem}") from None
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    if workerinput is not None:
        settings = workerinput["lemmata"]
        config.option.lemmata_entropy = settings["entropy"]
        config.stash[_FOLDER] = Path(settings["folder"])
        config.stash[_STARTED] = settings["started"]
        _take_share(config, number=settings["number"], count=workerinput["workercount"])
        return
    profile = config.getoption("lemmata_profile")
    if config.option.lemmata_entropy is None:
        config.option.lemmata_entropy = secrets.randbits(62) if profile == "nightly" else 0
    _refuse_moved_root(config)
    named = config.getoption("lemmata_records") or config.rootpath / "build" / "records"
    # In full: a statement may change the working directory.
    records = (config.invocation_params.dir / named).resolve()
    from lemmata.harness.records import new_run

    config.stash[_FOLDER] = records / new_run()


class _ForWorkers:
    """Hooks that exist only where pytest-xdist is installed."""

    def __init__(self) -> None:
        self._begun = 0
        self._dead: dict[str, str] = {}
        self.complaint = ""

    @pytest.hookimpl
    def pytest_configure_node(self, node: Any) -> None:
        """Hand a worker its number, the run's entropy and the records folder.

        Its id may be any word (``--tx popen//id=alpha``).
        """
        stash = node.config.stash
        self._begun += 1
        node.workerinput["lemmata"] = {
            "number": self._begun - 1,
            "entropy": node.config.option.lemmata_entropy,
            "folder": str(stash[_FOLDER]),
            "started": stash[_STARTED],
        }

    @pytest.hookimpl
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """Note that a worker died; what it was judging is told next, if it was judging. Note also
        what it has against the run.
        """
        if complaint := (getattr(node, "workeroutput", None) or {}).get(_COMPLAINT):
            self.complaint = complaint
        if error:
            self._dead[node.gateway.id] = str(error)

    @pytest.hookimpl
    def pytest_handlecrashitem(self, crashitem: str, report: Any, sched: Any) -> None:
        """Record what a worker was judging when it died; other workers judge the rest."""
        del sched
        worker = report.node.gateway.id
        error = self._dead.pop(worker, "it crashed")
        config = report.node.config
        subject = config.stash[_SUBJECTS].get(crashitem)
        what = f"{subject or crashitem} was being judged when worker {worker} died ({error})"
        _record_loss(config, what, subject)

    @pytest.hookimpl
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Record the deaths of workers that were judging nothing."""
        for worker, error in self._dead.items():
            _record_loss(session.config, f"worker {worker} ended early ({error})", None)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Let ``-n auto`` be one process a GPU where statements run on CUDA."""
    return (len(_visible_gpus()) or None) if config.getoption("lemmata_device") == "cuda" else None


@pytest.hookimpl(trylast=True)
def pytest_plugin_registered(plugin: object, manager: pytest.PytestPluginManager) -> None:
    """Add the hooks for pytest-xdist once it is there."""
    if plugin is manager.getplugin("xdist") and not manager.hasplugin("lemmata-xdist"):
        manager.register(_ForWorkers(), "lemmata-xdist")


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Collect modules that mention us with errors in one sentence; leave all others alone."""
    try:
        mentions = b"lemmata" in module_path.read_bytes()
    except OSError:
        mentions = False
    if not mentions:
        return None
    from lemmata.harness.pytest_modules import StatementModule

    module: pytest.Module = StatementModule.from_parent(parent, path=module_path)
    return module


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, obj: object
) -> list[pytest.Function] | None:
    """Leave statements to `StatementModule`; one that another module imports becomes items too."""
    if "lemmata.harness.statements" not in sys.modules:
        return None
    from lemmata.harness.pytest_items import is_statement_object, items_of
    from lemmata.harness.pytest_modules import StatementModule, is_of_a_helper, parts_in

    module = collector.getparent(pytest.Module)
    if module is None or isinstance(module, StatementModule):
        return [] if is_statement_object(obj) else None
    found = [part for part in parts_in(obj) if is_of_a_helper(module.config, part.statement)]
    if found or is_statement_object(obj):
        return [item for part in found for item in items_of(module, part)]
    return None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the statements against each other, keep what ``--lemmata-only`` names, and set up
    the run.

    What is wrong about them a worker tells the controller, which says it once and ends the run: to
    pytest-xdist a worker that raises here has crashed.
    """
    try:
        _prepare(config, items)
    except pytest.UsageError as problem:
        if not hasattr(config, "workerinput"):
            raise
        config.workeroutput[_COMPLAINT] = str(problem)  # type: ignore[attr-defined]
        items.clear()


def _prepare(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "lemmata.harness.statements" not in sys.modules:
        if config.getoption("lemmata_only"):
            raise pytest.UsageError(
                f"--lemmata-only names {', '.join(config.getoption('lemmata_only'))}; no statement "
                "was collected here"
            )
        return
    from lemmata.harness.pytest_items import PartItem, TwinItem
    from lemmata.harness.pytest_modules import COLLECTED_KEY, MODULES_KEY, is_of_a_helper
    from lemmata.harness.registry import complaints, registered
    from lemmata.harness.statements import part_of

    _drop_repetitions(items)
    ours = [item for item in items if isinstance(item, PartItem | TwinItem)]
    files = config.stash.get(MODULES_KEY, set())
    files = files | {part_of(item.subject).statement.file for item in ours}
    known = config.stash.get(COLLECTED_KEY, set())
    for made in registered():
        if made.parts and made.id not in known and is_of_a_helper(config, made):
            warnings.warn(
                pytest.PytestCollectionWarning(
                    f"{made.id} of {made.file.name} was registered and no collected file has it, "
                    "so that nothing judges it here: bind it to a name of a test file"
                ),
                stacklevel=1,
            )
    if found := complaints([made for made in registered() if made.file in files]):
        raise pytest.UsageError("\n".join(found))
    if wanted := config.getoption("lemmata_only"):
        _keep_only(config, items, wanted)
    if config.getoption("lemmata_changed"):
        _keep_changed(config, items)
    # A budget is shared by what is left.
    ours = [item for item in items if isinstance(item, PartItem | TwinItem)]
    if any(type(p).__module__.startswith("hypofuzz") for p in config.pluginmanager.get_plugins()):
        for item in ours:
            item.add_marker(pytest.mark.skip(reason=_NOT_FUZZED))
    if ours and not config.getoption("collectonly"):
        _set_up_run(config)
        if _BUDGET in config.stash:
            from lemmata.harness.session import warm_up
            from lemmata.harness.sharing import weight_of

            workers = getattr(config, "workerinput", {}).get("workercount", 1)
            config.stash[_WEIGHT] = sum(weight_of(item.subject) for item in ours) / workers
            warm_up()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give a part or twin its share of what is left of the budget, and nothing after the end."""
    config = item.config
    if _WEIGHT not in config.stash:
        return
    from dataclasses import replace

    from lemmata.harness.pytest_items import RUN_KEY, PartItem, TwinItem
    from lemmata.harness.sharing import weight_of

    if not isinstance(item, PartItem | TwinItem):
        return
    now = time.monotonic()
    end = config.stash.setdefault(_END, now + config.stash[_BUDGET])
    if now > end:
        pytest.skip(
            f"the budget of {config.getoption('lemmata_budget')} is spent: not judged in this run"
        )
    weight, waiting = weight_of(item.subject), config.stash[_WEIGHT]
    # What others leave is shared; a worker that does more than its part gets what is left.
    seconds = (end - now) * min(1.0, weight / max(waiting, weight))
    config.stash[_WEIGHT] = waiting - weight
    config.stash[RUN_KEY] = replace(config.stash[RUN_KEY], seconds=seconds)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Keep the manifest true to what happened, Ctrl-C included."""
    config = session.config
    is_controller = not hasattr(config, "workerinput")
    reason: str | None = None
    try:
        result = yield
        workers = config.pluginmanager.getplugin("lemmata-xdist")
        if workers is not None and workers.complaint:
            raise pytest.UsageError(workers.complaint)
        return result
    except KeyboardInterrupt as problem:
        # What -x and --maxfail raise is one too, with a text of its own.
        said = "" if type(problem) is KeyboardInterrupt else str(problem)
        reason = said or "interrupted by Ctrl-C"
        raise
    except BaseException as problem:
        stopped = session.shouldfail or session.shouldstop
        reason = str(stopped) if stopped else f"ended by {type(problem).__name__}: {problem}"
        raise
    finally:
        if is_controller and config.stash[_FOLDER].exists():
            from lemmata.harness.records import RecordsError, finish_manifest

            stopped = session.shouldfail or session.shouldstop
            try:
                finish_manifest(
                    config.stash[_FOLDER],
                    finished=time.time(),
                    interrupted=reason or (str(stopped) if stopped else None),
                )
            except RecordsError as problem:
                config.stash[_UNWRITTEN] = str(problem)


def pytest_report_header(config: pytest.Config) -> str:
    """Say what statements would be judged with, before anything runs."""
    from importlib.metadata import version

    option = config.option
    layers = f", {option.lemmata_layers} layers" if option.lemmata_layers else ""
    repeated = getattr(option, "count", 1) if config.pluginmanager.hasplugin("repeat") else 1
    once = "; statements are judged once: --count would draw the same trials again"
    return (
        f"lemmata {version('lemmata')}: profile {option.lemmata_profile}, entropy "
        f"{option.lemmata_entropy}, {option.lemmata_device} {option.lemmata_dtype}{layers}, "
        f"records in {config.stash[_FOLDER].parent}{once if repeated != 1 else ''}"
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to collect lines for the summary, where the reports arrive."""
    if not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(_Lines(session.config), "lemmata-lines")


class _Lines:
    """Keeps the line that each of our items leaves in its report."""

    def __init__(self, config: pytest.Config) -> None:
        self._lines = config.stash[_LINES]
        self._subjects = config.stash[_SUBJECTS]
        self._on_github = os.environ.get("GITHUB_ACTIONS") == "true"
        self._annotations: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the latest line of each subject: of reruns, repetitions and phases the last."""
        for name, text in report.user_properties:
            if name == "lemmata":
                line = json.loads(str(text))
                self._subjects[report.nodeid] = line["subject"]
                known = self._lines.get(line["subject"])
                if line["verdict"] or not (known and known["verdict"]):
                    self._lines[line["subject"]] = line
        if report.failed and self._on_github and report.nodeid in self._subjects:
            self._annotations.append(_annotation(report))

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print annotations that GitHub shows beside the statement's line."""
        for line in self._annotations:
            terminalreporter.write_line(line)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the verdicts by paper."""
    lines = config.stash[_LINES]
    if unchanged := config.stash.get(_UNCHANGED, 0):
        terminalreporter.write_line(
            f"{unchanged} parts and twins left out: earlier runs judged them as expected, with the "
            "same code"
        )
    if not lines:
        return
    from lemmata.harness.records import read_run
    from lemmata.harness.terminal import summary

    folder = config.stash[_FOLDER]
    statements = (
        []
        if config.getoption("lemmata_only") or not folder.exists()
        else read_run(folder).statements
    )
    terminalreporter.section("theorems")
    for line in summary(list(lines.values()), statements):
        terminalreporter.write_line(line)
    for told in lines.values():
        if begins := told.get("begins"):
            terminalreporter.write_line(f"{told['subject']}: {begins}")
    if _UNWRITTEN in config.stash:
        terminalreporter.write_line(f"lemmata: {config.stash[_UNWRITTEN]}", red=True)
    elif folder.exists():
        from lemmata.harness.records import report_command

        command = report_command(folder.parent, config.invocation_params.dir)
        terminalreporter.write_line(f"records in {folder}; `{command}` makes them pages")


def _refuse_moved_root(config: pytest.Config) -> None:
    """Refuse a records folder elsewhere that is written as a word of its own.

    Before it knows our options pytest takes every word that names a folder for a place of tests,
    and looks for the root above all of them: once the folder exists, the root is another.
    """
    words = [str(word) for word in config.invocation_params.args]
    here = config.invocation_params.dir.resolve()
    for option, value in itertools.pairwise(words):
        if option == "--lemmata-records" and not (here / value).resolve().is_relative_to(here):
            raise pytest.UsageError(
                f"write --lemmata-records={value} as one word: pytest takes a second word for a "
                "place of tests, and would look for its root above it"
            )


def _annotation(report: pytest.TestReport) -> str:
    """Write a workflow command of GitHub's: one line, with its own signs escaped."""
    path, line, _ = report.location
    text = report.longreprtext
    for sign, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(sign, code)
    return f"::error file={path},line={(line or 0) + 1}::{text}"


def _drop_repetitions(items: list[pytest.Item]) -> None:
    """Keep one item of a subject that several modules import: the first."""
    seen: set[int] = set()
    kept = []
    for item in items:
        subject = getattr(item, "subject", None)
        if subject is None or id(subject) not in seen:
            kept.append(item)
        seen.add(id(subject))
    items[:] = kept


def _take_share(config: pytest.Config, *, number: int, count: int) -> None:
    """Settle a worker's threads and GPU before torch is imported."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    share = max(1, cores // count)
    asked = os.environ.get("OMP_NUM_THREADS", "")
    # A busy machine makes threads wait for each other: whoever asked for fewer gets fewer.
    threads = str(min(share, int(asked)) if asked.isdecimal() and int(asked) > 0 else share)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = threads
    if config.getoption("lemmata_device") == "cuda" and (visible := _visible_gpus()):
        os.environ["CUDA_VISIBLE_DEVICES"] = visible[number % len(visible)]


def _visible_gpus() -> list[str]:
    return [
        name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name
    ] or _gpus()


def _gpus() -> list[str]:
    # CUDA numbers the GPUs that it sees from 0 on, whatever the numbers of their files: a container
    # may be given the last one only.
    return [str(number) for number, _ in enumerate(Path("/dev").glob("nvidia[0-9]*"))]


def _keep_only(config: pytest.Config, items: list[pytest.Item], wanted: list[str]) -> None:
    def names(item: pytest.Item) -> set[str]:
        subject = getattr(item, "subject", None)
        if subject is None:
            return set()
        part = getattr(subject, "part", subject)
        return {subject.id, part.id, part.statement.id}

    kept = [item for item in items if names(item) & set(wanted)]
    if missing := [name for name in wanted if not any(name in names(item) for item in items)]:
        raise pytest.UsageError(
            f"--lemmata-only names {', '.join(missing)}, which was not collected: `lemmata list` "
            "shows the ids"
        )
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def _keep_changed(config: pytest.Config, items: list[pytest.Item]) -> None:
    from lemmata.harness.pytest_items import PartItem, TwinItem
    from lemmata.harness.unchanged import changed, generations_as_expected

    option = config.option
    known = generations_as_expected(
        config.stash[_FOLDER].parent,
        profile=option.lemmata_profile,
        device=option.lemmata_device,
        dtype=option.lemmata_dtype,
    )
    ours = [item for item in items if isinstance(item, PartItem | TwinItem)]
    wanted = {id(subject) for subject in changed([item.subject for item in ours], known)}
    left_out = [item for item in ours if id(item.subject) not in wanted]
    config.stash[_UNCHANGED] = len(left_out)
    config.hook.pytest_deselected(items=left_out)
    gone = set(map(id, left_out))
    items[:] = [item for item in items if id(item) not in gone]


def _set_up_run(config: pytest.Config) -> None:
    import hypothesis

    from lemmata.harness.memory import keep_freed_memory
    from lemmata.harness.profiles import PROFILES
    from lemmata.harness.pytest_items import RUN_KEY
    from lemmata.harness.records import Recorder, RecordsError
    from lemmata.harness.run import Run, RunError, device_named, dtype_named
    from lemmata.harness.session import set_threads, write_manifest

    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    folder = config.stash[_FOLDER]
    if os.environ.get("OMP_NUM_THREADS"):
        set_threads(int(os.environ["OMP_NUM_THREADS"]))
    keep_freed_memory()
    if workerinput is not None:
        # What was imported lives as long as this process: no collection need look at it again.
        gc.freeze()
    profile = PROFILES[config.getoption("lemmata_profile")]
    try:
        config.stash[RUN_KEY] = Run(
            profile=profile,
            entropy=config.option.lemmata_entropy,
            device=device_named(config.getoption("lemmata_device")),
            dtype=dtype_named(config.getoption("lemmata_dtype")),
            layers=config.getoption("lemmata_layers"),
            seed=_seed(config),
            database=hypothesis.settings().database if profile.entropy == "fresh" else None,
            recorder=Recorder(
                folder, run=folder.name, worker=workerinput["workerid"] if workerinput else "main"
            ),
        )
    except (RunError, RecordsError) as problem:
        raise pytest.UsageError(str(problem)) from None
    if (folder / "manifest.json").exists():
        return
    option = config.option
    try:
        write_manifest(
            folder,
            started=config.stash[_STARTED],
            finished=None,
            interrupted=None,
            profile=option.lemmata_profile,
            entropy=option.lemmata_entropy,
            device=option.lemmata_device,
            dtype=option.lemmata_dtype,
            layers=option.lemmata_layers,
            command=" ".join(["pytest", *map(str, config.invocation_params.args)]),
        )
    except RecordsError as problem:
        raise pytest.UsageError(str(problem)) from None


def _seed(config: pytest.Config) -> int:
    """Return what ``--hypothesis-seed`` says, as a number: it varies the instances."""
    given = config.getoption("hypothesis_seed", None)
    if given is None:
        return 0
    return int.from_bytes(hashlib.blake2b(str(given).encode(), digest_size=7).digest(), "little")


def _record_loss(config: pytest.Config, what: str, subject: str | None) -> None:
    from lemmata.harness.codec import to_plain
    from lemmata.harness.records import Recorder
    from lemmata.harness.schema import Lost

    folder = config.stash[_FOLDER]
    if folder.exists():
        lost = Lost(part=subject, what=what, trials=0)
        Recorder(folder, run=folder.name, worker="controller").write(to_plain(lost))
