"""Every block of the README runs and prints what it says."""

import doctest
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
PYTHON = [code for language, code in BLOCKS if language == "python"]


def test_the_readme_has_blocks_of_known_languages_only():
    assert len(PYTHON) >= 3
    assert {language for language, _ in BLOCKS} <= {"python", "sh", "text"}


def test_python_blocks_print_what_they_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    runner = doctest.DocTestRunner(optionflags=flags)
    names: dict[str, object] = {}
    report: list[str] = []
    for i, code in enumerate(PYTHON):
        block = doctest.DocTestParser().get_doctest(code, names, f"block {i}", "README.md", 0)
        assert block.examples
        runner.run(block, out=report.append, clear_globs=False)
        names = block.globs
    assert not report, "".join(report)


def test_the_integration_script_runs_every_shell_block():
    assert sum(language == "sh" for language, _ in BLOCKS) == 2
    assert "README.md" in (ROOT / ".ci" / "run").read_text()


def test_the_pictures_of_the_readme_are_there():
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).exists()
