"""What all tests share."""

import contextlib

import pytest
from hypothesis import settings

from autograd_lite.op import COMPOSED, OPS

settings.register_profile("without deadlines", deadline=None)  # machines are noisy
settings.load_profile("without deadlines")

with contextlib.suppress(ImportError):
    import autograd_lite.scipy  # noqa: F401  # its rules are registered once, before any snapshot


@pytest.fixture(autouse=True)
def _the_registry_is_put_back():
    """Forget the ops that a test declares."""
    before = dict(OPS), dict(COMPOSED)
    yield
    for registry, kept in zip((OPS, COMPOSED), before, strict=True):
        registry.clear()
        registry.update(kept)
