"""Linear algebra."""

CASES = (
    "x @ M",
    "M.T @ x.T",
    "v @ M",
    "x @ v",
    "v @ v",
    "stack @ N",
    "M.T @ x[0]",
    "x[1] @ stack",
    "np.matmul(stack, N)",
    "stack.mT @ stack",
    "x[:, None, :] @ stack",
    "M @ N @ w",
    "e @ M",
)
