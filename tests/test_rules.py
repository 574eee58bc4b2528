"""The rules of the house that a machine can check."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APP = ROOT / "app"
MODULES = sorted(APP.rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# Whose pages may carry scripts: folders of templates for organisers alone.
ORGANISERS = ("security", "organising")
# Mail programs drop style sheets, so mails alone carry style attributes.
PAGES = [path for path in TEMPLATES if "mail" not in path.parts]


def name_of(path: Path) -> str:
    """The dotted name of a module of ours."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports(path: Path) -> set[str]:
    """The names of all modules that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module}
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def reaches(start: Path) -> set[str]:
    """All modules of ours that importing `start` imports, directly or not."""
    files = {name_of(path).removesuffix(".__init__"): path for path in MODULES}
    # Every module is in the package; what the package wires is none of theirs.
    del files["app"]
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in imports(waiting.pop()):
            if name in files and name not in seen:
                seen.add(name)
                waiting.append(files[name])
    return seen


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if p.parts[-2] in ("domain", "models") or p.name == "db.py"],
    ids=name_of,
)
def test_the_domain_knows_neither_flask_nor_the_settings(path: Path) -> None:
    frameworks = ("flask", "werkzeug", "config", "click")
    assert [i for i in imports(path) if i.split(".")[0] in frameworks] == []
    edges = ("app.signing", "app.publishing", "app.cli", "app.worker", "app.mail")
    assert [i for i in imports(path) if i.startswith(edges)] == []


def test_edges_never_import_each_other() -> None:
    edges = ("app.signing", "app.publishing", "app.organising", "app.cli", "app.worker")
    # Where the rooms are wired, and what the commands start.
    wiring = {"app", "app.cli", "app.fence"}
    for path in MODULES:
        name = name_of(path).removesuffix(".__init__")
        own = next((edge for edge in edges if name.startswith(edge)), None)
        if own is None or name in wiring:
            continue
        foreign = [
            i for i in imports(path) if i.startswith(edges) and not i.startswith(own)
        ]
        assert foreign == [], name


def test_publishing_reaches_nothing_that_changes_a_signature() -> None:
    changing = {
        f"app.domain.{name}"
        for name in ("lifecycle", "confirmation", "submissions", "verification")
    }
    for path in (APP / "publishing").glob("*.py"):
        assert reaches(path) & changing == set(), name_of(path)


def writes_of_state(tree: ast.AST) -> Iterator[int]:
    """The lines on which the state of a signature could be written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                # An error that tells of a state has one of its own.
                if (
                    isinstance(target, ast.Attribute)
                    and target.attr == "state"
                    and ast.unparse(target.value) != "self"
                ):
                    yield node.lineno
        if isinstance(node, ast.Call) and node.args:
            text = ast.unparse(node)
            if re.search(r"(update|insert|insert_for\(session\))\(", text) and (
                re.search(r"\((db\.table\()?Signature\b", text)
            ):
                yield node.lineno


def test_the_lifecycle_alone_writes_a_signatures_state() -> None:
    writers = {
        name_of(path)
        for path in MODULES
        if list(writes_of_state(ast.parse(path.read_text())))
    }
    assert writers == {
        "app.domain.lifecycle",
        "app.domain.lifecycle_bulk",
        "app.domain.lifecycle_consents",
        "app.domain.lifecycle_entry",
        "app.domain.lifecycle_holds",
        "app.domain.lifecycle_letter",
    }


def test_the_check_for_writers_sees_a_writer() -> None:
    for wrong in (
        "signature.state = 'counted'",
        "session.execute(update(Signature).values(state='counted'))",
        "session.execute(insert(db.table(Signature)), values)",
        "insert_for(session)(db.table(Signature)).values(row)",
    ):
        assert list(writes_of_state(ast.parse(wrong))) != [], wrong


def test_only_edges_commit() -> None:
    for path in MODULES:
        if path.parts[-2] in ("domain", "models", "mail"):
            assert ".commit(" not in path.read_text(), name_of(path)


