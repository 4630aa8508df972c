"""The pytest plugin: options, one run shared by all workers, records, and the summary by paper.

torch is imported only when a run begins, after a worker's share of threads and its GPU are settled.
Nothing here knows of our own statements: the plugin runs those of any repository.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_LINES = pytest.StashKey[list[dict[str, Any]]]()
_FOLDER = pytest.StashKey[Path]()
_STARTED = pytest.StashKey[float]()
_BUDGET = pytest.StashKey[float]()
_SHARE = pytest.StashKey[float]()
_END = pytest.StashKey[float]()


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
    config.stash[_LINES] = []
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
    records = Path(config.getoption("lemmata_records") or config.rootpath / "build" / "records")
    from lemmata.harness.records import new_run

    config.stash[_FOLDER] = records / new_run()


class _ForWorkers:
    """Hooks that exist only where pytest-xdist is installed."""

    def __init__(self) -> None:
        self._begun = 0

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
        """Record that a worker died, with what it was doing."""
        if error:
            _record_loss(
                node.config,
                f"worker {node.gateway.id} ended early ({error}); what it was judging at the time "
                "is lost",
            )


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
    from lemmata.harness.pytest_items import StatementModule

    module: pytest.Module = StatementModule.from_parent(parent, path=module_path)
    return module


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> list[pytest.Function] | None:
    """Make items of a statement's parts and twins."""
    if "lemmata.harness.statements" not in sys.modules:
        return None
    from lemmata.harness.pytest_items import is_statement_object, items_of
    from lemmata.harness.statements import Part

    if not is_statement_object(obj):
        return None
    own_module = getattr(getattr(collector, "obj", None), "__name__", None)
    if isinstance(obj, Part) and obj.check.__module__ == own_module and obj.name == name:
        return list(items_of(collector, obj))
    return []


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the statements against each other, keep what ``--lemmata-only`` names, and set up
    the run.
    """
    if "lemmata.harness.statements" not in sys.modules:
        if config.getoption("lemmata_only"):
            raise pytest.UsageError(
                f"--lemmata-only names {', '.join(config.getoption('lemmata_only'))}; no statement "
                "was collected here"
            )
        return
    from lemmata.harness.pytest_items import MODULES_KEY, PartItem, TwinItem
    from lemmata.harness.registry import complaints, registered

    ours = [item for item in items if isinstance(item, PartItem | TwinItem)]
    collected = config.stash.get(MODULES_KEY, set())
    if found := complaints([made for made in registered() if made.file in collected]):
        raise pytest.UsageError("\n".join(found))
    if wanted := config.getoption("lemmata_only"):
        _keep_only(config, items, wanted)
    if ours and not config.getoption("collectonly"):
        _set_up_run(config)
        if _BUDGET in config.stash:
            workers = getattr(config, "workerinput", {}).get("workercount", 1)
            config.stash[_SHARE] = config.stash[_BUDGET] * workers / len(ours)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give a part its share of the budget, a twin what it needs (one that runs out of time would
    survive), and nothing after the end.
    """
    config = item.config
    if _SHARE not in config.stash:
        return
    from dataclasses import replace

    from lemmata.harness.pytest_items import RUN_KEY, PartItem, TwinItem

    if not isinstance(item, PartItem | TwinItem):
        return
    now = time.monotonic()
    if now > config.stash.setdefault(_END, now + config.stash[_BUDGET]):
        pytest.skip(
            f"the budget of {config.getoption('lemmata_budget')} is spent: not judged in this run"
        )
    seconds = config.stash[_SHARE] if isinstance(item, PartItem) else None
    config.stash[RUN_KEY] = replace(config.stash[RUN_KEY], seconds=seconds)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Keep the manifest true to what happened, Ctrl-C included."""
    config = session.config
    is_controller = not hasattr(config, "workerinput")
    reason: str | None = None
    try:
        return (yield)
    except KeyboardInterrupt:
        reason = "interrupted by Ctrl-C"
        raise
    except BaseException as problem:
        reason = f"ended by {type(problem).__name__}: {problem}"
        raise
    finally:
        if is_controller and config.stash[_FOLDER].exists():
            from lemmata.harness.records import finish_manifest

            stopped = session.shouldfail or session.shouldstop
            finish_manifest(
                config.stash[_FOLDER],
                finished=time.time(),
                interrupted=reason or (str(stopped) if stopped else None),
            )


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to collect lines for the summary, where the reports arrive."""
    if not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(_Lines(session.config), "lemmata-lines")


class _Lines:
    """Keeps the line that each of our items leaves in its report."""

    def __init__(self, config: pytest.Config) -> None:
        self._lines = config.stash[_LINES]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the line of a report."""
        if report.when == "call":
            self._lines += [
                json.loads(str(text)) for name, text in report.user_properties if name == "lemmata"
            ]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the verdicts by paper."""
    lines = config.stash[_LINES]
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
    for line in summary(lines, statements):
        terminalreporter.write_line(line)
    if folder.exists():
        terminalreporter.write_line(f"records in {folder}; `lemmata report` makes them pages")


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


def _set_up_run(config: pytest.Config) -> None:
    import hypothesis

    from lemmata.harness.profiles import PROFILES
    from lemmata.harness.pytest_items import RUN_KEY
    from lemmata.harness.records import Recorder, RecordsError
    from lemmata.harness.run import Run, RunError, device_named, dtype_named
    from lemmata.harness.session import set_threads, write_manifest

    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    folder = config.stash[_FOLDER]
    if os.environ.get("OMP_NUM_THREADS"):
        set_threads(int(os.environ["OMP_NUM_THREADS"]))
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
    if not (config.stash[_FOLDER] / "manifest.json").exists():
        option = config.option
        write_manifest(
            config.stash[_FOLDER],
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


def _seed(config: pytest.Config) -> int:
    """Return what ``--hypothesis-seed`` says, as a number: it varies the instances."""
    given = config.getoption("hypothesis_seed", None)
    if given is None:
        return 0
    return int.from_bytes(hashlib.blake2b(str(given).encode(), digest_size=7).digest(), "little")


def _record_loss(config: pytest.Config, what: str) -> None:
    from lemmata.harness.codec import to_plain
    from lemmata.harness.records import Recorder
    from lemmata.harness.schema import Lost

    folder = config.stash[_FOLDER]
    if folder.exists():
        lost = Lost(part=None, what=what, trials=0)
        Recorder(folder, run=folder.name, worker="controller").write(to_plain(lost))
