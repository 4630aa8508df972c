"""Several processes do what one does."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from lemmata.reports.processes import each


def test_results_come_in_order() -> None:
    assert list(each(lambda number: number**2, range(50), fewest=2)) == [n**2 for n in range(50)]


def test_what_goes_wrong_in_a_process_arrives() -> None:
    def fail(number: int) -> int:
        if number == 7:
            raise OSError(28, "No space left on device")
        return number

    with pytest.raises(OSError, match="No space left"):
        list(each(fail, range(20), fewest=2))
    assert list(each(str, range(3), fewest=2)) == ["0", "1", "2"]


def test_few_things_need_no_process() -> None:
    assert set(each(lambda _: os.getpid(), range(3), fewest=4)) == {os.getpid()}


def test_many_things_have_several() -> None:
    """In a process of its own, where no other thread runs."""
    script = (
        "import os; os.sched_getaffinity = lambda _: {0, 1}; "
        "from lemmata.reports.processes import each; "
        "assert os.getpid() not in set(each(lambda _: os.getpid(), range(9), fewest=4))"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
