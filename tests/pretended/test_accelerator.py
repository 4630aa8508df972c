"""The pretended device itself: it refuses what CUDA refuses, and counts what CUDA waits for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from accelerator import counting_waits, install
from torch import Tensor

DEVICE = install()
HERE = torch.linspace(-1.0, 1.0, 12, dtype=torch.float64).reshape(3, 4)
THERE = HERE.to(DEVICE)
MASK = THERE > 0


def test_results_are_those_of_the_cpu_and_stay_on_the_device() -> None:
    found = (THERE @ THERE.mT).exp().sum(dim=1)
    assert found.device == DEVICE
    assert torch.equal(found.cpu(), (HERE @ HERE.mT).exp().sum(dim=1))


REFUSED: dict[str, Callable[[], object]] = {
    "a sum of two devices": lambda: THERE + HERE,
    "a product of two devices": lambda: THERE @ HERE.mT,
    "a CPU number in a product": lambda: torch.dot(THERE[0], HERE[0]),
    "a device's number with a CPU tensor": lambda: THERE[0, 0] + HERE,
    "cat": lambda: torch.cat((THERE, HERE)),
    "where": lambda: torch.where(MASK, HERE, THERE),
    "a mask of the CPU for an entry-wise choice": lambda: torch.where(HERE > 0, THERE, 0.0),
    "in place": lambda: THERE.clone().add_(HERE),
    "a CPU tensor put by an index": lambda: THERE.clone().index_put_((MASK,), HERE[0]),
    "an index of the device into the CPU": lambda: HERE[torch.arange(2, device=DEVICE)],
}


@pytest.mark.parametrize("name", REFUSED)
def test_devices_do_not_mix(name: str) -> None:
    with pytest.raises(RuntimeError, match=r"at least two devices|same device as the indexed"):
        REFUSED[name]()


@pytest.mark.parametrize("read", [lambda: THERE.numpy(), lambda: np.asarray(THERE)])
def test_memory_is_not_read_from_outside(read: Callable[[], object]) -> None:
    with pytest.raises(TypeError, match=r"Use Tensor\.cpu\(\)"):
        read()


ADMITTED: dict[str, tuple[Callable[[Tensor], Tensor], str | None]] = {
    "a CPU number": (lambda x: x + torch.tensor(2.0, dtype=torch.float64), None),
    "a Python number": (lambda x: torch.where(x > 0, x, 1.0), None),
    "an index of the CPU": (lambda x: x[torch.tensor([0, 2])], None),
    "an index as a list": (lambda x: x[[2, 0]], "copy to the device"),
    "an index of the device": (lambda x: x[:, torch.arange(2, device=x.device)], None),
    "a mask": (lambda x: x[x > 0], "index by a mask"),
    "a fill by a mask": (lambda x: x.clone().masked_fill_(x > 0, 7.0), None),
    "a number put by a mask": (lambda x: _put(x.clone(), x > 0, 7.0), None),
    "writing into a view": (lambda x: _put(x.clone(), (slice(None), 1), x[:, 0]), None),
    "a clamp between tensors": (lambda x: x.clamp(min=-x.abs(), max=x[0]), None),
    "numbers from Python": (
        lambda x: torch.tensor([1.0, 2.0], device=x.device),
        "copy to the device",
    ),
    "numbers like these": (lambda x: x.new_tensor([[1.0]]) + x, "copy to the device"),
    "an output": (lambda x: torch.div(x, 3.0, out=x.new_empty(x.shape)), None),
    "eigenvalues": (lambda x: torch.linalg.eigvalsh(x @ x.mT), "linalg"),
    "orthonormal columns": (lambda x: torch.linalg.qr(x.mT)[0], None),
    "a second derivative": (lambda x: _second_derivative(x), None),
}


@pytest.mark.parametrize("name", ADMITTED)
def test_what_cuda_admits_is_admitted_and_its_waits_are_counted(name: str) -> None:
    act, waits_for = ADMITTED[name]
    with counting_waits() as waits:
        found = act(THERE)
    assert found.device == DEVICE
    assert {what for what, _ in waits} == ({waits_for} if waits_for else set())
    torch.testing.assert_close(found.cpu(), act(HERE), rtol=1e-15, atol=1e-15)


MADE: dict[str, Callable[[torch.device], Tensor]] = {
    "eye": lambda device: torch.eye(3, 4, device=device),
    "arange": lambda device: torch.arange(2, 9, 3, device=device),
    "linspace": lambda device: torch.linspace(0.0, 1.0, 5, device=device),
    "zeros": lambda device: torch.zeros(2, 3, device=device),
    "full": lambda device: torch.full((2,), 7.0, device=device),
    "indices": lambda device: torch.triu_indices(3, 3, 1, device=device),
    "resized in place": lambda device: torch.ones(1, 3, device=device).squeeze_().unsqueeze_(1),
}


@pytest.mark.parametrize("name", MADE)
def test_what_is_made_on_the_device_has_its_shape(name: str) -> None:
    made, expected = MADE[name](DEVICE), MADE[name](torch.device("cpu"))
    assert made.device == DEVICE
    assert (made.shape, made.stride()) == (expected.shape, expected.stride())
    assert torch.equal(made[None, ...].cpu()[0], expected)


@pytest.mark.parametrize(
    "read", [lambda x: x[0, 0].item(), lambda x: bool((x > 0).any()), lambda x: x.tolist()]
)
def test_reading_a_number_waits_and_says_where(read: Callable[[Tensor], object]) -> None:
    with counting_waits() as waits:
        assert read(THERE) == read(HERE)
    ((what, place),) = waits
    assert what == "read"
    assert __file__ in place


def _put(x: Tensor, where: object, value: object) -> Tensor:
    x[where] = value
    return x


def _second_derivative(x: Tensor) -> Tensor:
    x = x.detach().clone().requires_grad_()
    (first,) = torch.autograd.grad((x @ x.mT).clamp(min=0.1).pow(3).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.square().sum(), x)
    return second
