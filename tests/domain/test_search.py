"""What a name is found by, in the order of the public list, and found no longer."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from psycopg import RawCursor
from sqlalchemy import func, insert, select, text

from app import db
from app.domain import lifecycle, listing, record, search, showing, verification
from app.domain.listing import Asked
from app.models import SearchWord, Signature, State, VerificationMethod
from tests.house import SLUG, House

_PEOPLE = [
    ("José Álvarez-Núñez", "Universität Zürich"),
    ("Иван Петров", "МГУ"),
    ("山田太郎", "東京大学"),
    ("Máire O’Neill", "Queen's University"),
    ("Ζωή Παπαδοπούλου", ""),
    ("नरेंद्र कुमार", ""),
    ("محمد العربي", "جامعة دمشق"),
    ("Ada Straße", "University of X"),
]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("JOSÉ  Álvarez-Núñez", ["jose", "alvarez", "nunez"]),
        ("Máire O’Neill", ["maire", "oneill"]),
        ("Иван", ["ivan"]),
        ("山田 太郎", ["山", "田", "太", "郎"]),
        ("Ada ada ADA", ["ada"]),
        ("Straße 7", ["strasse", "7"]),
        ("Ｆｕｌｌ", ["full"]),
        ("%_*\"'():;-- \x00", []),
        ("x" * 300, ["x" * 40]),
    ],
)
def test_a_text_is_folded_into_words(typed: str, words: list[str]) -> None:
    assert search.words_of(typed) == words


def _found(house: House, question: str, **asked: object) -> list[str]:
    """The names that a question finds, through all pages of two lines each."""
    names: list[str] = []
    asking = Asked(words=tuple(search.words_of(question)), **asked)  # type: ignore[arg-type]
    while True:
        page = _page(house, asking, size=2)
        assert len(page.rows) <= 2
        names += [row.name for row in page.rows]
        if page.next is None:
            return names
        asking = replace(asking, after=page.next)


def _page(house: House, asked: Asked, *, size: int) -> listing.Page:
    database = house.site.database
    begun = listing.begin(
        database, shelf=house.site.shelf, slug=SLUG, after=asked.after, now=db.now()
    )
    assert begun is not None
    assert begun.place is not None
    return listing.page(
        database, settings=begun.settings, asked=asked, place=begun.place, size=size
    )


@pytest.fixture
def people(house: House) -> dict[str, int]:
    """Some people of the world, confirmed; their row ids by name."""
    for number, (name, affiliation) in enumerate(_PEOPLE):
        house.confirm(
            name=name,
            affiliation=affiliation,
            email=f"p{number}@example.org",
            sector="ai" if number % 2 else "academia",
            country="DE" if number < 3 else "FR",
        )
    return {row.name: row.id for row in house.signatures()}


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("jose", ["José Álvarez-Núñez"]),
        ("NÚÑEZ josé", ["José Álvarez-Núñez"]),
        ("universitat zurich", ["José Álvarez-Núñez"]),
        ("ivan petrov", ["Иван Петров"]),
        ("петров", ["Иван Петров"]),
        ("太郎", ["山田太郎"]),
        ("O'Neill", ["Máire O’Neill"]),
        ("university", ["Ada Straße", "Máire O’Neill"]),
        ("university strasse", ["Ada Straße"]),
        ("zoe", []),
        ("nobody", []),
        ("nobody university", []),
        ("university of mars", []),
    ],
)
def test_people_are_found_by_name_and_affiliation(
    house: House, people: dict[str, int], question: str, names: list[str]
) -> None:
    assert _found(house, question) == names


def test_everything_is_listed_once_verified_first_then_newest(
    house: House, people: dict[str, int]
) -> None:
    newest = [name for name, _ in reversed(_PEOPLE)]
    assert [name for name in _found(house, "") if name in newest] == newest
    _verify(house, people["山田太郎"])
    _verify(house, people["José Álvarez-Núñez"])
    first = ["山田太郎", "José Álvarez-Núñez"]
    listed = _found(house, "")
    assert listed[:2] == first
    assert len(listed) == len(set(listed))
    collected = [name for name in listed if name not in newest]
    assert collected, "the example's own, all of them verified"
    assert _found(house, "", verified=True) == [*first, *collected]
    assert listed[: len(first) + len(collected)] == [*first, *collected]
    assert _found(house, "", country="DE") == [*first, "Иван Петров"]
    assert _found(house, "", country="DE", verified=True) == first
    assert _found(house, "", sector="ai", country="DE") == ["Иван Петров"]
    assert _found(house, "ivan", sector="academia") == []


def _verify(house: House, signature_id: int) -> None:
    with house.writing() as session:
        verification.verify(
            session,
            signature_id=signature_id,
            method=VerificationMethod.CALL,
            evidence="called",
            actor="organiser:1",
            now=db.now(),
        )


def test_whoever_is_not_public_is_not_found(house: House) -> None:
    house.confirm(name="Held Person", public_figure="yes")
    house.confirm(name="Quiet Person", email="q@example.org", listed="no")
    assert _found(house, "person") == []
    (held, _) = house.signatures()
    with house.writing() as session:
        lifecycle.release(
            session, signature_id=held.id, actor="organiser:1", now=db.now()
        )
    assert _found(house, "person") == ["Held Person"]
    because = {"actor": "organiser:1", "reason": "odd", "now": db.now()}
    with house.writing() as session:
        lifecycle.hold(session, signature_id=held.id, **because)  # type: ignore[arg-type]
    assert _found(house, "person") == []
    _agrees(house)


def test_a_correction_is_found_by_the_new_words_alone(house: House) -> None:
    house.confirm(name="Ada Wrong", affiliation="Old School")
    (row,) = house.signatures()
    with house.writing() as session:
        lifecycle.correct(
            session,
            signature_id=row.id,
            changes={"name": "Ada Right", "sector": "ai"},
            claim_changed=True,
            hold_reasons=[],
            actor=record.SIGNATORY,
            now=db.now(),
        )
    assert _found(house, "wrong") == []
    assert _found(house, "right school") == ["Ada Right"]
    assert _found(house, "ada", sector="ai") == ["Ada Right"]
    assert _found(house, "ada", sector="academia") == []
    _agrees(house)


def test_a_hidden_affiliation_is_neither_shown_nor_found(house: House) -> None:
    house.confirm(name="Ada Slander", affiliation="Ministry of Insults")
    (row,) = house.signatures()
    for _ in range(2):
        with house.writing() as session:
            showing.hide(
                session,
                signature_id=row.id,
                part=showing.Part.AFFILIATION,
                actor="organiser:1",
                reason="insults",
                now=db.now(),
            )
    assert _found(house, "insults") == []
    assert _found(house, "slander") == ["Ada Slander"]
    with house.writing() as session:
        showing.show(
            session,
            signature_id=row.id,
            part=showing.Part.AFFILIATION,
            actor="organiser:1",
            now=db.now(),
        )
    assert _found(house, "insults") == ["Ada Slander"]
    _agrees(house)


def test_an_erased_name_is_gone_from_the_index_and_from_the_file(
    house: House, tmp_path: Path
) -> None:
    house.confirm(name="Xaverius Planted", affiliation="Quixotic House")
    (row,) = house.signatures()
    with house.writing() as session:
        lifecycle.erase(
            session, signature_id=row.id, actor=record.SIGNATORY, now=db.now()
        )
    ((left,),) = house.ask(
        select(func.count()).where(SearchWord.signature_id == row.id)
    )
    assert left == 0
    (row,) = house.signatures()
    assert row.search_text is None
    if not house.site.database.sqlite:
        return
    path = house.site.database.url.database
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = Path(path).read_bytes().lower()
    for planted in (b"planted", b"xaverius", b"quixotic"):
        assert planted not in content


def _agrees(house: House) -> None:
    """The index holds what the signatures say, and nothing else."""
    words = {
        (row.letter_id, row.word, row.rank, row.signature_id)
        for row in house.ask(select(db.table(SearchWord)))
    }
    expected = {
        (row.letter_id, word, search.rank_of(
            state=State(row.state), listed=row.listed, verified=row.verified
        ), row.id)
        for row in house.ask(select(db.table(Signature)))
        for word in (row.search_text or "").split()
    }  # fmt: skip
    assert words == expected


def test_common_words_that_never_meet_are_looked_through_in_steps(
    house: House,
) -> None:
    """No question costs more than a step, and every step leads to the next."""
    _crowd(house, 12_000)
    # Both are common, so the walk goes along one of them in steps.
    pages = _pages(house, Asked(words=("common", "even"), sector="ai"))
    assert sum(len(page.rows) for page in pages) == 6_000
    pages = _pages(house, Asked(words=("even", "odd")))
    assert [page.unfinished for page in pages] == [True, False]
    assert [len(page.rows) for page in pages] == [0, 0]


def _pages(house: House, asked: Asked) -> list[listing.Page]:
    pages: list[listing.Page] = []
    while not pages or pages[-1].next is not None:
        if pages:
            asked = replace(asked, after=pages[-1].next)
        pages.append(_page(house, asked, size=500))
    return pages


def test_the_plans_read_no_table_from_end_to_end(house: House) -> None:
    _crowd(house, 20_000)
    questions = {
        "first": Asked(),
        "deep": Asked(after=_middle(house)),
        "verified": Asked(verified=True),
        "one word": Asked(words=("common",)),
        "one word, deep": Asked(words=("common",), after=_middle(house)),
        "two words": Asked(words=("common", "n7777")),
        "word and sector": Asked(words=("common",), sector="ai"),
        "miss": Asked(words=("nobody",)),
    }
    with house.site.database.snapshot() as session:
        # The letter itself is read once, by whatever way.
        _page(house, Asked(), size=50)
        for name, asked in questions.items():
            with house.statements_with_values() as said:
                _page(house, asked, size=50)
            for statement, values in said:
                _no_scan(house, session, statement, values, name)


def _middle(house: House) -> str:
    ((public_id,),) = house.ask(
        select(Signature.public_id).order_by(Signature.id).offset(10_000).limit(1)
    )
    return str(public_id)


# One row a letter, and what the worker has not folded within the second: no page of the
# list but its first statement reads them, and they are shorter than any index of theirs.
_SHORT = "letter|fold|backlog|ledger"


def _no_scan(
    house: House, session: object, statement: str, values: Any, name: str
) -> None:
    if house.site.database.sqlite:
        plan = [row[3] for row in session.connection.execute(  # type: ignore[attr-defined]
            f"EXPLAIN QUERY PLAN {statement}", values).fetchall()]  # fmt: skip
        bad = [
            line for line in plan
            if line.startswith(("SCAN signature", "SCAN search_word", "USE TEMP B-TREE"))
        ]  # fmt: skip
    else:
        driver = session.connection.driver_connection  # type: ignore[attr-defined]
        cursor = RawCursor(driver) if "$1" in statement else driver.cursor()
        plan = [row[0] for row in cursor.execute(
            f"EXPLAIN {statement}", values).fetchall()]  # fmt: skip
        # An incremental one sorts only what the index holds to be equal.
        bad = [
            line
            for line in plan
            if re.search(rf"Seq Scan on (?!({_SHORT})\b)", line)
            or "-> Sort" in " ".join(line.split())
        ]
    if any("ix_signature_public" in line for line in plan):
        # The place on the page is found by the index, not by reading up to it.
        bad += [
            line for line in plan if "verified<?" in line or "Filter: (id <" in line
        ]
    assert bad == [], f"{name}: {plan}"


def _crowd(house: House, number: int) -> None:
    """So many signatures with their words, put there without asking anybody."""
    with house.writing() as session:
        letter_id = session.scalar(text("SELECT id FROM letter"))
        rows = []
        for n in range(number):
            rows.append({
                "public_id": f"crowd{n}", "letter_id": letter_id, "origin": "confirmed",
                "state": "counted", "name": f"Common N{n}", "sector": "ai",
                "country": "DE", "listed": True, "public_figure": False,
                "identification_only": False, "wants_updates": False,
                "may_contact": False, "language": "en", "confirmed_at": db.now(),
                "verified": n % 20 == 0, "created_at": db.now(),
                "counted_at": db.now(),
                "search_text": f"s:ai c:DE common n{n} {('even', 'odd')[n % 2]}",
            })  # fmt: skip
        session.execute(insert(db.table(Signature)), rows)
        ids = {
            row.public_id: row.id
            for row in session.execute(select(Signature.public_id, Signature.id))
        }
        session.execute(
            insert(db.table(SearchWord)),
            [
                {
                    "letter_id": letter_id,
                    "word": word,
                    "rank": 2 if row["verified"] else 1,
                    "signature_id": ids[str(row["public_id"])],
                }
                for row in rows
                for word in str(row["search_text"]).split()
            ],
        )
    if not house.site.database.sqlite:
        with house.site.database.engine.connect() as connection:
            connection.execute(text("ANALYZE"))
            connection.commit()
