"""Layers and models of layers: their numbers, names, modes and programs."""

import copy
import pickle

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, nn

RNG = np.random.default_rng


def small(rng=0, p=0.5):
    rng = RNG(rng)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1, rng=rng),
        nn.relu,
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.LayerNorm(12),
        nn.Dropout(p, rng=rng),
        nn.Linear(12, 4, bias=False, rng=rng),
    )


X, y = RNG(1).standard_normal((5, 1, 4, 4)), np.array([0, 3, 1, 1, 2])


def test_a_model_shows_its_layers_and_counts_its_parameters():
    assert (
        repr(small())
        == """\
Sequential                                             102 parameters
  layers.0  Conv2d(1, 3, (3, 3), stride=1, padding=1)   30
  layers.1  relu
  layers.2  MaxPool2d(2, stride=2)
  layers.3  Flatten
  layers.4  LayerNorm((12,), eps=1e-05)                 24
  layers.5  Dropout(p=0.5)
  layers.6  Linear(12, 4, bias=False)                   48"""
    )
    assert repr(nn.Linear(2, 1000)) == "Linear(2, 1000)  3,000 parameters"


def test_a_summary_shows_the_shapes_and_leaves_the_model_as_it_was():
    model = small()
    model[5].training = False
    state = model.generators()[0].bit_generator.state
    table = model.summary((1, 4, 4))
    assert (
        table
        == """\
Sequential                                             (N, 4)        102 parameters
  layers.0  Conv2d(1, 3, (3, 3), stride=1, padding=1)  (N, 3, 4, 4)   30
  layers.1  relu                                       (N, 3, 4, 4)
  layers.2  MaxPool2d(2, stride=2)                     (N, 3, 2, 2)
  layers.3  Flatten                                    (N, 12)
  layers.4  LayerNorm((12,), eps=1e-05)                (N, 12)        24
  layers.5  Dropout(p=0.5)                             (N, 12)
  layers.6  Linear(12, 4, bias=False)                  (N, 4)         48"""
    )
    assert [m.training for _, m in model.named_modules()] == [True] * 6 + [False, True]
    assert model.generators()[0].bit_generator.state == state
    with pytest.raises(ag.ShapeError, match="conv2d"):
        model.summary(3)
    assert not any("forward" in vars(m) for _, m in model.named_modules())
    seen = []
    model[1].forward = lambda x: seen.append(x.shape) or nn.relu(x)  # its own, and not lost
    assert model.summary((1, 4, 4)) == table
    assert seen == [(2, 3, 4, 4)]


def test_a_summary_is_made_in_the_mode_for_predictions():
    modes = []

    class Watched(nn.Module):
        def forward(self, x):
            modes.append(self.training)
            return x

    model = Watched()
    assert model.summary((2, 3)) == "Watched  (N, 2, 3)  0 parameters"
    assert modes == [False]
    assert model.training


def test_the_mode_reaches_modules_in_lists_and_dicts():
    class Model(nn.Module):
        def __init__(self):
            self.parts = {"a": [nn.Dropout(0.5)], "b": (nn.Dropout(0.5),)}

    model = Model()
    assert model.eval() is model
    assert [m.training for _, m in model.named_modules()] == [False] * 3
    assert [name for name, _ in model.train().named_modules()] == ["", "parts.a.0", "parts.b.0"]
    assert model.parts["b"][0].training


def test_dropout_drops_in_training_only_and_keeps_the_mean():
    layer, x = nn.Dropout(0.25, rng=0), np.ones((400, 100))
    dropped = layer(x)
    assert set(np.unique(dropped)) == {0.0, 1 / 0.75}
    assert (dropped == 0).mean() == pytest.approx(0.25, abs=0.01)
    assert not np.array_equal(layer(x), dropped)
    np.testing.assert_array_equal(nn.Dropout(0.25, rng=0)(x), dropped)
    assert layer.eval()(x) is x
    for p in (1, -0.1, np.nan):
        with pytest.raises(ValueError, match="from 0 to below 1"):
            nn.Dropout(p)(x)


