"""The layers of the package: imports point down only."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_lite

PACKAGE = Path(autograd_lite.__file__).parent

LAYERS = [
    {"errors", "files"},
    {"arguments", "data", "mode", "sums", "timing", "tree"},
    {"op", "sweep"},
    {"arithmetic"},
    {"assignment"},
    {"tensor"},
    {"declare"},
    {"rules"},
    {"derivatives"},
    {"creation", "custom", "differences", "local", "operators", "scipy"},
    {"nn", "optim", "derivation"},
    {"drawing", "plots"},
    {"training", "audit", "referee"},
    {"commands", "selfcheck", "demo"},
    {"cli"},
    {"__init__", "__main__"},
]


def imported_parts(path):
    """The parts of the package that a file imports, by its own part's name and theirs."""
    inside = path.relative_to(PACKAGE).parts
    tree = ast.parse(path.read_text())
    # What only type checkers see is no import.
    seen = [node for node in tree.body if not ast.unparse(node).startswith("if TYPE_CHECKING")]
    tree.body = seen
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "autograd_lite":
                    yield alias.name.split(".")[1] if "." in alias.name else "the package itself"
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = [*inside[: len(inside) - node.level], *(node.module or "").split(".")]
            base = [part for part in base if part]
            yield from [base[0]] if base else [alias.name for alias in node.names]


def part(path):
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path):
    here = part(path)
    if here == "closed_form":
        assert set(imported_parts(path)) <= {"closed_form"}
        return
    level = next(i for i, layer in enumerate(LAYERS) if here in layer)
    below = set().union(*LAYERS[:level]) | {here, "closed_form"}
    if here in {"selfcheck", "__init__"}:
        below |= {"the package itself"}
    assert set(imported_parts(path)) <= below


def test_the_formulas_import_nothing_but_numpy():
    for path in (PACKAGE / "closed_form").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            outside = {name.split(".")[0] for name in names}
            assert outside <= {"numpy", *sys.stdlib_module_names}


def test_importing_the_package_loads_no_optional_library():
    code = "import sys, autograd_lite; print({'graphviz', 'tqdm', 'scipy'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"


def test_the_package_is_small_enough_to_read_in_an_afternoon():
    lines = {path: len(path.read_text().splitlines()) for path in FILES}
    engine = ("op", "sweep", "arithmetic", "assignment", "tensor", "declare", "derivatives")
    assert sum(lines[PACKAGE / f"{name}.py"] for name in engine) < 1600
    claims = PACKAGE / "audit" / "claims"  # a list of statements, read beside their papers
    assert max(n for path, n in lines.items() if path.parent != claims) <= 450


def test_the_names_that_type_checkers_see_are_those_that_there_are():
    seen = ast.parse((PACKAGE / "__init__.pyi").read_text())
    imported = [n for n in seen.body if isinstance(n, ast.ImportFrom)]
    homes = {alias.name: n.module for n in imported for alias in n.names}
    assert sorted(homes) == sorted(autograd_lite.__all__)
    for name, home in homes.items():
        where = f"autograd_lite.{home}" if home else "autograd_lite"
        assert getattr(autograd_lite, name) is getattr(importlib.import_module(where), name)


def test_a_name_that_there_is_not_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'autograd_lite' has no attribute 'gard'"):
        autograd_lite.gard  # noqa: B018


def test_importing_the_package_leaves_what_the_engine_does_not_need():
    code = "import sys, autograd_lite; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {m.split(".")[1] for m in out.stdout.split() if m.startswith("autograd_lite.")}
    engine = {"arithmetic", "assignment", "declare", "errors", "mode"}
    engine |= {"op", "rules", "sums", "sweep", "tensor"}
    assert ours == engine
