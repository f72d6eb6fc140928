"""SciPy's functions, where it is installed: `sp` is SciPy, `ags` is `autograd_lite.scipy`."""

from importlib.util import find_spec

from ..case import Case

_ANYWHERE = "expit log_expit erf erfc erfcx ndtr log_ndtr gammaln gamma psi i0 i1 j0 j1 i0e i1e"
_POSITIVE = ("y0", "y1", "k0", "k1", "entr", "loggamma")
_PAIRS = ("beta", "betaln", "xlogy", "xlog1py", "rel_entr", "kl_div")
_ORDERS = ("jv", "yv", "iv", "kv", "ive")

_CASES = (
    *(f"sp.special.{f}({x})" for f in _ANYWHERE.split() for x in ("x", "s", "e")),
    *(f"sp.special.{f}({x})" for f in _POSITIVE for x in ("p", "q")),
    *(f"sp.special.{f}(p, {b})" for f in _PAIRS for b in ("p[::-1]", "q")),
    *(f"sp.special.{f}({n}, {x})" for f in _ORDERS for n, x in (("2", "p"), ("[0, 1, 0.5]", "q"))),
    # The order has no rule: here it is recorded, and nothing flows back.
    *(f"0 * ag.stop_gradient(sp.special.{f}(p, p)) + p" for f in _ORDERS),
    "0 * ag.stop_gradient(ags.special.polygamma(0 * p + 2, p)) + p",
    "sp.special.logit(p / 3)",
    "sp.special.erfinv(unit)",
    "sp.special.erfcinv(p / 2)",
    "sp.special.ndtri(p / 3)",
    "sp.special.expit(10 * x)",
    "sp.special.log_ndtr(9 * x)",
    "sp.special.log_ndtr(100 * x) / 1e4",
    "ag.grad(lambda x: np.sum(sp.special.log_ndtr(x)))(x)",
    "sp.special.psi(p + 10)",
    "sp.special.digamma(p)",
    "sp.special.gamma(-p / 3)",
    "sp.special.gammaln(-p / 3)",
    "sp.special.jn(3, x)",
    "sp.special.j1(0 * x)",
    "sp.special.i1(0 * x)",
    "sp.special.j0(0 * x)",
    "sp.special.j1(1e-3 * x) * 1e3",
    *(
        f"ag.grad(lambda x: np.sum(sp.special.{f}(x)))({x})"
        for f in ("j1", "i1", "i1e")
        for x in ("x", "t")
    ),
    "sp.special.xlogy(0, p)",
    "sp.special.xlogy(0 * p, q)",
    "sp.special.xlog1py(p, unit)",
    "sp.special.xlogy(x, p)",
    "sp.special.erf(z / 3)",
    Case("sp.special.loggamma(z.real ** 2 + 1 + 1j)", order=1),  # polygamma is of real numbers
    "sp.special.jv(1.5, 2 + z / 4)",
    "sp.special.ive(0.5, 2 + z / 4)",
    "ags.special.polygamma(0, p)",
    "ags.special.polygamma(1, p)",
    "ags.special.polygamma([1, 2, 3], q)",
    "ags.special.polygamma(2, s)",
    "ags.special.expit(x) * x",
    "ags.special.logsumexp(x)",
    "ags.special.logsumexp(t, axis=(0, 2), keepdims=True)",
    "ags.special.logsumexp(t, -1)",
    "ags.special.logsumexp(x, b=p)",
    "ags.special.logsumexp(x, axis=1, b=q, keepdims=True)",
    "ags.special.logsumexp(x, 1, [1.0, 2.0, 0.0])",
    "ags.special.logsumexp(100 * x, axis=0)",
    "ags.special.softmax(x)",
    "ags.special.softmax(t, axis=1)",
    "ags.special.softmax(t, axis=(0, 2))",
    "ags.special.log_softmax(x)",
    "ags.special.log_softmax(t, axis=-1)",
    *(
        f"ags.linalg.solve_triangular(A, {b}, trans={trans!r}, lower={lower})"
        for b in ("v", "M", "x.T")
        for trans, lower in (("N", True), (1, False), ("C", True))
    ),
    "ags.linalg.solve_triangular(A, M)",
    "ags.linalg.solve_triangular(A, v, lower=True, unit_diagonal=True, check_finite=False)",
    "ags.linalg.solve_triangular(A, M, 'T', unit_diagonal=True)",
    "ags.linalg.solve_triangular(AA, N.reshape(2, 2, 2))",
    "ags.linalg.solve_triangular(AA, w, lower=True)",
    "ags.linalg.solve_triangular(AA[0], N.reshape(2, 2, 2), 1)",
    "ags.linalg.solve_triangular(A + 1j * A.T, u)",
    "ags.linalg.solve_triangular(A + 1j * A.T, z.T, trans=2, lower=True)",
    "ags.linalg.cho_solve((A, True), v)",
    "ags.linalg.cho_solve((A, False), M)",
    "ags.linalg.cho_solve((A + 1j * A.T, True), u)",
    "ags.linalg.expm(A)",
    "ags.linalg.expm(AA)",
    "ags.linalg.expm(0.1 * z[:, :2])",
    "ags.linalg.expm(0 * A + A * 1j)",
    "ags.linalg.sqrtm(A @ A + 2 * np.eye(3))",
    "ags.linalg.sqrtm(A)",
    "ags.linalg.sqrtm(AA @ AA)",
    "ags.linalg.logm(A @ A / 2 + np.eye(3))",
    "ags.linalg.solve_sylvester(A + 4 * np.eye(3), A.T, A)",
    "ags.linalg.solve_sylvester(AA[0], np.eye(3), x)",
    "ags.stats.norm.logpdf(x)",
    "ags.stats.norm.logpdf(x, v, p)",
    "ags.stats.norm.logpdf([0.5, 1.0, 2.0], loc=v, scale=q)",
    "ags.stats.norm.pdf(x, scale=2)",
    "ags.stats.norm.pdf(100 * x, loc=s)",
    "ags.stats.t.logpdf(x, q)",
    "ags.stats.t.logpdf(x, 3, v, p)",
    "ags.stats.t.pdf(x, df=2.5, loc=s)",
    "ags.stats.gamma.logpdf(p, q)",
    "ags.stats.gamma.logpdf(p, 2.0, scale=q)",
    "ags.stats.gamma.logpdf(p, a=q, loc=-s)",
    "np.exp(ags.stats.gamma.logpdf(x, 3.5)) + x",
    "ags.stats.gamma.pdf(x, 4, loc=0.05)",
    "ags.stats.beta.logpdf(p / 3, q, 2.0)",
    "ags.stats.beta.logpdf(p / 3, 1.5, b=q)",
    "ags.stats.beta.pdf(x, 3.0, 4.5, loc=-0.5, scale=2.25)",
    "ags.stats.poisson.logpmf([0, 1, 4], q)",
    "ags.stats.poisson.logpmf([1, 2, 4], p, 1)",
    "ags.stats.poisson.pmf([0, 1, -1], q)",
    "ags.stats.multivariate_normal.logpdf(x, v, A @ A.T)",
    "ags.stats.multivariate_normal.logpdf(x, cov=A @ A.T + 0.5 * np.eye(3))",
    "ags.stats.multivariate_normal.logpdf(v, mean=x[0], cov=q)",
    "ags.stats.multivariate_normal.logpdf(t, p[0, 0] + M[0], p[0, 1])",
    "ags.stats.multivariate_normal.logpdf(v)",
    "ags.stats.multivariate_normal.logpdf(v, s, 2.0)",
    "ags.stats.multivariate_normal.pdf(x, v, A @ A.T)",
)

CASES = _CASES if find_spec("scipy") else ()
