"""What automation costs: `python -m benchmarks` measures it against formulas typed by hand."""

import os

# One BLAS thread: it must be said before NumPy is imported.
for _library in ("OPENBLAS", "MKL", "OMP", "VECLIB_MAXIMUM"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"