def test_a_program_with_dropout_is_refused_before_a_mask_is_drawn_and_derived_without():
    model = small(p=1e-9)  # two masks would be the same, and go unnoticed
    state = model.generators()[0].bit_generator.state

    def loss(parameters, X, y):
        return nn.cross_entropy(nn.functional_call(model, parameters, X), y)

    parameters = dict(model.named_parameters())
    with pytest.raises(ag.DataDependentError, match=r"a random mask .*model\.eval\(\)"):
        ag.derive(loss, parameters, X, y)
    assert model.generators()[0].bit_generator.state == state
    model.eval()
    value, gradients = ag.derive(loss, parameters, X, y)(model.state_dict(), X, y)
    eager = nn.cross_entropy(model(X), y)
    eager.backward()
    assert value == pytest.approx(eager.item(), rel=1e-14)
    for name, p in model.named_parameters():
        np.testing.assert_allclose(gradients[name], p.grad, rtol=1e-10, atol=1e-15)


def test_fit_trains_a_model_with_dropout_the_same_with_and_without_a_try_to_derive():
    def trained(derived):
        model = small()
        sgd = ag.optim.SGD(model.parameters(), lr=0.1)
        history = ag.fit(
            model, nn.cross_entropy, (X, y), optimizer=sgd, epochs=3, batch_size=2, rng=0,
            derived=derived,
        )  # fmt: skip
        assert not history.derived
        return model.state_dict()

    a, b = trained(True), trained(False)
    assert all(np.array_equal(a[name], b[name]) for name in a)


def test_a_forward_that_changes_its_module_is_not_derived():
    class Counting(nn.Module):
        def __init__(self, change):
            self.w = Tensor(np.ones(2), requires_grad=True)
            self.mean, self.seen, self.change = np.array([0.0, np.nan]), 0, change

        def forward(self, x):
            self.change(self, x)
            return x * self.w + self.mean

    def rebind(self, x):
        self.seen += 1

    def in_place(self, x):
        self.mean += 1

    def keep(self, x):
        self.last = x

    def nothing(self, x):
        pass

    def derived(change):
        model = Counting(change)
        return ag.derive(
            lambda p, x: np.sum(nn.functional_call(model, p, x)), {"w": np.ones(2)}, np.ones((3, 2))
        )

    derived(nothing)
    for change in (rebind, in_place, keep):
        model = Counting(change)
        nn.functional_call(model, model.state_dict(), np.ones((3, 2)))
        with pytest.raises(ag.DataDependentError, match=r"forward changes (seen|mean|last) of"):
            derived(change)


def test_the_program_of_a_sequential_model_is_that_of_an_mlp():
    mlp = nn.MLP([4, 3, 2], "tanh", rng=0)
    rng = RNG(0)
    model = nn.Sequential(nn.Linear(4, 3, rng=rng), np.tanh, nn.Linear(3, 2, rng=rng))
    assert [p.name for p in model.parameters()] == ["W1", "b1", "W2", "b2"]
    assert [layer.name for layer in model] == ["linear1", "", "linear2"]
    X, y = np.ones((5, 4)), np.zeros(5, int)
    sources = [
        ag.derive(
            lambda p, X, y, m=m: nn.cross_entropy(nn.functional_call(m, p, X), y),
            dict(m.named_parameters()),
            X,
            y,
        ).source.replace("layers.2", "layers.1")
        for m in (mlp, model)
    ]
    assert sources[0] == sources[1]
    assert "A1 = np.tanh(Z1)" in sources[1]
    assert len(model) == 3
    np.testing.assert_array_equal(model(X).data, mlp(X).data)


def test_a_name_that_a_user_gave_is_kept():
    model = nn.Sequential(nn.Linear(2, 2, name="in"), nn.Linear(2, 1))
    assert [p.name for p in model.parameters()] == ["Win", "bin", "W2", "b2"]
    x = Tensor(np.ones((3, 2)), name="x")
    nn.Sequential(nn.Dropout(0.5).eval(), lambda x: x)(x)
    assert x.name == "x"


