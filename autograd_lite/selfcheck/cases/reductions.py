"""Reductions."""

CASES = (
    "np.sum(x)",
    "np.sum(x, axis=0)",
    "np.sum(x, axis=-1, keepdims=True)",
    "np.sum(t, axis=(0, 2))",
    "np.sum(t, 1)",
    "np.sum(s)",
    "np.sum(e)",
    "np.sum(e, axis=0)",
    "x.sum(axis=1)",
    "np.mean(x)",
    "np.mean(x, axis=0)",
    "np.mean(t, axis=(0, -1), keepdims=True)",
    "x.mean(1)",
    "np.max(x)",
    "np.max(x, axis=0)",
    "np.max(t, axis=(0, 2), keepdims=True)",
    "x.max(axis=-1)",
    "np.min(x)",
    "np.min(x, axis=1, keepdims=True)",
    "x.min()",
)
