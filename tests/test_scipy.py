"""SciPy's functions: values against SciPy, extreme inputs, and what is refused."""

import subprocess
import sys

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor

sp = pytest.importorskip("scipy")
special = pytest.importorskip("autograd_lite.scipy.special")
linalg = pytest.importorskip("autograd_lite.scipy.linalg")
stats = pytest.importorskip("autograd_lite.scipy.stats")

RNG = np.random.default_rng(0)
X = RNG.standard_normal((4, 3))
P = RNG.uniform(0.2, 3, (4, 3))
COVARIANCE = np.cov(RNG.standard_normal((3, 20)))


def leaf(x):
    return Tensor(np.array(x), requires_grad=True)


@pytest.mark.parametrize(
    ("mine", "theirs", "args"),
    [
        (special.polygamma, sp.special.polygamma, (2, P)),
        (special.logsumexp, sp.special.logsumexp, (X, (0, 1))),
        (special.logsumexp, sp.special.logsumexp, (X, 1, P)),
        (special.softmax, sp.special.softmax, (X,)),
        (special.log_softmax, sp.special.log_softmax, (X, 0)),
        (linalg.expm, sp.linalg.expm, (X[:3],)),
        (linalg.logm, sp.linalg.logm, (COVARIANCE,)),
        (linalg.sqrtm, sp.linalg.sqrtm, (COVARIANCE,)),
        (linalg.solve_triangular, sp.linalg.solve_triangular, (COVARIANCE, X.T)),
        (stats.norm.logpdf, sp.stats.norm.logpdf, (X, 0.5, P)),
        (stats.norm.pdf, sp.stats.norm.pdf, (X,)),
        (stats.t.logpdf, sp.stats.t.logpdf, (X, P, 0.5, 2)),
        (stats.t.pdf, sp.stats.t.pdf, (X, 3)),
        (stats.gamma.logpdf, sp.stats.gamma.logpdf, (X, P)),
        (stats.gamma.pdf, sp.stats.gamma.pdf, (P, 2.5, -1, 0.5)),
        (stats.gamma.logpdf, sp.stats.gamma.logpdf, (0.0, 1.0)),
        (stats.beta.logpdf, sp.stats.beta.logpdf, (X, P, P.T.reshape(4, 3))),
        (stats.beta.pdf, sp.stats.beta.pdf, (P / 3, 1.5, P)),
        (stats.beta.logpdf, sp.stats.beta.logpdf, ([0.0, 1.0], 1.0, 1.0)),
        (stats.poisson.logpmf, sp.stats.poisson.logpmf, ([-1, 0, 1.5, 7], 2.5)),
        (stats.poisson.pmf, sp.stats.poisson.pmf, ([0, 3, 7], [0.0, 2.5, 1.0], 1)),
        *(
            (m, s, args)
            for m, s in (
                (stats.multivariate_normal.logpdf, sp.stats.multivariate_normal.logpdf),
                (stats.multivariate_normal.pdf, sp.stats.multivariate_normal.pdf),
            )
            for args in (
                (X, X[0], COVARIANCE),
                (X, None, COVARIANCE),
                (X[0], X[1], COVARIANCE),
                (X[:1], X[1], P[0]),
                (X, X[1], 2.0),
                (X[0],),
                (0.5, 0.25, 2.0),
                (np.ones((2, 4, 3)), X[1], P[1]),
            )
        ),
    ],
)
def test_value_is_scipys(mine, theirs, args):
    expected = theirs(*args)
    recorded = mine(*(leaf(a) if isinstance(a, np.ndarray) else a for a in args))
    for value in (mine(*args), getattr(recorded, "data", recorded)):
        assert np.shape(value) == np.shape(expected)
        np.testing.assert_allclose(value, expected, rtol=1e-11, atol=1e-12)


def test_cho_solve_solves():
    c = np.linalg.cholesky(COVARIANCE) + np.triu(np.full((3, 3), 9.0), 1)
    np.testing.assert_allclose(COVARIANCE @ linalg.cho_solve((c, True), X.T), X.T)
    np.testing.assert_allclose(COVARIANCE @ linalg.cho_solve((c.T, False), X[0]), X[0])


FAR = np.array([-1e4, -1e3, -40.0, 40.0, 1e3, 1e4])


@pytest.mark.parametrize("name", ["expit", "log_expit", "erf", "erfc", "ndtr", "log_ndtr"])
def test_derivatives_are_finite_far_out(name):
    f = getattr(sp.special, name)
    slope = ag.grad(lambda x: f(x).sum())
    curve = ag.grad(lambda x: slope(x).sum())
    assert np.isfinite(slope(FAR)).all()
    assert np.isfinite(curve(FAR)).all()


def test_the_logarithm_of_the_normal_distribution_is_right_where_it_underflows():
    x = np.array([-1e4, -100.0])
    slope = ag.grad(lambda x: sp.special.log_ndtr(x).sum())
    expected = -x - 1 / x + 2 / x**3  # Mills' ratio, as a series in 1 / x
    np.testing.assert_allclose(slope(x), expected, rtol=1e-9)
    curve = ag.grad(lambda x: slope(x).sum())(x)
    np.testing.assert_allclose(curve, -1 + 1 / x**2, rtol=1e-6)


