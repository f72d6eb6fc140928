"""The examples in docstrings print what they say."""

import doctest
import importlib
import pkgutil

import pytest

import autograd_lite

MODULES = [
    info.name
    for info in pkgutil.walk_packages(autograd_lite.__path__, "autograd_lite.")
    if not info.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_the_module(name):
    if name.startswith("autograd_lite.scipy"):
        pytest.importorskip("scipy")
    module = importlib.import_module(name)
    names = {"np": importlib.import_module("numpy")}
    result = doctest.testmod(module, extraglobs=names, optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


def test_examples_were_tried():
    modules = [importlib.import_module(name) for name in MODULES]
    tests = [t for m in modules for t in doctest.DocTestFinder().find(m) if t.examples]
    assert len(tests) >= 8
