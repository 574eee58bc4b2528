"""The public list over HTTP: page, line, file and API say the same, and no more."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest

from app import db
from app.domain import lifecycle, record, showing, verification
from app.domain.showing import Part
from app.models import VerificationMethod
from app.publishing import signatories
from tests.house import SLUG, House
from tests.pages import parse

LIST = f"/letters/{SLUG}/signatories"
API = f"/api/v1{LIST}"
CSV = f"{LIST}.csv"


def _api(house: House, query: str = "") -> list[dict[str, Any]]:
    """All items, page after page."""
    items: list[dict[str, Any]] = []
    path: str | None = f"{API}{query}"
    while path:
        body = json.loads(house.fresh(path.removeprefix("http://localhost")).text)
        items += body["items"]
        path = body["next"]
    return items


def _csv(house: House) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(house.get(CSV).get_data().decode())))


def _act(house: House, verb: Any, name: str, **arguments: Any) -> None:
    (row,) = [row for row in house.signatures() if row.name == name]
    with house.writing() as session:
        verb(
            session,
            signature_id=row.id,
            **({"actor": "organiser:1", "now": db.now()} | arguments),
        )


def _verify(house: House, name: str) -> None:
    _act(house, verification.verify, name, method=VerificationMethod.CALL,
         evidence="called")  # fmt: skip


def test_every_output_shows_the_same_lines_in_the_same_order(house: House) -> None:
    for name in ("Ada First", "Ben Second", "Cy Third"):
        house.confirm(name=name, email=f"{name[:2]}@example.org")
    _verify(house, "Ada First")
    names = [item["name"] for item in _api(house)]
    assert names[0] == "Ada First"
    assert names[-2:] == ["Cy Third", "Ben Second"]
    assert [row["name"] for row in _csv(house)] == names
    page = house.fresh(LIST).text
    places = [page.index(name) for name in names]
    assert places == sorted(places)


def test_what_an_item_says(house: House) -> None:
    house.confirm(
        name="Ada First",
        statement="Faces are not toys.",
        identification_only="yes",
        country="DE",
    )
    (item,) = _api(house, "?q=ada+first")
    assert item == {
        "id": house.signatures()[0].public_id,
        "name": "Ada First",
        "title": "Professor",
        "affiliation": "University of X",
        "sector": "academia",
        "country": "DE",
        "statement": "Faces are not toys.",
        "identification_only": True,
        "verified": False,
        "featured": False,
        "origin": "confirmed",
        "confirmed_on": db.now().date().isoformat(),
    }
    page = house.fresh(f"{LIST}/{item['id']}").text
    for words in ("Faces are not toys.", "Confirmed by email on", "was not checked",
                  "for identification only", "I did not sign this"):  # fmt: skip
        assert words in page


@pytest.mark.parametrize(
    "fields", [{"listed": "no"}, {"public_figure": "yes"}], ids=str
)
def test_count_me_only_and_held_are_nowhere(
    house: House, fields: dict[str, str]
) -> None:
    house.confirm(name="Zacharias Unseen", **fields)
    row = house.signatures()[0]
    for path in (LIST, f"{LIST}?q=zacharias", API, f"{API}?q=unseen", CSV):
        assert "Zacharias" not in house.fresh(path).text
    assert house.fresh(f"{LIST}/{row.public_id}").status_code == 404


def test_an_erased_name_is_gone_everywhere_at_once(house: House) -> None:
    house.confirm(name="Zacharias Seen")
    row = house.signatures()[0]
    paths = (LIST, API, CSV, f"{LIST}/{row.public_id}")
    assert all("Zacharias" in house.fresh(path).text for path in paths)
    _act(house, lifecycle.erase, "Zacharias Seen", actor=record.SIGNATORY)
    assert not any("Zacharias" in house.fresh(path).text for path in paths)
    assert house.fresh(paths[-1]).status_code == 404


@pytest.mark.parametrize("part", Part)
def test_what_is_hidden_is_shown_nowhere(house: House, part: Part) -> None:
    house.confirm(name="Ada", affiliation="Hideous", statement="Hideous")
    row = house.signatures()[0]
    paths = (LIST, API, CSV, f"{LIST}/{row.public_id}", f"/letters/{SLUG}")
    before = [house.fresh(path).text.count("Hideous") for path in paths]
    assert all(count >= 2 for count in before)
    _act(house, showing.hide, "Ada", part=part, reason="an insult")
    after = [house.fresh(path).text.count("Hideous") for path in paths]
    assert all(a < b for a, b in zip(after, before, strict=True))
    other = next(one for one in Part if one is not part)
    _act(house, showing.hide, "Ada", part=other, reason="an insult")
    assert not any("Hideous" in house.fresh(path).text for path in paths)


@pytest.mark.parametrize(
    "settings",
    [{"published_at": None}, {"published_at": db.now() + timedelta(days=3)}],
    ids=["draft", "embargo"],
)
def test_a_draft_or_an_embargo_shows_nothing(
    house: House, settings: dict[str, Any]
) -> None:
    house.confirm(name="Ada First")
    row = house.signatures()[0]
    house.set_letter(**settings)
    corrections = f"/letters/{SLUG}/corrections"
    for path in (LIST, CSV, API, f"{LIST}/{row.public_id}", f"/api/v1{corrections}",
                 corrections, f"{corrections}.atom"):  # fmt: skip
        answer = house.fresh(path)
        assert answer.status_code == 404
        assert "Ada First" not in answer.text
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_frozen_display_shows_no_new_name(house: House) -> None:
    house.confirm(name="Ada Before", email="a@example.org")
    house.set_letter(frozen_at=db.now())
    house.confirm(name="Ben After", email="b@example.org")
    row = house.signatures()[-1]
    for path in (LIST, f"{LIST}?q=ben", API, CSV):
        assert "Ben After" not in house.fresh(path).text
    assert "Ada Before" in house.fresh(LIST).text
    assert house.fresh(f"{LIST}/{row.public_id}").status_code == 404


def test_a_closed_letter_can_still_be_read(house: House) -> None:
    house.confirm(name="Ada First")
    house.set_letter(closes_at=db.now() - timedelta(days=9))
    assert "Ada First" in house.fresh(LIST).text


def test_search_engines_stay_away_by_choice(house: House) -> None:
    house.confirm(name="Ada First")
    path = f"{LIST}/{house.signatures()[0].public_id}"
    assert "noindex" not in house.fresh(path).text
    assert "X-Robots-Tag" not in house.fresh(path).headers
    _act(house, showing.index, "Ada First", noindex=True)
    answer = house.fresh(path)
    assert '<meta name="robots" content="noindex">' in answer.text
    assert answer.headers["X-Robots-Tag"] == "noindex"
    # The list, whose pages hold many, is never to be found by a name.
    for other in (LIST, API, CSV):
        assert house.fresh(other).headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?sector=nobility", 400), ("?country=Atlantis", 400), ("?verified=no", 400),
        ("?after=short", 400), ("?after=" + "A" * 22, 404), ("?q=%00%ff'%25", 200),
        ("?q=" + "x" * 3000, 200), ("?sector=&country=&verified=&q=&after=", 200),
        ("?utm_source=x", 200), ("?lang=xx", 200), ("?sector=other&country=JP", 200),
        ("?country=not_said", 200), ("?q=%25%25%25", 200), ("?q=s:academia", 200),
    ],
)  # fmt: skip
def test_whatever_is_asked_is_answered(house: House, query: str, status: int) -> None:
    for path in (LIST, API):
        assert house.get(f"{path}{query}").status_code == status
    if "s:academia" in query:
        assert json.loads(house.get(f"{API}{query}").text)["items"] == []


def test_pages_follow_each_other_to_the_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        house.confirm(name=f"Ada {'I' * (number + 1)}", email=f"{number}@example.org")
    monkeypatch.setattr(signatories, "SIZE", 2)
    seen: list[str] = []
    path = LIST
    while path:
        page = house.fresh(path).text
        seen += re.findall(r"<strong><a [^>]*><bdi>([^<]*)", page)
        following = re.search(r'href="([^"]*)" rel="next"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert seen == [item["name"] for item in _api(house)]


def test_the_list_is_kept_until_it_changes_and_questions_are_not(house: House) -> None:
    house.confirm(name="Ada First")
    first = house.get(LIST)
    kept = "public, max-age=5, stale-while-revalidate=3"
    assert first.headers["Cache-Control"] == kept
    with house.statements() as said:
        again = house.get(LIST, If_None_Match=first.headers["ETag"])
        assert house.get(f"{LIST}?cb=1").data == first.data
    assert again.status_code == 304
    assert said == []
    for path in (f"{LIST}?q=ada", f"{API}?q=ada", f"{LIST}?lang={'x' * 300}&q=ada"):
        with house.statements() as said:
            answer = house.get(path)
        assert said != []
        assert "Ada First" in answer.text
        assert answer.headers["Cache-Control"] == kept
    plain = json.loads(house.get(API).text)["items"]
    assert len(plain) > len(json.loads(house.get(f"{API}?q=ada").text)["items"])


def test_the_api_is_for_every_site(house: House) -> None:
    for path in (API, f"/api/v1/letters/{SLUG}/corrections"):
        answer = house.get(path, Origin="https://elsewhere.example")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Set-Cookie" not in answer.headers
    assert house.get("/api/v1/letters/nowhere/signatories").mimetype == (
        "application/problem+json"
    )


def test_no_cell_of_the_file_is_a_formula(house: House) -> None:
    house.confirm(name="Ada First", affiliation="@SUM(1+1)", title="+cmd")
    house.confirm(name="Ben Quote", email="b@example.org", affiliation='A "quoted", one',
                  statement="=1+1")  # fmt: skip
    rows = {row["name"]: row for row in _csv(house)}
    assert rows["Ada First"]["affiliation"] == "'@SUM(1+1)"
    assert rows["Ada First"]["title"] == "'+cmd"
    assert rows["Ben Quote"]["affiliation"] == 'A "quoted", one'
    assert rows["Ben Quote"]["statement"] == "'=1+1"


def test_corrections_are_a_page_a_feed_and_json(house: House) -> None:
    house.confirm(name="Zacharias Fake")
    _act(house, lifecycle.reject, "Zacharias Fake", reason="not him", fake=True)
    path = f"/letters/{SLUG}/corrections"
    page, feed = house.fresh(path), house.fresh(f"{path}.atom")
    items = json.loads(house.fresh(f"/api/v1{path}").text)["items"]
    sentence = "1 signature was removed by the organisers."
    assert sentence in page.text
    assert sentence in feed.text
    assert [(i["kind"], i["cause"], i["number"]) for i in items] == [
        ("removed", "organiser", 1)
    ]
    for answer in (page, feed):
        assert "Zacharias" not in answer.text
        assert "stale-if-error=300" in answer.headers["Cache-Control"]
    assert feed.mimetype == "application/atom+xml"
    entry = re.search(r"<id>http://localhost([^#]*)#(c\d+)</id>", feed.text)
    assert entry is not None
    assert f'id="{entry[2]}"' in page.text


def test_names_stand_in_bdi_and_markup_is_text(house: House) -> None:
    house.confirm(name="Ali محمد", affiliation="A & B")
    page = parse(house.fresh(LIST).text)
    names = ["".join(e.itertext()) for e in page.iter("bdi")]
    assert "Ali محمد" in names
    assert "Professor, A & B" in names
