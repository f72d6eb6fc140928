"""Fourier transforms."""

_NORMS = '"backward"', '"ortho"', '"forward"'

CASES = (
    *(f"np.fft.{f}({x})" for f in ("fft", "ifft") for x in ("x", "z", "v", "u")),
    *(f"np.fft.rfft({x})" for x in ("x", "v", "t", "M")),
    *(f"np.fft.irfft({x})" for x in ("z", "u", "x", "C")),
    *(f"np.fft.{f}(z, norm={n})" for f in ("fft", "ifft") for n in _NORMS),
    *(f"np.fft.{f}(M, n=5, norm={n})" for f in ("rfft", "fft") for n in _NORMS),
    *(f"np.fft.rfft(M, norm={n})" for n in _NORMS),
    *(f"np.fft.irfft(B, norm={n})" for n in _NORMS),
    *(f"np.fft.irfft(B, n=5, norm={n})" for n in _NORMS),
    *(
        f"np.fft.{f}(z, n={n}, axis={a})"
        for f in ("fft", "ifft")
        for n in (1, 2, 5)
        for a in (0, 1)
    ),
    *(f"np.fft.rfft(t, n={n}, axis={a})" for n in (1, 2, 3, 6) for a in (0, -2)),
    *(f"np.fft.irfft(B, n={n}, axis={a})" for n in (1, 2, 3, 4, 7, 8) for a in (0, -1)),
    *(f"np.fft.{f}({x})" for f in ("fft2", "ifft2", "fftn", "ifftn") for x in ("t", "B")),
    *(f"np.fft.{f}(t)" for f in ("rfft2", "rfftn")),
    *(f"np.fft.{f}(B)" for f in ("irfft2", "irfftn")),
    "np.fft.fft2(B, s=(2, 5), axes=(1, 0), norm='ortho')",
    "np.fft.ifft2(t, axes=(0, 1), norm='forward')",
    "np.fft.rfft2(t, s=(4, -1), axes=(2, 0))",
    "np.fft.irfft2(B, s=(2, 5), norm='ortho')",
    "np.fft.fftn(t, axes=(0, 2), norm='forward')",
    "np.fft.ifftn(t, s=(2, 4, 3), axes=(0, 1, 2))",
    "np.fft.rfftn(t, s=(3, 5), axes=(0, 1), norm='ortho')",
    "np.fft.irfftn(B, s=(4, 3), axes=(1, 0), norm='forward')",
    "np.fft.irfftn(t)",
    "np.fft.fftshift(x)",
    "np.fft.fftshift(t, axes=1)",
    "np.fft.fftshift(z, axes=(0, 1))",
    "np.fft.ifftshift(v)",
    "np.fft.ifftshift(t, axes=(0, -2))",
    "ag.grad(lambda x: np.sum(np.real(np.fft.fft(x, n=2)) ** 3))(x)",
    "np.abs(np.fft.fft(x)) ** 2",
    "np.fft.irfft(np.fft.rfft(v) * np.fft.rfft(q), n=3)",
    "np.real(np.fft.ifft(np.fft.fft(u) * np.fft.fft(v)))",
)
