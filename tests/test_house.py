"""The rules of the house, checked by machine: sizes, docstrings, imports, names."""

import ast
import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("schemas", "features", "models", "pool", "runtime", "pipelines", "reports", "workbench", "simulate")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
BELOW = {
    "schemas": set(),
    "features": {"schemas"},
    "models": {"schemas"},
    "pool": {"schemas"},
    "runtime": {"schemas"},
    "simulate": {"schemas"},
    "pipelines": set(PACKAGES) - {"pipelines", "workbench"},
    "workbench": set(PACKAGES) - {"workbench", "simulate"},
    "reports": {"features", "models", "pool", "runtime", "schemas"},
}
ONLY_IN = {
    "dagster": re.compile(r"pipelines/dagster_face\.py"),
    "mlflow": re.compile(r"models/registry\.py"),
    "great_expectations": re.compile(r"schemas/expectations\.py"),
    "sqlalchemy": re.compile(r"pool/store\w*\.py"),
    "starlette": re.compile(r"workbench/\w+\.py"),
    "pyspark": re.compile(r"\w+/spark\w*\.py|runtime/.*|pipelines/.*"),
}
MOST_LINES = 300
MOST_FUNCTION_LINES = 50


def relative(path: Path) -> str:
    """Give a path as it stands in the tree."""
    return str(path.relative_to(ROOT))


def imports(tree: ast.Module) -> Iterator[str]:
    """Give the top-level package of every import, those under TYPE_CHECKING and inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Give every function of a module."""
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_module_keeps_the_size_of_one_idea(path: Path) -> None:
    """No file over 300 lines, no function over 50."""
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    long = [
        node.name
        for node in functions(ast.parse(text))
        if node.end_lineno and node.end_lineno - node.lineno >= MOST_FUNCTION_LINES
    ]
    assert long == []


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_imports_go_down_and_engines_stay_in_their_files(path: Path) -> None:
    """Three floors, siblings apart; each foreign engine only where the design lets it."""
    used = set(imports(ast.parse(path.read_text("utf-8"))))
    package = path.relative_to(ROOT).parts[0]
    assert used & set(PACKAGES) <= BELOW[package] | {package}
    misplaced = [name for name, where in ONLY_IN.items() if name in used and not where.fullmatch(relative(path))]
    assert misplaced == []


def test_no_module_imports_itself_in_a_circle() -> None:
    """No circle between modules, not even under TYPE_CHECKING."""
    graph = {_module(path): set(_our_modules(path)) for path in SOURCES}
    done: set[str] = set()

    def walk(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, " -> ".join((*above, module))
        if module not in done:
            for other in graph.get(module, set()):
                walk(other, (*above, module))
            done.add(module)

    for module in graph:
        walk(module, ())


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _our_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found = [name for name in names if (ROOT / (name.replace(".", "/") + ".py")).exists()]
            yield from found or [node.module]
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in PACKAGES)


def test_our_package_names_are_ours_alone() -> None:
    """Flat packages: no other distribution may install one of our names."""
    owners = importlib.metadata.packages_distributions()
    assert {name: set(owners.get(name, [])) - {"poolwright"} for name in PACKAGES} == {name: set() for name in PACKAGES}


def test_notebooks_define_nothing() -> None:
    """What deserves a name moves to a package."""
    for path in (ROOT / "notebooks").glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)], path.name


def test_nothing_names_an_index_or_a_machine() -> None:
    """No package index address and no machine path stands in the project."""
    forbidden = re.compile(r"--index-url|--extra-index-url|files\.pythonhosted|/home/[a-z]|/roo[t]/|/wor[k]/")
    texts = [path for path in ROOT.rglob("*") if path.suffix in {".py", ".toml", ".lock", ".yaml", ".md", ".sh"}]
    skipped = {".venv", "build", "demo", "dist", "workspace", ".git"}
    guilty = [
        relative(path)
        for path in texts
        if not skipped & set(path.relative_to(ROOT).parts)
        and path != Path(__file__).resolve()
        and forbidden.search(path.read_text("utf-8", errors="replace"))
    ]
    assert guilty == []
