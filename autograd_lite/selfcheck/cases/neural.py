"""Named functions."""

CASES = (
    "ag.relu(x)",
    "ag.relu(x, at_zero=1)",
    "ag.sigmoid(x)",
    "ag.sigmoid(40 * x)",
    "ag.softmax(x)",
    "ag.softmax(t, axis=1)",
    "ag.log_softmax(x)",
    "ag.log_softmax(t, axis=0)",
    "ag.logsumexp(x)",
    "ag.logsumexp(t, axis=1)",
    "ag.logsumexp(t, axis=(0, 2), keepdims=True)",
    "ag.softmax_cross_entropy(x, [2, 0])",
    "ag.softmax_cross_entropy(x, np.eye(3)[[1, 1]])",
    "ag.softmax_cross_entropy(v, 1)",
    "ag.softmax_cross_entropy(t, [[0, 1, 3], [2, 2, 0]])",
    "ag.softmax_cross_entropy(100 * x, [2, 0])",
)
