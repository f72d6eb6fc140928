"""Fourier transforms: linear, so a rule is the transform's own transpose."""

import numpy as np

from ..declare import composed, function
from ..errors import ShapeError
from .products import conj

# The transpose of a real transform is the other real one, with the factor of 1/n moved over.
_MOVED = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _resized(x, n, axis):
    """Cut an axis to length `n`, or fill it up with zeros."""
    here = x.shape[axis]
    before = (slice(None),) * (axis % x.ndim)
    if n <= here:
        return x[(*before, slice(n))]
    out = np.zeros((*x.shape[: len(before)], n, *x.shape[len(before) + 1 :]), x.dtype)
    out[(*before, slice(here))] = x
    return out


def _resized_back(g, y, x, n, axis):
    return resized(g, n=x.shape[axis], axis=axis)


resized = function(_resized, _resized_back)


def _fit(c, x, axis):
    return c if c.shape[axis] == x.shape[axis] else resized(c, n=x.shape[axis], axis=axis)


def _fft(g, y, x, n=None, axis=-1, norm=None):
    return _fit(np.fft.fft(g, axis=axis, norm=norm), x, axis)


def _ifft(g, y, x, n=None, axis=-1, norm=None):
    return _fit(np.fft.ifft(g, axis=axis, norm=norm), x, axis)


def _inner_ones(n, factor, g, axis):
    """A factor for the frequencies of `n` real numbers that stand for their negatives too."""
    weights = np.full(n // 2 + 1, factor, g.real.dtype)
    weights[0] = 1
    if n % 2 == 0:
        weights[-1] = 1
    return weights.reshape((-1,) + (1,) * (g.ndim - 1 - axis % g.ndim))


def _rfft(g, y, x, n=None, axis=-1, norm=None):
    n = x.shape[axis] if n is None else n
    g = conj(g) * _inner_ones(n, 0.5, g, axis)
    return _fit(np.fft.irfft(g, n, axis, _MOVED[norm]), x, axis)


def _irfft(g, y, x, n=None, axis=-1, norm=None):
    # The imaginary parts that the forward ignores get the imaginary parts of rfft, which are 0.
    c = conj(np.fft.rfft(g, axis=axis, norm=_MOVED[norm]))
    return _fit(c * _inner_ones(y.shape[axis], 2, c, axis), x, axis)


function(np.fft.fft, _fft)
function(np.fft.ifft, _ifft)
function(np.fft.rfft, _rfft)
function(np.fft.irfft, _irfft)
function(np.fft.fftshift, lambda g, y, x, axes=None: np.fft.ifftshift(g, axes))
function(np.fft.ifftshift, lambda g, y, x, axes=None: np.fft.fftshift(g, axes))


def _over(first, last, a, s, axes, norm):
    """Transform over several axes, by `last` over the last one, which is where reals are."""
    if axes is None:
        axes = range(-(a.ndim if s is None else len(s)), 0)
    if s is None:
        s = [None] * len(axes)
    if len(s) != len(axes):
        raise ShapeError(f"{last.__name__}: lengths {s} are not as many as axes {tuple(axes)}")
    steps = [
        (f, a.shape[axis] if n == -1 else n, axis)
        for f, n, axis in zip([first] * (len(axes) - 1) + [last], s, axes, strict=True)
    ]
    for f, n, axis in steps if last is np.fft.irfft else reversed(steps):
        a = f(a, n, axis, norm)
    return a


def _several(first, last, n_axes, two_axes):
    def over_n(a, s=None, axes=None, norm=None):
        return _over(first, last, a, s, axes, norm)

    def over_two(a, s=None, axes=(-2, -1), norm=None):
        return _over(first, last, a, s, axes, norm)

    composed(n_axes, over_n)
    composed(two_axes, over_two)


_several(np.fft.fft, np.fft.fft, np.fft.fftn, np.fft.fft2)
_several(np.fft.ifft, np.fft.ifft, np.fft.ifftn, np.fft.ifft2)
_several(np.fft.fft, np.fft.rfft, np.fft.rfftn, np.fft.rfft2)
_several(np.fft.ifft, np.fft.irfft, np.fft.irfftn, np.fft.irfft2)
