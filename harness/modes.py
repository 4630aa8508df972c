"""Dispatch modes of torch that run eagerly, at the price of their own code only.

Torch wraps every mode so that its compiler leaves it alone: that loads the compiler (seconds, once)
and makes each operation under a mode twice as slow. Nothing here is ever compiled.
"""

from __future__ import annotations

from torch.utils._python_dispatch import TorchDispatchMode, _get_current_dispatch_mode


class EagerMode(TorchDispatchMode):
    """A mode that is not wrapped; where a version of torch does not ask, nothing changes."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    @property
    def is_innermost(self) -> bool:
        """Whether the operations of this thread come to this mode first."""
        return _get_current_dispatch_mode() is self
