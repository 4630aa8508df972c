"""What a run sets up once.

Hypothesis' settings, threads, and the manifest with the statements as text.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import hypothesis
import torch
from hypothesis import HealthCheck

from lemmata.harness.profiles import Profile
from lemmata.harness.recording import statement_record
from lemmata.harness.records import SCHEMA, write_json
from lemmata.harness.registry import registered


def load_hypothesis_profile(profile: Profile, *, seeded: bool) -> None:
    """Make our Hypothesis settings the default ones, by name.

    Its built-in ``ci`` profile loads itself where CI is set.

    Args:
        profile: of the run.
        seeded: whether the user gave ``--hypothesis-seed``, which a derandomised run would ignore.
    """
    fixed = profile.entropy == "fixed" and not seeded
    options: dict[str, Any] = {} if fixed else {"database": hypothesis.settings().database}
    hypothesis.settings.register_profile(
        f"lemmata-{profile.name}",
        max_examples=profile.instances,
        deadline=None,
        derandomize=fixed,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        **options,
    )
    hypothesis.settings.load_profile(f"lemmata-{profile.name}")


def set_threads(count: int) -> None:
    """Let torch use ``count`` threads."""
    torch.set_num_threads(count)


def versions() -> dict[str, str]:
    """Return the versions that a verdict may depend on."""
    found = {"python": platform.python_version()}
    for name in ("torch", "numpy", "scipy", "hypothesis", "lemmata"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "unknown"
    return found


def write_manifest(folder: Path, *, device: str, **settings: Any) -> None:
    """Write or rewrite a run's manifest.

    See docs/records.md. The statements are written once they are all imported.
    """
    gpu = (
        torch.cuda.get_device_name(device)
        if device.startswith("cuda") and torch.cuda.is_available()
        else None
    )
    manifest = {
        "schema": SCHEMA,
        "run": folder.name,
        "device": device,
        **settings,
        "versions": versions(),
        "machine": {"platform": platform.platform(), "cores": os.cpu_count(), "gpu": gpu},
    }
    write_json(folder / "manifest.json", manifest)
    if known := registered():
        write_json(folder / "statements.json", [statement_record(made) for made in known])