@pytest.mark.parametrize(
    ("layers", "text"), [(([nn.relu],), r"Sequential\(\*layers\)"), ((nn.Flatten,), r"Flatten\(\)")]
)
def test_what_is_no_layer_is_refused_with_the_way_out(layers, text):
    with pytest.raises(TypeError, match=text):
        nn.Sequential(*layers)


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1), ((2, 1), (0, 2))])
def test_a_convolution_is_the_sum_of_products_at_each_place(stride, padding):
    layer = nn.Conv2d(2, 3, (3, 2), stride, padding, rng=0)
    layer.b.data = np.array([1.0, -2.0, 0.5])
    x = RNG(0).standard_normal((2, 2, 6, 5))
    (down, right), (up, left) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    padded = np.pad(x, ((0, 0), (0, 0), (up, up), (left, left)))
    found = layer(x).data
    assert found.shape[2:] == ((6 + 2 * up - 3) // down + 1, (5 + 2 * left - 2) // right + 1)
    for n, k, i, j in np.ndindex(*found.shape):
        window = padded[n, :, i * down : i * down + 3, j * right : j * right + 2]
        expected = np.vdot(window, layer.W.data[k]) + layer.b.data[k]
        assert found[n, k, i, j] == pytest.approx(expected, rel=1e-13, abs=1e-14)


def test_pooling_takes_the_largest_and_ignores_the_rest_of_the_border():
    x = RNG(0).standard_normal((2, 3, 5, 7))
    found = nn.MaxPool2d(2)(x)
    assert found.shape == (2, 3, 2, 3)
    for n, c, i, j in np.ndindex(*found.shape):
        assert found[n, c, i, j] == x[n, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max()
    assert nn.MaxPool2d((3, 2), stride=1)(x).shape == (2, 3, 3, 6)


def test_layer_norm_normalises_samples_and_refuses_others():
    layer = nn.LayerNorm((2, 3), dtype=np.float32)
    assert (layer.gamma.shape, layer.beta.dtype) == ((2, 3), np.float32)
    x = RNG(0).standard_normal((4, 2, 3)) * 5 + 3
    layer.gamma.data, layer.beta.data = np.arange(6.0).reshape(2, 3), np.full((2, 3), 0.5)
    mean, var = x.mean(axis=(1, 2), keepdims=True), x.var(axis=(1, 2), keepdims=True)
    expected = (x - mean) / np.sqrt(var + 1e-5) * layer.gamma.data + 0.5
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-12)
    with pytest.raises(ag.ShapeError, match=r"LayerNorm of \(1,\): samples of shape \(4, 5\)"):
        nn.LayerNorm(1)(np.ones((4, 5)))
    with pytest.raises(ag.ShapeError, match="end otherwise"):
        nn.LayerNorm((2, 3))(np.ones(3))


def test_flatten_keeps_samples_even_where_there_are_none():
    assert nn.Flatten()(np.ones((4, 2, 3))).shape == (4, 6)
    assert nn.Flatten()(np.ones((0, 2, 3))).shape == (0, 6)
    assert nn.Flatten()(np.ones(4)).shape == (4, 1)


def test_the_gradients_of_all_layers_agree_with_differences():
    model = small().eval()
    names = [name for name, _ in model.named_parameters()]

    def loss(*values):
        out = nn.functional_call(model, dict(zip(names, values, strict=True)), X)
        return nn.cross_entropy(out, y)

    assert ag.gradcheck(loss, *(p.data for p in model.parameters()))


def test_float32_stays_float32():
    model = nn.Sequential(
        nn.Linear(3, 4, init=nn.init.orthogonal, dtype=np.float32), nn.gelu,
        nn.LayerNorm(4, dtype="f4"), nn.Dropout(0.5),
    )  # fmt: skip
    assert {p.dtype for p in model.parameters()} == {np.dtype(np.float32)}
    assert model(np.ones((2, 3), np.float32)).dtype == np.float32


def test_tied_layers_train_as_one():
    class Tied(nn.Module):
        def __init__(self):
            self.a = nn.Linear(2, 2, rng=0)
            self.b = self.a
            self.whole = self  # a cycle

        def forward(self, x):
            return self.b(np.tanh(self.a(x)))

    def trained(derived):
        model = Tied()
        assert [name for name, _ in model.named_parameters()] == ["a.W", "a.b"]
        sgd = ag.optim.SGD(model.parameters(), lr=0.5)
        data = np.eye(2), np.array([1, 0])
        ag.fit(model, nn.cross_entropy, data, optimizer=sgd, epochs=2, derived=derived)
        return model.state_dict()

    a, b = trained(True), trained(False)
    assert list(a) == ["a.W", "a.b"]
    for name in a:
        np.testing.assert_allclose(a[name], b[name], rtol=1e-13)
    assert not np.allclose(a["a.W"], Tied().a.W.data)


def test_constant_tensors_are_state_and_what_was_computed_is_not():
    class Model(nn.Module):
        def __init__(self):
            self.w = Tensor([1.0], requires_grad=True)
            self.frozen = Tensor([2.0])

        def forward(self, x):
            self.last = x * self.w * self.frozen
            return self.last

    model = Model()
    model(np.ones(1))
    assert list(model.state_dict()) == ["w", "frozen"]
    last = model.last
    assert model.summary(1) == "Model  (N, 1)  1 parameter"
    assert model.last is last
    assert [name for name, _ in model.named_parameters()] == ["w"]
    w, frozen = np.array([3.0]), np.array([5.0])
    assert nn.functional_call(model, {"w": w}, 1.0) == 6
    assert nn.functional_call(model, {"w": w, "frozen": frozen}, 1.0) == 15
    with pytest.raises(KeyError, match="functional_call: missing w; unexpected last"):
        nn.functional_call(model, {"last": w}, 1.0)
    with pytest.raises(ag.ShapeError, match=r"wrong shapes: w \(\) for \(1,\)"):
        nn.functional_call(model, {"w": 3.0}, 1.0)
    assert model.w.item() == 1


def test_a_state_is_refused_whole_with_all_that_is_wrong():
    model = nn.MLP([3, 2], rng=0)
    before = model.state_dict()
    with pytest.raises(
        KeyError,
        match=r"missing layers.0.b; unexpected c; wrong shapes: layers.0.W \(2,\) for \(3, 2\)",
    ):
        model.load_state_dict({"layers.0.W": np.ones(2), "c": 1})
    for wrong in (np.full(2, 1j), np.array(["a", "b"])):
        with pytest.raises(TypeError, match=r"layers\.0\.b is of .*, not float64"):
            model.load_state_dict({"layers.0.W": np.ones((3, 2)), "layers.0.b": wrong})
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    model.load_state_dict(nn.MLP([3, 2], rng=1).state_dict() | {"layers.0.b": Tensor([1.0, 2.0])})
    np.testing.assert_array_equal(model.layers[0].b.data, [1, 2])


def test_models_are_copied_and_pickled_with_their_parameters():
    model = nn.MLP([3, 2], rng=0)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other.layers[0].W is not model.layers[0].W
        np.testing.assert_array_equal(other(np.ones(3)).data, model(np.ones(3)).data)


FANS = {"in": 300, "out": 200, "average": 250}
VARIANCES = {
    "kaiming_normal": 2 / 300,
    "kaiming_uniform": 2 / 300,
    "lecun_normal": 1 / 300,
    "lecun_uniform": 1 / 300,
    "xavier_normal": 2 / 500,
    "xavier_uniform": 2 / 500,
}


@pytest.mark.parametrize("name", VARIANCES)
@pytest.mark.parametrize("shape", [(300, 200), (50, 75, 2, 2)], ids=["rows", "kernels"])
def test_initial_weights_have_the_variance_and_the_distribution_of_their_name(name, shape):
    draw, expected = getattr(nn.init, name), VARIANCES[name]
    w = draw(shape, rng=0)
    assert (w.shape, nn.init.fans(shape)) == (shape, (300, 200))
    assert abs(w.mean()) < 4 * np.sqrt(expected / w.size)
    assert w.var() == pytest.approx(expected, rel=0.02)
    kurtosis = (w**4).mean() / w.var() ** 2
    assert kurtosis == pytest.approx(1.8 if name.endswith("uniform") else 3, rel=0.04)
    if name.endswith("uniform"):
        assert np.abs(w).max() <= np.sqrt(3 * expected)
    np.testing.assert_array_equal(draw(shape, rng=0), w)


@pytest.mark.parametrize("fan", FANS)
def test_a_gain_and_a_fan_can_be_chosen(fan):
    w = nn.init.scaled((300, 200), fan=fan, gain=3.0, rng=0)
    assert w.var() == pytest.approx(9 / FANS[fan], rel=0.02)


@pytest.mark.parametrize("shape", [(5, 8), (8, 5), (4, 2, 3, 3)])
def test_orthogonal_weights_are_orthonormal_times_the_gain(shape):
    w = nn.init.orthogonal(shape, gain=2.0, rng=0).reshape(shape[0], -1)
    gram = w @ w.T if len(w) <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-13)


