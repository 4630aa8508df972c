"""Dispatch modes of torch that run eagerly, at the price of their own code only.

Torch wraps every mode so that its compiler leaves it alone: that loads the compiler (seconds, once)
and makes each operation under a mode twice as slow. Nothing here is ever compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch.utils._python_dispatch import TorchDispatchMode, _get_current_dispatch_mode


class EagerMode(TorchDispatchMode):
    """A mode that is not wrapped; where a version of torch does not ask, nothing changes."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._away = self._over = False

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    @property
    def is_innermost(self) -> bool:
        """Whether the operations of this thread come to this mode first."""
        return _get_current_dispatch_mode() is self

    @property
    def is_over(self) -> bool:
        """Whether it was left for good."""
        return self._over

    def end(self) -> None:
        """Leave this mode for good, also from where it is `left` by a loop that nobody closed."""
        self._over = True
        if not self._away:
            self.__exit__(None, None, None)  # type: ignore[no-untyped-call]

    @contextmanager
    def left(self) -> Iterator[None]:
        """Do without this mode for a while, unless another one is innermost."""
        if not self.is_innermost:
            yield
            return
        self.__exit__(None, None, None)  # type: ignore[no-untyped-call]
        self._away = True
        try:
            yield
        finally:
            self._away = False
            if not self._over:
                self.__enter__()  # type: ignore[no-untyped-call]