@pytest.mark.parametrize("name", ["j1", "i1", "i1e"])
def test_bessel_functions_of_order_1_are_exact_near_0_and_where_the_series_ends(name):
    order = {"j1": sp.special.jv, "i1": sp.special.iv, "i1e": sp.special.ive}[name]
    sign = {"j1": -1, "i1": 1, "i1e": 1}[name]
    x = np.array([-5.0, -1.0, -1e-3, -1e-9, 0.0, 1e-9, 1e-3, 0.5, 0.999999, 1.0, 1.000001, 20.0])
    expected = (order(0, x) + sign * order(2, x)) / 2
    if name == "i1e":
        expected = expected - np.sign(x) * order(1, x)
    first = ag.grad(lambda x: getattr(sp.special, name)(x).sum())
    np.testing.assert_allclose(first(x), expected, rtol=1e-14, atol=1e-15)
    if name == "j1":
        third = ag.grad(lambda x: ag.grad(lambda x: first(x).sum())(x).sum())
        np.testing.assert_allclose(third(np.zeros(1)), -3 / 8)


def test_chains_of_polygamma():
    derivative = special.gammaln
    for n in range(4):
        derivative = ag.grad(derivative)
        np.testing.assert_allclose(derivative(1.3), sp.special.polygamma(n, 1.3))


def test_entropies_are_flat_where_both_are_0():
    zero = np.zeros(1)
    for f in (sp.special.xlogy, sp.special.rel_entr, sp.special.kl_div):
        by_x, by_y = ag.grad(lambda a, b, f=f: f(a, b).sum(), (0, 1))(zero, zero)
        assert np.isfinite([by_x, by_y]).all()
    assert ag.grad(lambda y: sp.special.xlogy(0.0, y))(2.0) == 0


@pytest.mark.parametrize(
    "gradient",
    [
        lambda: ag.grad(lambda v: sp.special.jv(v, 1.0))(0.5),
        lambda: ag.grad(lambda n: special.polygamma(n, 1.0))(1.0),
        lambda: stats.poisson.logpmf(leaf(1.0), 2.0),
        lambda: stats.norm.cdf(leaf(1.0)),
        lambda: stats.norm(0, leaf(1.0)),
        lambda: special.logsumexp(leaf(X), return_sign=True),
        lambda: linalg.solve_triangular(leaf(COVARIANCE), X.T, overwrite_b=True),
    ],
)
def test_what_has_no_rule_says_so(gradient):
    with pytest.raises(ag.NoRuleError):
        gradient()


def test_unknown_arguments_of_a_density_are_refused():
    with pytest.raises(TypeError, match="takes x, a, loc, scale"):
        stats.gamma.logpdf(1.0)
    with pytest.raises(TypeError, match="takes x, loc, scale"):
        stats.norm.logpdf(1.0, sigma=2)
    with pytest.raises(TypeError, match="takes x, loc, scale"):
        stats.norm.logpdf(1.0, 2.0, loc=2)
    with pytest.raises(ag.ShapeError, match="do not fit"):
        stats.multivariate_normal.logpdf(X, np.zeros(2))


@pytest.mark.parametrize(
    "call",
    [
        lambda t: sp.special.logsumexp(t),
        lambda t: sp.special.softmax(t),
        lambda t: sp.special.log_softmax(t),
        lambda t: sp.special.polygamma(1, t),
        lambda t: sp.linalg.expm(t),
        lambda t: sp.linalg.sqrtm(t),
        lambda t: sp.linalg.solve_triangular(t, np.ones(3)),
        lambda t: sp.linalg.solve_triangular(np.eye(3), t),
        lambda t: sp.linalg.cho_solve((t, True), np.ones(3)),
        lambda t: sp.stats.norm.logpdf(t),
        lambda t: sp.stats.norm.logpdf(1.0, loc=t),
        lambda t: sp.stats.poisson.logpmf(1, t),
        lambda t: sp.stats.gamma.logpdf(1.0, t),
        lambda t: sp.stats.multivariate_normal.logpdf(np.ones(3), cov=t),
        lambda t: sp.integrate.simpson(t),
        lambda t: special.comb(t, 1),
        lambda t: linalg.inv(t),
    ],
)
def test_scipys_own_functions_never_detach_silently(call):
    with pytest.raises(ag.DetachedError, match="plain array"):
        call(leaf(COVARIANCE))


def test_only_one_triangle_gets_a_gradient():
    gradient = ag.grad(lambda a: linalg.solve_triangular(a, X.T, lower=True).sum())(COVARIANCE)
    assert (np.triu(gradient, 1) == 0).all()
    assert (gradient[np.tril_indices(3)] != 0).all()


def test_the_density_of_a_fit_has_its_maximum_at_mean_and_covariance():
    mean, cov = X.mean(axis=0), np.cov(X.T, bias=True)
    by_mean, by_cov = ag.grad(lambda m, c: stats.multivariate_normal.logpdf(X, m, c).sum(), (0, 1))(
        mean, cov
    )
    np.testing.assert_allclose(by_mean, 0, atol=1e-10)
    np.testing.assert_allclose(by_cov, 0, atol=1e-9)


def test_single_precision_is_kept():
    x = leaf(np.float32([0.5, 1.5]))
    for f in (sp.special.erf, special.softmax, stats.norm.logpdf):
        assert f(x).dtype == np.float32
    assert special.polygamma(1, x).dtype == np.float32


def test_without_scipy_the_import_says_what_to_install():
    code = "import sys; sys.modules['scipy'] = None; import autograd_lite.scipy"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'autograd-lite[scipy]'" in out.stderr


def test_scipy_is_registered_when_its_first_function_arrives():
    code = (
        "import sys, numpy as np, autograd_lite as ag; assert 'scipy' not in sys.modules; "
        "from scipy.special import expit, wofz; "
        "print(ag.grad(lambda x: expit(x))(0.0), ag.grad(lambda x: ag.gelu(x, 'none'))(0.0)); "
        "ag.grad(lambda x: wofz(x))(0.0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "0.25 0.5"
    assert "NoRuleError: scipy.special.wofz has no derivative rule" in done.stderr
