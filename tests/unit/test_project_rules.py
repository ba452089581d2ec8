"""The daemon rules a machine can check: the map is true, files say what they are for, rooms stay small."""

import ast
import configparser
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "flexmaild").rglob("*.py"))
LARGEST_MODULE = 350
SMALLEST_MODULE = 40
LARGEST_FUNCTION = 60
LARGEST_PACKAGE = 24
LARGEST_HEAD = 12
# A path in back quotes, under one of these tops, is taken for a path of this repository.
TOPS = ("flexmaild", "docs", "tests", "config", "systemd", "packaging", ".ci")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def requirement_names(text: str) -> set[str]:
    names = {
        re.split(r"[<>=!~\[; ]", line.strip(), maxsplit=1)[0] for line in text.splitlines() if line.strip()
    }
    return {name.lower().replace("_", "-").replace(".", "-") for name in names}


@pytest.fixture(scope="module")
def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg")
    return parser


@pytest.mark.parametrize(
    "page",
    ["docs/architecture.md", "docs/understanding.md", "CONTRIBUTING.md", "docs/operating.md", "README.md"],
)
def test_every_path_a_page_names_exists(page: str) -> None:
    """A page that names a file or room of this repository names one that is there."""
    text = (ROOT / page).read_text()
    named = {word for word in re.findall(r"`([\w./-]+)`", text) if "/" in word and word.split("/")[0] in TOPS}
    named |= {
        f"flexmaild/{word}"
        for word in re.findall(
            r"`((?:core|mail|settings|net|transports|sinks|store|control|observe|daemon|cli)/[\w./-]*)`", text
        )
    }
    # "core.naming", but not "store.url", which is a setting.
    named |= {f"flexmaild/{word.replace('.', '/')}" for word in re.findall(r"`((?:core|engine)\.\w+)`", text)}
    missing = [
        name for name in sorted(named) if not (ROOT / name).exists() and not (ROOT / f"{name}.py").exists()
    ]
    assert missing == []


def test_the_architecture_page_names_every_package() -> None:
    """Each package has its row, and each package inside it is named in that row."""
    page = (ROOT / "docs/architecture.md").read_text()
    rows = dict(re.findall(r"^\| `flexmaild/(\w+)/` \| ([^|]+) \| [^|]+ \|$", page, re.MULTILINE))
    packages = [
        init.parent.relative_to(ROOT / "flexmaild").parts for init in MODULES if init.stem == "__init__"
    ]
    assert {parts[0] for parts in packages if parts} == set(rows)
    inner = [parts for parts in packages if len(parts) > 1 and parts[1:] != ("migrations", "versions")]
    assert ["/".join(parts) for parts in inner if f"`{parts[-1]}`" not in rows[parts[0]]] == []


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs").glob("*.md")) + sorted(ROOT.glob("*.md")), ids=relative
)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    """A relative link in a page points at a file of this repository."""
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    assert [t for t in targets if "://" not in t and ":" not in t and not (page.parent / t).exists()] == []


def wrong(is_right: Callable[[Path], object], modules: Iterable[Path] = MODULES) -> list[str]:
    """The modules that are not as they should be."""
    return [relative(module) for module in modules if not is_right(module)]


def test_a_module_says_what_it_is_for() -> None:
    """Every module that holds code begins with a docstring whose first paragraph ends as a sentence."""

    def is_right(module: Path) -> bool:
        tree = ast.parse(module.read_text())
        head = ast.get_docstring(tree) or ""
        ends = head.split("\n\n")[0].rstrip().endswith((".", ":"))
        return not tree.body or (ends and len(head.splitlines()) <= LARGEST_HEAD)

    assert wrong(is_right) == []


def test_a_module_stays_short() -> None:
    """Modules stay under the limit; what grows beyond it has two purposes."""
    assert wrong(lambda module: len(module.read_text().splitlines()) <= LARGEST_MODULE) == []


def test_a_small_module_says_why_it_stands_apart() -> None:
    """One that is shorter belongs into another, unless its head gives the reason ("Apart, since …")."""
    own = [
        m for m in MODULES if m.stem not in ("__init__", "__main__", "env") and m.parent.name != "versions"
    ]
    small = [m for m in own if len(m.read_text().splitlines()) < SMALLEST_MODULE]
    assert (
        wrong(lambda m: re.search(r"\b[Aa]part\b", ast.get_docstring(ast.parse(m.read_text())) or ""), small)
        == []
    )


def test_a_function_stays_short() -> None:
    """What is longer does more than one thing."""
    long = [
        f"{relative(module)}: {node.name}"
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LARGEST_FUNCTION
    ]
    assert long == []


