"""Fourier transforms: even and odd lengths, and what an inverse ignores."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autograd_lite as ag


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_rfft_and_its_inverse_are_the_identity_of_even_and_odd_lengths(n):
    x, w = np.arange(1.0, n + 1), np.arange(n) ** 2.0
    got = ag.grad(lambda x: np.sum(w * np.fft.irfft(np.fft.rfft(x), n)))(x)
    assert_allclose(got, w, atol=1e-12)


@pytest.mark.parametrize("n", [4, 5])
def test_energy_of_half_the_spectrum_counts_each_frequency_once(n):
    x = np.arange(1.0, n + 1)
    full = np.fft.fft(x)
    kept = np.where(np.arange(n) <= n // 2, full, 0)
    expected = 2 * n * np.fft.ifft(kept).real
    got = ag.grad(lambda x: np.sum(np.abs(np.fft.rfft(x)) ** 2))(x)
    assert_allclose(got, expected)


def test_irfft_gives_no_gradient_to_the_imaginary_parts_it_ignores():
    z = np.array([1 + 2j, 3 - 1j, 2 + 5j])
    w = np.array([1.0, 5.0, -2.0, 0.5])
    even = ag.grad(lambda z: np.sum(w * np.fft.irfft(z)))(z)
    assert_allclose(even.imag[[0, 2]], 0)
    assert even.imag[1] != 0
    odd = ag.grad(lambda z: np.sum(np.arange(5.0) ** 2 * np.fft.irfft(z, 5)))(z)
    assert odd.imag[0] == 0
    assert odd.imag[2] != 0


def test_a_length_that_cuts_gives_the_rest_no_gradient():
    x = np.arange(1.0, 6)
    assert_allclose(ag.grad(lambda x: np.fft.rfft(x, n=3)[0].real)(x), [1, 1, 1, 0, 0])
    assert_allclose(ag.grad(lambda x: np.fft.rfft(x, n=8)[0].real)(x), [1, 1, 1, 1, 1])


def test_the_gradient_of_a_real_input_is_real_and_keeps_single_precision():
    x = np.arange(4, dtype=np.float32)
    got = ag.grad(lambda x: np.sum(np.abs(np.fft.fft(x)) ** 2))(x)
    assert got.dtype == np.float32
    assert_allclose(got, 8 * x)


@pytest.mark.parametrize("f", [np.fft.hfft, np.fft.ihfft])
def test_hermitian_transforms_are_refused_by_name(f):
    with pytest.raises(ag.NoRuleError, match=rf"np\.fft\.{f.__name__} has no derivative rule"):
        f(ag.Tensor([1.0, 2.0]))


def test_out_is_refused_by_name():
    with pytest.raises(ag.NoRuleError, match="fft: the keyword out"):
        np.fft.fft(ag.Tensor([1.0, 2.0]), out=np.empty(2, complex))