def test_orthogonal_weights_have_no_preferred_sign():
    diagonals = [np.diag(nn.init.orthogonal((3, 3), rng=seed)) for seed in range(300)]
    np.testing.assert_allclose(np.mean(diagonals, axis=0), 0, atol=0.15)


def test_rectifiers_keep_the_mean_square_from_layer_to_layer():
    model = nn.MLP([200] * 6, rng=0)
    x = RNG(0).standard_normal((100, 200))
    assert np.mean(model(x).data ** 2) == pytest.approx(2, rel=0.5)  # the last is not rectified
    assert np.var(nn.MLP([300, 200], "tanh", rng=0).layers[0].W.data) < 1.1 / 300


def test_a_layer_takes_a_function_that_draws_its_weights():
    assert not nn.Linear(3, 2, init=nn.init.zeros).W.data.any()
    assert (nn.Linear(3, 2, init=lambda shape, rng, dtype: np.full(shape, 2.0)).W.data == 2).all()
    assert nn.Linear(3, 2, False).b is None
    with pytest.raises(ValueError, match=r"shape \(2,\), and \(3, 2\) is wanted"):
        nn.Linear(3, 2, init=lambda shape, rng, dtype: np.ones(2))
    with pytest.raises(ValueError, match=r"all positive, not \(0, 2\)"):
        nn.Linear(0, 2)


