"""What a run sets up once: threads, and the manifest with the statements as text."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lemmata.harness.checkout import checkout_of
from lemmata.harness.codec import to_plain
from lemmata.harness.counting import counted
from lemmata.harness.recording import LEVELS, statement_record
from lemmata.harness.records import write_json
from lemmata.harness.registry import registered
from lemmata.harness.schema import SCHEMA, Manifest


def set_threads(count: int) -> None:
    """Let torch use ``count`` threads."""
    torch.set_num_threads(count)


def warm_up() -> None:
    """Import what torch would import while the first trials are counted: some seconds that belong
    to no statement.
    """
    with counted(torch.device("cpu")):
        torch.zeros(1)
        torch.from_numpy(np.zeros(1))


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
    """Write or rewrite a run's manifest, and the statements once they are all imported.

    Args:
        folder: of the run.
        device: where its tensors live.
        settings: further fields of `lemmata.harness.schema.Manifest`.
    """
    gpu = None
    if device.startswith("cuda") and torch.cuda.is_available():
        gpu = torch.cuda.get_device_name(device)
    manifest = Manifest(
        schema=SCHEMA,
        run=folder.name,
        device=device,
        levels=LEVELS,
        versions=versions(),
        checkout=checkout_of(Path.cwd()),
        machine={"platform": platform.platform(), "cores": os.cpu_count(), "gpu": gpu},
        **settings,
    )
    write_json(folder / "manifest.json", to_plain(manifest))
    if known := registered():
        write_json(folder / "statements.json", [statement_record(made) for made in known])
