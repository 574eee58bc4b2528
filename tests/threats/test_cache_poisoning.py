"""Threats D, row 41: nobody changes what the others are given from memory."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import Client

from tests.house import BASE, SLUG, House

LETTER = f"/letters/{SLUG}"
TALLY = f"/api/v1/letters/{SLUG}/tally"
LIST = f"/letters/{SLUG}/signatories"

TRICKS: list[tuple[str, dict[str, str]]] = [
    ("", {"X_Forwarded_Host": "evil.tld"}),
    ("", {"X_Forwarded_Scheme": "https"}),
    ("", {"X_Forwarded_Proto": "https"}),
    ("", {"X_Forwarded_Prefix": "/evil"}),
    ("", {"X_Original_URL": "/admin"}),
    ("", {"X_Rewrite_URL": "/admin"}),
    ("", {"X_HTTP_Method_Override": "POST"}),
    ("", {"Forwarded": "host=evil.tld"}),
    ("", {"Accept_Language": "de"}),
    ("", {"Accept": "application/json"}),
    ("", {"Range": "bytes=0-10"}),
    ("", {"User_Agent": "<script>"}),
    ("?cb=123", {}),
    ("?lang=xx", {}),
    ("?lang=en&lang=de&utm_source=x", {"Cookie": "a=b"}),
    ("?lang[]=de", {}),
    ("?%6cang=xx", {}),
    ("?;lang=de", {}),
]


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
@pytest.mark.parametrize(("query", "headers"), TRICKS, ids=str)
@pytest.mark.parametrize("path", [LETTER, TALLY, LIST])
def test_row_41_no_trick_changes_what_is_kept(
    house_on_sqlite: House, path: str, query: str, headers: dict[str, str], warm: bool
) -> None:
    house = house_on_sqlite
    clean = house.fresh(path)
    client = Client(house.new_front())
    if warm:
        client.get(path, base_url=BASE)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    tricked = client.get(path + query, base_url=BASE, headers=given)
    if "&lang=de" not in query:
        assert (tricked.status, tricked.data) == (clean.status, clean.data)
    again = client.get(path, base_url=BASE)
    assert (again.status, again.data) == (clean.status, clean.data)
    assert Headers(again.headers) == Headers(clean.headers)


@pytest.mark.parametrize("path", [LETTER, TALLY, LIST])
def test_row_41_head_and_a_get_with_a_body_poison_nothing(
    house_on_sqlite: House, path: str
) -> None:
    house = house_on_sqlite
    clean = house.fresh(path)
    client = Client(house.new_front())
    head = client.head(path, base_url=BASE)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == clean.headers["Content-Length"]
    fat = client.get(path, base_url=BASE, data={"lang": "de", "name": "evil"})
    assert fat.data == clean.data
    etag = clean.headers["ETag"]
    assert client.get(path, base_url=BASE, headers={"If-None-Match": etag}).data == b""
    assert client.get(path, base_url=BASE, headers={"If-None-Match": "*"}).data == b""
    gzipped = client.get(path, base_url=BASE, headers={"Accept-Encoding": "gzip"})
    assert gzipped.headers["Content-Encoding"] == "gzip"
    assert gzipped.headers["ETag"] != etag
    assert client.get(path, base_url=BASE).data == clean.data


@pytest.mark.parametrize(
    "path",
    [
        f"{LETTER}/style.css", f"{LETTER}/..%2f", f"{LETTER}/../{SLUG}",
        f"{LETTER}/%2e/", f"{LETTER};a=b", f"/LETTERS/{SLUG}",
        "/letters/DEEPFAKES", f"{LETTER}/de/x.js", f"{LETTER}%00", f"{TALLY}/x.css",
        f"{LETTER}/privacy/x.css", f"{LETTER}%0d%0aX:y",
        f"{LETTER}/signatures/x.css", "/confirm/x.css", "/static/../app/db.py",
        "/static/..%2f..%2fconfig.py",
    ],
)  # fmt: skip
def test_row_41_other_spellings_are_other_addresses(
    house_on_sqlite: House, path: str
) -> None:
    house = house_on_sqlite
    clean = house.fresh(LETTER)
    answer = house.get(path)
    assert answer.status_code in (404, 405)
    assert answer.headers["Cache-Control"] == "no-store"
    assert house.get(LETTER).data == clean.data


def test_row_41_the_form_page_of_one_person_is_shown_to_nobody_else(
    house: House,
) -> None:
    house.get(LETTER)
    wrong = house.sign(name="Petra Private", email="none")
    assert "Petra Private" in wrong.text
    assert wrong.headers["Cache-Control"] == "no-store"
    for path in (LETTER, f"{LETTER}/signatures"):
        assert "Petra Private" not in house.get(path).text


@pytest.mark.parametrize(
    "path", ["//evil.tld/letters/deepfakes", "//letters/deepfakes", "/\\evil.tld", "//"]
)
def test_row_41_doubled_slashes_lead_to_no_other_site(
    house_on_sqlite: House, path: str
) -> None:
    answer = house_on_sqlite.client.get(
        "/", base_url=BASE, environ_overrides={"PATH_INFO": path, "REQUEST_URI": path}
    )
    location = answer.headers.get("Location", "/")
    assert location.startswith((f"{BASE}/", "/"))
    assert not location.startswith("//")
    assert house_on_sqlite.get(LETTER).status_code == 200


def test_row_41_a_slash_at_the_end_leads_to_the_address_without_one(
    house_on_sqlite: House,
) -> None:
    house = house_on_sqlite
    person = house.organiser("viewer")

    def location(method: str, path: str, query: str = "") -> str | None:
        answer = house.client.open(
            "/",
            method=method,
            base_url=BASE,
            environ_overrides={"PATH_INFO": path, "QUERY_STRING": query},
        )
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.status_code == (308 if "Location" in answer.headers else 404)
        return answer.headers.get("Location")

    for _ in range(2):
        assert location("GET", f"{LETTER}/") == LETTER
        assert location("HEAD", f"{LIST}//", "q=a&lang=de") == f"{LIST}?q=a&lang=de"
    assert location("GET", f"{TALLY}/", "a=\r\nX: y\xff") == (
        f"{TALLY}?a=%0D%0AX:%20y%FF"
    )
    # The body goes there too: the browser sends it once more (RFC 9110, 15.4.9).
    assert location("POST", f"{LETTER}/signatures/") == f"{LETTER}/signatures"
    assert location("GET", f"/{LETTER}/") == LETTER
    assert location("GET", "/organise/sign-in/") == "/organise/sign-in"
    desk = f"/organise/letters/{SLUG}/desk"
    moved = person.get(f"{desk}/?pile=held")
    assert (moved.status_code, moved.headers["Location"]) == (308, f"{desk}?pile=held")
    # Without it there is nothing either, or nothing that takes this.
    for path in ("/evil/", "//evil.tld/", "//evil.tld", "/\\evil.tld/",
                 f"//evil.tld/..{LETTER}/", "/letters/a b/"):  # fmt: skip
        assert location("GET", path) is None, path
    assert location("POST", f"{LETTER}/") is None
