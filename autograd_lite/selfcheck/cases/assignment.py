"""Assignment, as an expression that returns what was assigned to."""


def _after(change: str, start: str) -> str:
    return f"(lambda y: ({change}, y)[1])({start})"


CASES = (
    _after("y.__setitem__(0, v)", "x * x"),
    _after("y.__setitem__((slice(None), 1), s)", "x * x"),
    _after("y.__setitem__(..., x)", "x * x"),
    _after("y.__setitem__((slice(None, None, -1), [2, 0]), x[:, :2])", "x * x"),
    _after("y.__setitem__([0, 0, 1], t[0, :, :3])", "np.exp(x)"),
    _after("y.__setitem__(x > 0, s)", "x * y"),
    _after("y.__setitem__(y > 0, v[:1])", "x * 1"),
    _after("y.__setitem__(np.argsort(y[0])[:2] % 2, x)", "x * x"),
    "ag.grad(lambda x: np.sum({}**2))(x)".format(
        _after("y.__setitem__(np.argsort(y[0])[:2] % 2, x)", "x * x")
    ),
    _after("y.__setitem__(1, u)", "z * z"),
    _after("y.__setitem__(slice(0), v)", "e * 1"),
    _after("np.add.at(y, ([0, 0, 1], [1, 1, 2]), v)", "x * x"),
    _after("np.add.at(y, [1, 1], v)", "x * x"),
    _after("np.add.at(y, np.argmax(y, axis=0), x[0])", "x * x"),
    _after("np.put_along_axis(y, np.array([[1], [0]]), s, 1)", "x * x"),
    _after("np.put_along_axis(y, np.array([[1, 0, 1]]), x[:1], axis=0)", "x * x"),
)