def test_a_package_stays_small() -> None:
    """A folder with more files has no order."""
    sizes = Counter(relative(module.parent) for module in MODULES if module.stem != "__init__")
    assert {package: number for package, number in sizes.items() if number > LARGEST_PACKAGE} == {}


def test_a_module_is_named_after_its_purpose() -> None:
    """No module is called after merely being useful."""
    assert wrong(lambda module: module.stem not in ("utils", "util", "helpers", "common", "misc")) == []


def test_core_and_mail_read_no_clock() -> None:
    """What decides is told the time; it never asks for it."""
    clocks = re.compile(r"\b(?:datetime\.now|datetime\.utcnow|date\.today|time\.time|uuid4|token_\w+)\(")
    deciding = [module for module in MODULES if module.parts[-2] in ("core", "mail")]
    assert deciding and wrong(lambda module: not clocks.search(module.read_text()), deciding) == []


def test_every_dependency_has_a_line_of_reason(setup_cfg: configparser.ConfigParser) -> None:
    """docs/dependencies.md names exactly the packages of setup.cfg, each with reason and licence."""
    wanted = requirement_names(setup_cfg["options"]["install_requires"])
    for extra in setup_cfg["options.extras_require"].values():
        wanted |= requirement_names(extra)
    rows = re.findall(
        r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE
    )
    assert requirement_names("\n".join(name for name, _, _ in rows)) == wanted
    assert all(reason.strip() and licence.strip() for _, reason, licence in rows)


def test_the_locks_hold_every_dependency(setup_cfg: configparser.ConfigParser) -> None:
    """The locks pin what setup.cfg asks for, by exact version and hash, and name no place to fetch from."""
    runtime = (ROOT / "packaging/requirements.txt").read_text()
    tests = (ROOT / "packaging/requirements-test.txt").read_text()
    for text in (runtime, tests, (ROOT / "packaging/requirements-build.txt").read_text()):
        assert "://" not in text and "--index" not in text and "--find-links" not in text
        pins = re.findall(r"^[A-Za-z]\S*==\S+.*$", text, re.MULTILINE)
        assert pins and all(pin.endswith("\\") for pin in pins)
    locked = requirement_names("\n".join(re.findall(r"^[A-Za-z]\S*==", runtime, re.MULTILINE)))
    assert requirement_names(setup_cfg["options"]["install_requires"]) <= locked
    locked_for_tests = requirement_names("\n".join(re.findall(r"^[A-Za-z]\S*==", tests, re.MULTILINE)))
    assert requirement_names(setup_cfg["options.extras_require"]["test"]) <= locked_for_tests


def test_both_locks_agree() -> None:
    """What runs in the tests is what runs at the operator's: the same version of everything."""

    def pins(name: str) -> dict[str, str]:
        return dict(re.findall(r"^(\S+)==(\S+)", (ROOT / "packaging" / name).read_text(), re.MULTILINE))

    runtime, tests = pins("requirements.txt"), pins("requirements-test.txt")
    assert {name: tests.get(name) for name in runtime} == runtime


def test_test_modules_have_names_of_their_own() -> None:
    """Two test modules outside packages may not have one name: Python would import one of them twice."""
    loose = [p.name for p in (ROOT / "tests").rglob("test_*.py") if not (p.parent / "__init__.py").exists()]
    assert [name for name, number in Counter(loose).items() if number > 1] == []


def test_scripts_can_be_run_and_are_sound() -> None:
    """Each script is executable, and bash finds no fault in its syntax."""
    for script in (".ci/run", "packaging/venv.sh", "packaging/apt.sh", "packaging/test-machine.sh"):
        assert os.access(ROOT / script, os.X_OK), script
        assert subprocess.run(["bash", "-n", ROOT / script], check=False).returncode == 0


@pytest.mark.slow
def test_the_daemon_itself_loads_nothing_that_only_its_reading_child_needs() -> None:
    """Words of doubt and the HTML parser are some 15 MB that the child has of its own."""
    program = "import sys, flexmaild.daemon.main; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    wanted = {
        "flexmaild.mail.understand.words.doubt",
        "flexmaild.mail.understand.labels.label",
        "selectolax",
        "tinycss2",
    }
    assert wanted.isdisjoint(loaded.stdout.split())


def closed_lists(module: Path) -> list[frozenset[str]]:
    """What the `Literal`s of a module list, where that is more than one word."""
    found = (
        {item.value for item in node.slice.elts if isinstance(item, ast.Constant)}
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Literal"
        and isinstance(node.slice, ast.Tuple)
    )
    return [frozenset(map(str, words)) for words in found if len(words) > 1]


def test_a_closed_list_of_words_is_written_once() -> None:
    """A second copy is forgotten when the list grows; the type has a name that is imported."""
    counts = Counter(words for module in MODULES for words in closed_lists(module))
    assert [sorted(words) for words, number in counts.items() if number > 1] == []
