"""Machine code is cached, but never survives a change of the engine's source."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import toolkit
from toolkit.engine.compiler import source_digest
from toolkit.engine.inference import hashing, kernel
from toolkit.engine.training import ngrams, products, units

ENGINE = Path(toolkit.__file__).parent / "engine"
MODULES = (kernel, hashing, units, ngrams, products)


def run(code, cwd=None, **environment):
    """Return what code prints in another process, whose folder is the first that it imports from."""
    command, environment = [sys.executable, "-c", code], {**os.environ, **environment}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def compiled_functions(module):
    return [
        value for value in vars(module).values() if hasattr(value, "py_func") and value.__module__ == module.__name__
    ]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_functions_are_named_after_the_source_of_the_whole_engine(module):
    functions = compiled_functions(module)
    assert functions
    for function in functions:
        assert function.py_func.__qualname__ == f"{function.py_func.__name__}_{source_digest()}"


def test_cache_files_are_named_after_the_source_of_the_whole_engine():
    kernel.mix(1)
    assert list(Path(kernel.mix.stats.cache_path).glob(f"kernel.mix_{source_digest()}-*.nbi"))


def test_digest_changes_with_the_content_the_name_and_the_number_of_files(tmp_path):
    digests = set()
    for name, content in (("a.py", "x = 1"), ("a.py", "x = 2"), ("b.py", "x = 2"), ("part/b.py", "x = 2")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
        digests.add(source_digest(tmp_path))
    assert len(digests) == 4
    (tmp_path / "notes.txt").write_text("not source")
    assert source_digest(tmp_path) in digests


def test_machine_code_takes_nothing_from_outside_of_the_engine():
    # Other code could change without changing the names of cache files.
    compiled_files = [path for path in ENGINE.rglob("*.py") if "toolkit.engine.compiler import" in path.read_text()]
    assert {path.stem for path in compiled_files} == {module.__name__.rpartition(".")[2] for module in MODULES}
    for path in compiled_files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("toolkit"):
                assert node.module.startswith("toolkit.engine."), (path, node.module)


@pytest.mark.slow
def test_change_in_another_file_is_not_answered_from_the_cache(tmp_path):
    shutil.copytree(ENGINE.parent, tmp_path / "toolkit", ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        "from toolkit.engine.inference.kernel import first_sum;"
        "print(first_sum(3, 1), sum(first_sum.stats.cache_hits.values()))"
    )
    cache = str(tmp_path / "cache")
    assert [run(code, tmp_path, NUMBA_CACHE_DIR=cache) for _ in range(2)] == ["8 0", "8 1"]
    # A record's sums start at the next multiple of this constant, which the kernel imports.
    intrinsics = tmp_path / "toolkit/engine/intrinsics.py"
    intrinsics.write_text(intrinsics.read_text().replace("\nLINE = 8\n", "\nLINE = 16\n"))
    assert run(code, tmp_path, NUMBA_CACHE_DIR=cache) == "16 0"


@pytest.mark.slow
def test_function_is_compiled_where_nothing_can_be_cached():
    code = (
        "from toolkit.engine.inference import kernel;print(kernel.mix.stats.cache_path, kernel.mix(1) == kernel.mix(1))"
    )
    # This class finds a folder only for packages in a zip file.
    assert run(code, NUMBA_CACHE_LOCATOR_CLASSES="ZipCacheLocator") == "None True"


@pytest.mark.slow
def test_code_that_checks_its_indexes_is_not_cached():
    code = (
        "from toolkit.engine.inference import hashing, kernel;"
        "print(kernel.score.stats.cache_path, hashing.score_hashed.stats.cache_path)"
    )
    assert run(code, NUMBA_BOUNDSCHECK="1") == "None None"
