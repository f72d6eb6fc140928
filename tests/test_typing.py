"""What type checkers see: checked by mypy, and run."""

from typing import assert_type

import numpy as np

import autograd_lite as ag


def test_operators_on_tensors_are_tensors() -> None:
    x = ag.Tensor([1.0, 2.0], requires_grad=True)
    assert_type(x + 1, ag.Tensor)
    assert_type(2.0 * x, ag.Tensor)
    assert_type(x @ x, ag.Tensor)
    assert_type(-x, ag.Tensor)
    assert_type(x > 0, ag.Tensor)
    assert_type(x[0], ag.Tensor)
    assert_type(x.sum(axis=0), ag.Tensor)
    assert_type(x.T.reshape(2), ag.Tensor)
    assert_type(x.shape, tuple[int, ...])
    assert x.dtype == np.float64


def test_models_and_drawings_have_their_types() -> None:
    model = ag.nn.MLP([2, 1])
    assert_type(model.parameters(), list[ag.Tensor])
    loss: ag.Tensor = (model(np.ones((3, 2))) ** 2).mean()
    assert_type(ag.draw(loss), ag.Drawing)
    assert_type(ag.tape(loss), list[ag.Tensor])
    assert_type(ag.gradcheck(np.tanh, np.ones(2)), bool)
