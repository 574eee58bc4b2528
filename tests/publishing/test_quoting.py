"""Numbers to quote: the same for ever, by the hour, with their citation."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app import db, urls
from app.domain import lifecycle, tally
from app.models import Fold, Ledger
from tests.house import SLUG, House
from tests.organisers import signed
from tests.work.labour import ACTOR, letter_id, people

API = f"/api/v1/letters/{SLUG}"


def clock(hours: int, minute: int) -> None:
    """So many hours after the next full one, whatever the time is while this runs."""
    real = datetime.now(UTC)
    there = tally.hour_of(real) + timedelta(hours=1 + hours, minutes=minute)
    db.move_clock(there - real)


def published(house: House, hours_ago: float) -> datetime:
    """Let the letter have been public for some hours; the full hour of the clock."""
    clock(0, 10)
    at = db.now() - timedelta(hours=hours_ago)
    house.set_letter(published_at=at)
    return tally.hour_of(db.now())


def close(house: House) -> int:
    """Fold and close hours, as the worker does."""
    house.fold()
    with house.writing() as session:
        return tally.close(session, now=db.now())


def at(house: House, moment: datetime) -> Any:
    """The numbers at a full hour as the API tells them."""
    answer = house.fresh(f"{API}/at/{urls.time(moment)}")
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text)


def test_a_number_is_quoted_for_ever_whatever_happens_later(house: House) -> None:
    hour = published(house, 5)
    people(house, 7)
    close(house)
    assert house.fresh(f"/letters/{SLUG}/at/{urls.time(hour)}").status_code == 200
    clock(1, 13)
    close(house)
    then = hour + timedelta(hours=1)
    first = at(house, then)
    assert first["confirmed"] == 7
    assert sum(one["confirmed"] for one in first["sectors"]) == 7
    assert at(house, hour)["confirmed"] == 0
    page = house.fresh(f"/letters/{SLUG}/at/{urls.time(then)}").text
    row = signed(house, "Late Comer")
    with house.writing() as session:
        lifecycle.erase(session, signature_id=row.id, actor=ACTOR, now=db.now())
    people(house, 3)
    clock(3, 10)
    close(house)
    assert at(house, then) | {"citation": 0} == first | {"citation": 0}
    again = house.fresh(f"/letters/{SLUG}/at/{urls.time(then)}").text
    assert again.split("cite")[0] == page.split("cite")[0]
    assert at(house, then + timedelta(hours=2))["confirmed"] == 10


def test_a_line_from_a_clock_that_is_behind_changes_no_closed_hour(
    house: House,
) -> None:
    hour = published(house, 5)
    people(house, 2)
    clock(1, 13)
    close(house)
    then = hour + timedelta(hours=1)
    before = at(house, then)["confirmed"]
    people(house, 1)
    with house.writing() as session:
        # As another machine would have written it, whose clock is ten minutes behind.
        session.execute(update(Ledger).values(at=then - timedelta(minutes=7)))
    close(house)
    assert at(house, then)["confirmed"] == before == 2
    clock(2, 13)
    close(house)
    assert at(house, then + timedelta(hours=1))["confirmed"] == 3
    house.check()


def test_an_hour_is_closed_only_when_nothing_of_it_is_unfolded(house: House) -> None:
    hour = published(house, 5)
    close(house)
    people(house, 1)
    clock(1, 13)
    with house.writing() as session:
        tally.close(session, now=db.now())
    then = hour + timedelta(hours=1)
    path = f"{API}/at/{urls.time(then)}"
    assert house.fresh(path).status_code == 404, "somebody has not been counted yet"
    close(house)
    assert house.fresh(path).status_code == 200


@pytest.mark.parametrize(
    ("time", "status"),
    [
        ("yesterday", 404), ("2026-13-01T00:00Z", 404), ("2020-01-01T00:00Z", 404),
        ("2999-01-01T00:00Z", 404), ("2026-01-01T25:00Z", 404),
    ],
)  # fmt: skip
def test_there_is_no_number_of_what_is_not_over_or_not_a_time(
    house: House, time: str, status: int
) -> None:
    published(house, 5)
    close(house)
    for path in (f"/letters/{SLUG}/at/{time}", f"{API}/at/{time}"):
        assert house.fresh(path).status_code == status


def test_every_way_to_write_a_time_leads_to_one_address(house: House) -> None:
    hour = published(house, 5)
    close(house)
    canonical = urls.time(hour)
    for written in (
        hour.strftime("%Y-%m-%dT%HZ"),
        hour.strftime("%Y-%m-%dT%H:00:00Z"),
        hour.strftime("%Y-%m-%dT%H:29Z"),
        "latest",
    ):
        answer = house.fresh(f"/letters/{SLUG}/at/{written}")
        assert answer.status_code == 303
        assert answer.headers["Location"] == f"/letters/{SLUG}/at/{canonical}"
    answer = house.fresh(f"{API}/at/latest?lang=de")
    assert answer.headers["Location"] == f"{API}/at/{canonical}?lang=de"
    # Whoever has it already is told so in a word, as everywhere.
    tag = house.fresh(f"{API}/at/{canonical}").headers["ETag"]
    again = house.get(f"{API}/at/{canonical}", If_None_Match=tag)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    house.set_letter(published_at=db.now() + timedelta(days=1))
    assert house.fresh(f"/letters/{SLUG}/at/{canonical}").status_code == 404
    assert house.fresh(f"/letters/{SLUG}/at/latest").status_code == 404


def test_nothing_before_the_publication_is_told(house: House) -> None:
    people(house, 5)
    clock(3, 10)
    house.set_letter(published_at=db.now() - timedelta(minutes=30))
    close(house)
    early = tally.hour_of(db.now()) - timedelta(hours=1)
    assert house.fresh(f"{API}/at/{urls.time(early)}").status_code == 404
    items = json.loads(house.fresh(f"{API}/history").text)["items"]
    assert items == []


def test_a_citation_in_three_ways(house: House) -> None:
    hour = published(house, 5)
    house.set_letter(organiser="Jo & {Co}")
    people(house, 1)
    clock(1, 13)
    close(house)
    told = at(house, hour + timedelta(hours=1))
    cited = told["citation"]
    assert told["url"] in cited["text"]
    assert "1 confirmed" in cited["text"]
    assert r"{Jo \& \{Co\}}" in cited["bibtex"]
    assert cited["bibtex"].count("{") == cited["bibtex"].count("}")
    assert cited["csl"]["author"] == [{"literal": "Jo & {Co}"}]
    assert cited["csl"]["URL"] == told["url"]
    page = house.fresh(told["url"].removeprefix("http://localhost")).text
    about = json.loads(page.split('ld+json">')[1].split("</script>")[0])
    assert about["@type"] == "Dataset"
    assert about["variableMeasured"][0] == {
        "@type": "PropertyValue", "name": "confirmed", "value": 1,
    }  # fmt: skip


def test_history_tells_what_came_and_what_went_hour_by_hour(house: House) -> None:
    hour = published(house, 5)
    people(house, 4)
    row = signed(house, "Comes Andgoes")
    close(house)
    clock(1, 10)
    with house.writing() as session:
        lifecycle.erase(session, signature_id=row.id, actor=ACTOR, now=db.now())
    people(house, 2)
    clock(2, 13)
    close(house)
    body = json.loads(house.fresh(f"{API}/history").text)
    confirmed = [(one["hour"], one["confirmed"]) for one in body["items"]]
    assert [entry for _hour, entry in confirmed[-2:]] == [
        {"added": 5, "removed": 0, "total": 5},
        {"added": 2, "removed": 1, "total": 6},
    ]
    assert body["next"] is None
    table = list(csv.DictReader(io.StringIO(house.fresh(f"{API}/history.csv").text)))
    assert [int(line["confirmed_total"]) for line in table[-2:]] == [5, 6]
    assert int(table[-1]["confirmed_removed"]) == 1
    after = house.fresh(f"{API}/history?after={urls.time(hour)}").text
    assert [one["confirmed"]["total"] for one in json.loads(after)["items"]] == [6]
    assert house.fresh(f"{API}/history?after=x").status_code == 400
    page = house.fresh(f"/letters/{SLUG}/history").text
    assert '<rect class="came"' in page
    assert '<rect class="went"' in page
    assert "up to 6" in page


def test_pages_of_the_history_hang_together(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.publishing import quoting

    monkeypatch.setattr(quoting, "SIZE", 2)
    published(house, 5)
    for number in range(5):
        clock(number, 10)
        people(house, number + 1)
    clock(7, 10)
    close(house)
    path, totals, pages = f"{API}/history", [], 0
    while path:
        body = json.loads(house.fresh(path).text)
        totals += [one["confirmed"]["total"] for one in body["items"]]
        path = (body["next"] or "").removeprefix("http://localhost")
        pages += 1
    assert totals[-5:] == [1, 3, 6, 10, 15]
    assert pages >= 3


def test_the_worker_closes_hours(house: House) -> None:
    from app.worker import Worker

    people(house, 1)
    clock(1, 13)
    worker = Worker(house.site.config, house.site.database)
    worker.fold()
    assert worker.close_hours() == 1
    assert worker.close_hours() == 0
    ((closed,),) = house.ask(
        select(Fold.closed_until).where(Fold.letter_id == letter_id(house))
    )
    assert closed.astimezone(UTC) == tally.hour_of(db.now())