def test_parameters_may_be_nested_dicts_of_arrays_without_a_module():
    model = nn.MLP([16, 3, 4], "tanh", rng=0)
    W1, b1, W2, b2 = (p.data for p in model.parameters())
    params = {"hidden": {"W": W1, "b": b1}, "out": [W2, b2]}
    rows = X.reshape(5, 16)

    def loss(params, x, y):
        return nn.cross_entropy(
            ag.linear(np.tanh(ag.linear(x, **params["hidden"])), *params["out"]), y
        )

    nn.cross_entropy(model(rows), y).backward()
    for step in (ag.value_and_grad(loss), ag.derive(loss, params, rows, y)):
        _, gradients = step(params, rows, y)
        found = [gradients["hidden"]["W"], gradients["hidden"]["b"], *gradients["out"]]
        for p, g in zip(model.parameters(), found, strict=True):
            np.testing.assert_allclose(g, p.grad, rtol=1e-12, atol=1e-15)


def test_ten_lines_make_a_layer_of_ones_own():
    class Residual(nn.Module):
        def __init__(self, width, rng=None):
            self.inner = nn.Linear(width, width, rng=rng)
            self.scale = Tensor(0.1, requires_grad=True, name="scale")

        def forward(self, x):
            return x + self.scale * nn.silu(self.inner(x))

    model = nn.Sequential(Residual(3, rng=0), nn.Linear(3, 1, rng=0))
    assert (
        model.summary(3)
        == """\
Sequential                      (N, 1)  17 parameters
  layers.0  Residual            (N, 3)  13
  layers.0.inner  Linear(3, 3)  (N, 3)  12
  layers.1  Linear(3, 1)        (N, 1)   4"""
    )
    step = ag.derive(
        lambda p, x: np.sum(nn.functional_call(model, p, x)),
        dict(model.named_parameters()),
        np.ones((2, 3)),
    )
    assert "scale1 *" in step.source


def test_an_initialiser_by_name_is_told_to_be_a_function():
    with pytest.raises(TypeError, match=r"nn\.init\.kaiming_normal, not 'kaiming_normal'"):
        nn.Linear(3, 2, init="kaiming_normal")


def test_parts_are_called_by_their_attributes_and_those_of_a_list_by_number():
    class Block(nn.Module):
        def __init__(self):
            self.first, self.second = nn.Linear(3, 3, rng=0), nn.Linear(3, 3, rng=1)
            self.own = nn.Linear(3, 3, rng=2, name="_own")

        def forward(self, x):
            return self.own(self.second(nn.relu(self.first(x))))

    class Net(nn.Module):
        def __init__(self):
            self.blocks = [Block(), Block()]
            self.pool = nn.Flatten()

        def forward(self, x):
            for block in self.blocks:
                x = block(x)
            return self.pool(x)

    y = Net()(np.ones((2, 3)))
    scopes = list(dict.fromkeys(str(x.scope) for x in ag.tape(y) if x.op and x.scope))
    blocks = [f"Net.Block{i}" for i in (1, 2)]
    parts = [part for b in blocks for part in (f"{b}.first", b, f"{b}.second", f"{b}.linear_own")]
    assert scopes == [*parts, "Net.pool"]
    source = ag.draw(y).source
    assert all(name in source for name in ("Block1", "Block2", "first", "second", "linear_own"))


def test_one_layer_used_twice_is_one_part_and_two_alike_in_a_sequence_are_two():
    twice = nn.MaxPool2d(1)
    model = nn.Sequential(nn.Conv2d(1, 1, 1, rng=0), twice, twice, nn.MaxPool2d(1))
    scopes = dict.fromkeys(str(x.scope) for x in ag.tape(model(np.ones((1, 1, 2, 2)))) if x.op)
    assert list(scopes) == [f"Sequential.{x}" for x in ("conv1", "MaxPool2d1", "MaxPool2d2")]