def test_there_is_one_clock() -> None:
    for path in MODULES:
        if path.name == "db.py":
            continue
        code = path.read_text()
        for clock in ("datetime.now(", "utcnow(", "date.today(", "datetime.today("):
            assert clock not in code, name_of(path)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_no_page_marks_anything_as_safe_or_holds_script_or_style(path: Path) -> None:
    code = path.read_text()
    if set(path.parts) & set(ORGANISERS):
        # Their pages may have scripts, but only as files of ours.
        code = re.sub(
            r'<script type="module" src="\{\{ asset\([^)]*\) \}\}"></script>', "", code
        )
    # What other sites put into theirs, data that no browser runs, and an address of the
    # vocabulary that it is written in.
    code = re.sub(
        r'<script src="\{\{ (base ~ )?url\.counter_script\(\) \}\}" async></script>'
        r'|<script type="application/ld\+json">\{\{ about \}\}</script>',
        "",
        code,
    )
    for wrong in (
        r"\|\s*safe\b",
        r"<script",
        r"\sstyle=",
        r"\son[a-z]+=",
        r"javascript:",
        r"https?://",
    ):
        assert re.search(wrong, code) is None, wrong


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: "/".join(p.parts[-2:]))
def test_no_sentence_stands_in_a_template_untranslatable(path: Path) -> None:
    code = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    # The one block that holds no words but the name of a class.
    code = re.sub(r"\{% block kind %\}\w+\{% endblock %\}", "", code)
    code = re.sub(
        r"\{% trans.*?endtrans %\}|\{%.*?%\}|\{\{.*?\}\}", "", code, flags=re.DOTALL
    )
    code = re.sub(r"<[^>]*>", "\n", code)
    words = [w for w in re.findall(r"[^\W\d_]{2,}", code) if w != "Undersigned"]
    assert words == []


# What readers and signatories see comes out of these; operators read English.
SPEAKING = [
    *(APP / "signing").glob("*.py"),
    *(APP / "publishing").glob("*.py"),
    *(APP / "organising").glob("*.py"),
    *(APP / f"{name}.py" for name in ("answers", "fence", "front", "problems")),
]


def untranslatable(tree: ast.Module) -> list[str]:
    """The texts of two words or more that are marked for no catalog.

    What is written to the log, raised, or says what a thing is for is for us.
    """
    ours: set[int] = set()
    for node in ast.walk(tree):
        said = isinstance(node, ast.Call) and re.match(
            r"(_|marked|ngettext|log\.\w+)\(", ast.unparse(node)
        )
        if said or isinstance(node, ast.Raise):
            ours |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            ours.add(id(node.value))
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in ours
        and re.search(r"[a-z]{2,} [a-z]{2,}", node.value)
    ]


@pytest.mark.parametrize("path", SPEAKING, ids=name_of)
def test_no_sentence_for_readers_stands_in_python_untranslatable(path: Path) -> None:
    assert untranslatable(ast.parse(path.read_text())) == []


def test_the_check_for_sentences_sees_a_sentence() -> None:
    wrong = 'page(title="Thank you, dear reader")'
    assert untranslatable(ast.parse(wrong)) == ["Thank you, dear reader"]
    assert untranslatable(ast.parse('page(title=_("Thank you for that"))')) == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_is_for_and_is_read_in_one_sitting(path: Path) -> None:
    code = path.read_text()
    assert ast.get_docstring(ast.parse(code)), "a module has a sentence about itself"
    assert len(code.splitlines()) <= 380


def test_nothing_names_a_machine_or_a_registry() -> None:
    hosts = (
        "py" + "pi.org",
        "python" + "hosted",
        "registry." + "npmjs",
        "deb." + "debian",
    )
    for path in [*MODULES, *ROOT.glob("*.txt"), *ROOT.glob("*.in"), ROOT / "Makefile"]:
        text = path.read_text()
        assert not any(host in text for host in hosts), path.name
