"""Indexing."""

CASES = (
    "x[0]",
    "x[-1, 1]",
    "x[:, ::-1]",
    "x[..., 1:]",
    "x[:, None] * y",
    "x[[0, 1, 0]]",
    "x[np.array([1, 1, 0]), np.array([0, 0, 2])]",
    "x[np.array([True, False])]",
    "x[x > 0]",
    "t[:, [0, 2], 1:3]",
    "t[1, :, [3, 3, 0]]",
    "x[np.argmax(x, axis=0), np.array([0, 1, 2])]",
    "e[:, 0]",
    "x[1:1]",
    "t[0, ..., np.array([[1, 2], [2, 0]])]",
    "x[:, np.array([], dtype=int)]",
)
