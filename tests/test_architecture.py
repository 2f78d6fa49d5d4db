"""The map lists every file of the package, in the words of the package itself, and no document names a lost file.

``python -m tests.test_architecture`` writes the list of files into docs/architecture.md again.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAP = ROOT / "docs/architecture.md"
BEGIN, END = "<!-- begin: list of files -->\n", "<!-- end: list of files -->\n"
# From the command line down to the errors: imports run in this direction.
ORDER = ("cli", "comparison", "experiment", "pages", "analysis", "models", "corpus", "engine", "engine/inference")
ORDER += ("engine/training", "config", "files", "statistics", "estimators")


def first_line(path):
    """Return the first line of a module's docstring."""
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def listed_lines(package):
    """Return the line of each file in the docstring of its package, in reading order."""
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    items = re.findall(r"^- ``(\w+)``: (.+(?:\n  .+)*)", text, re.MULTILINE)
    return {name: re.sub(r"\s+", " ", line).rstrip(".") for name, line in items}


def list_package(folder):
    package = ROOT / "toolkit" / folder
    lines = listed_lines(package)
    files = {path.stem: path for path in sorted(package.glob("*.py")) if path.stem != "__init__"}
    order = sorted(files, key=lambda name: list(lines).index(name) if name in lines else len(lines))
    title = first_line(package / "__init__.py")
    body = "\n".join(f"- `{name}.py`: {lines.get(name) or first_line(files[name]).rstrip('.')}" for name in order)
    return f"### toolkit/{folder}/\n\n{title}\n\n{body}\n".replace("``", "`")


def list_files():
    top = {path.stem: path for path in sorted((ROOT / "toolkit").glob("*.py"))}
    body = "\n".join(f"- `{path.name}`: {first_line(path).rstrip('.')}" for path in top.values())
    return "\n".join([f"### toolkit/\n\n{body}\n".replace("``", "`"), *map(list_package, ORDER)])


def test_every_package_is_on_the_map():
    top = ROOT / "toolkit"
    packages = {path.parent.relative_to(top).as_posix() for path in top.glob("*/**/__init__.py")}
    assert packages == set(ORDER)


def test_map_lists_every_file_in_the_words_of_its_package():
    text = MAP.read_text(encoding="utf-8")
    assert text[text.index(BEGIN) + len(BEGIN) : text.index(END)] == f"\n{list_files()}\n"


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/reports.md", "docs/priors.md"]
)
def test_documents_name_only_files_that_exist(document):
    named = set(re.findall(r"`((?:toolkit|tests|docs|data|experiments)/[\w./-]*)`", (ROOT / document).read_text()))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


if __name__ == "__main__":
    text = MAP.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    MAP.write_text(f"{before}\n{list_files()}\n{after}", encoding="utf-8", newline="\n")
