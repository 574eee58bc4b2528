"""A page is put together from pieces; what a process remembers shows in no byte."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app import db
from app.domain import lifecycle, record, verification
from app.models import Letter, VerificationMethod
from tests.house import SLUG, House

LANGUAGES = ("en", "de", "fr")


def _pages(house: House) -> list[str]:
    return [house.fresh(f"/letters/{SLUG}/{language}").text for language in LANGUAGES]


def _of_a_new_process(house: House) -> list[str]:
    """What a process answers that has never seen this letter before."""
    other = House(house.site.config.database_url, house.folder, house.sink)
    try:
        return _pages(other)
    finally:
        other.site.database.dispose()
        other.postman.close()


def _agree(house: House) -> list[str]:
    remembered = _pages(house)
    assert remembered == _of_a_new_process(house)
    return remembered


def _newest(house: House) -> int:
    return int(house.signatures()[-1].id)


def test_whatever_happens_the_page_is_that_of_a_new_process(house: House) -> None:
    before = _agree(house)
    house.confirm(name="محمد العربي", email="m@example.org", statement="نعم")
    house.confirm(name="Élodie", email="e@example.org", sector="politics")
    after = _agree(house)
    assert after != before
    assert all("Élodie" in page and "محمد" in page for page in after)
    with house.writing() as session:
        verification.verify(
            session,
            signature_id=_newest(house),
            method=VerificationMethod.CALL,
            evidence="called",
            actor=record.SYSTEM,
            now=db.now(),
        )
        lifecycle.feature(
            session,
            signature_id=_newest(house),
            rank=1,
            actor=record.SYSTEM,
            now=db.now(),
        )
    featured = _agree(house)
    assert all(page.index("Élodie") < page.index("محمد") for page in featured)


def test_an_erased_name_is_in_no_piece_that_is_kept(house: House) -> None:
    house.confirm(name="Erased Person", email="e@example.org")
    assert "Erased Person" in _agree(house)[0]
    with house.writing() as session:
        lifecycle.erase(
            session, signature_id=_newest(house), actor=record.SYSTEM, now=db.now()
        )
    assert "Erased Person" not in _agree(house)[0]
    kept = house.site.shelf.known(SLUG)
    assert kept is not None
    assert "Erased Person" not in repr(kept.pieces)


@pytest.mark.parametrize(
    "settings",
    [
        {"paused": True},
        {"frozen_at": "now"},
        {"headline": "verified"},
        {"headline": "confirmed_and_collected"},
    ],
    ids=str,
)
def test_a_setting_shows_at_once(house: House, settings: dict[str, Any]) -> None:
    house.confirm(name="Ada", email="ada@example.org")
    before = _agree(house)
    house.set_letter(
        **{key: db.now() if to == "now" else to for key, to in settings.items()}
    )
    assert _agree(house) != before


def test_the_page_closes_by_the_clock_without_any_change(house: House) -> None:
    house.confirm(name="Ada", email="ada@example.org")
    house.set_letter(closes_at=db.now() + timedelta(hours=1))
    assert all('id="f-name"' in page for page in _agree(house))
    db.move_clock(timedelta(hours=2))
    assert not any('id="f-name"' in page for page in _agree(house))


def test_a_wording_changed_behind_its_back_is_seen_by_its_revision(
    house: House,
) -> None:
    _agree(house)
    with house.writing() as session:
        session.execute(
            update(Letter)
            .where(Letter.slug == SLUG)
            .values(organiser="Somebody Else", revision=Letter.revision + 1)
        )
    assert all("Somebody Else" in page for page in _agree(house))
