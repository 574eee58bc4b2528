"""Threats D, row 35: nothing that was typed is run by a database or a template."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from sqlalchemy import select

from app.models import Signature
from tests.house import SLUG, House, link
from tests.pages import error, parse, text_of

PAYLOADS = (
    "' OR '1'='1", "'; DROP TABLE signature; --", '" OR ""="', "1 OR 1=1",
    "') UNION SELECT pepper FROM letter --", "\\'; SELECT pg_sleep(5); --",
    "' AND (SELECT 1 FROM (SELECT count(*)) x) --", "%' LIKE '%", "a'||'b", "$$;--",
    "{{1337*7331}}", "${1337*7331}", "<%= 1337*7331 %>", "#{1337*7331}", "{% for x in y %}", "%(name)s",
    "{0.__class__}", "%0a", "%s%s%n", "__proto__",
)  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
def test_row_35_payloads_are_literal_everywhere(house: House, payload: str) -> None:
    quoted = quote(payload, safe="")
    path = house.confirm_link()
    with house.statements() as said:
        answers = [
            house.get(f"/letters/{quoted}"),
            house.get(f"/letters/{SLUG}/{quoted}"),
            house.get(f"/letters/{SLUG}?lang={quoted}"),
            house.get(f"/letters/{SLUG}/privacy?lang={quoted}"),
            house.get(f"/letters/{SLUG}/inbox/{quoted}"),
            house.get(f"/api/v1/letters/{quoted}/tally"),
            house.get(f"/confirm/{quoted}"),
            house.get(f"/manage/{quoted}"),
            house.get(f"/{quoted}"),
            house.post("/confirm", {"email": payload, "code": payload}),
            house.post("/confirm", {"email": "a@b.example", "code": payload}),
            house.post(path, {"action": payload}),
            house.sign(language=payload, text=payload, sector=payload),
            house.sign(country=payload, listed=payload, consent=payload),
            house.sign(**{payload: payload}),
        ]
    assert {a.status_code for a in answers} <= {200, 303, 400, 404, 409}
    for answer in answers:
        assert str(1337 * 7331) not in answer.text
    assert not any(payload in statement for statement in said)
    # Where it is taken it is kept letter by letter.
    signing = {"affiliation": payload, "statement": payload, "email": "b@example.org"}
    taken = {
        f: v
        for f, v in signing.items()
        if f == "email" or not error(house.sign(**{f: v, "email": "x"}).text, f)
    }
    assert house.sign(**taken).status_code == 303
    house.post(link(house.deliver()[-1], "confirm"), {"action": "confirm"})
    (row,) = house.signatures()
    for field in taken.keys() - {"email"}:
        assert getattr(row, field) == payload
        assert payload in text_of(parse(house.fresh(f"/letters/{SLUG}").text))
    assert len(house.ask(select(Signature.id))) == 8
