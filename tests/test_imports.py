"""Imports run one way, without circles, and no private door of another library is used."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Set
from pathlib import Path

import pytest
from conftest import PROJECT

FLOORS = ("ingest", "load_profile", "dagster_defs")  # each may import those before it
FILES = [path for floor in FLOORS for path in sorted((PROJECT / floor).rglob("*.py"))]


def name_of(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, *, at_start: bool) -> Iterator[str]:
    """Every module, or name of a module, that a file imports; or those on being imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = list(_outside_of_functions(tree)) if at_start else list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _outside_of_functions(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        is_for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if not is_for_types and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
            yield from _outside_of_functions(node)


def needs_of(path: Path, modules: Set[str]) -> set[str]:
    """The modules of ours that a file needs on being imported."""
    found = set()
    for name in imports(path, at_start=True):
        found |= {name, name.rpartition(".")[0]} & modules if name not in modules else {name}
    return found


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_module_imports_from_a_floor_above_its_own(path):
    floor = path.relative_to(PROJECT).parts[0]
    above = FLOORS[FLOORS.index(floor) + 1 :]
    assert not [name for name in imports(path, at_start=False) if name.split(".")[0] in above]


def test_no_modules_import_each_other_in_a_circle():
    modules = {name_of(path): path for path in FILES}
    needs = {name: needs_of(path, modules.keys()) - {name} for name, path in modules.items()}
    while free := {name for name, of in needs.items() if not of}:
        needs = {name: of - free for name, of in needs.items() if name not in free}
    assert not needs


def test_a_run_of_classic_files_need_not_wait_for_what_reads_the_others():
    heavy = ("numpy", "pandas", "pydantic", "pydifact", "aemo_mdff_reader")
    code = f"import ingest.load_files, sys; print([x for x in {heavy} if x in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_private_door_of_another_library_is_used(path):
    for name in imports(path, at_start=False):
        parts = name.split(".")
        is_private = any(part.startswith("_") and part != "__future__" for part in parts)
        assert not is_private or parts[0] in FLOORS, name
        assert name != "multiprocessing.connection", name
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            assert node.attr != "__class__" or isinstance(node.ctx, ast.Load), ast.unparse(node)
            assert ast.unparse(node) != "sys.modules", f"{path}:{node.lineno}"
