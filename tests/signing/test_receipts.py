"""What a receipt says, and what others learn when they have one checked."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from werkzeug.test import TestResponse

from app import db
from app.domain import lifecycle, receipts
from app.domain.keyring import Keyring
from tests.house import BASE, KEYS, SLUG, House
from tests.letters import rows
from tests.signing.test_own_line import change

RIGHTS = Path(__file__).parent.parent.parent / "docs" / "rights.md"


def receipt_of(house: House, manage: str) -> str:
    """The receipt as it is downloaded."""
    answer = house.get(f"{manage}/receipt.json")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "attachment" in answer.headers["Content-Disposition"]
    return answer.text


def said_in(receipt: str) -> dict[str, Any]:
    """What a receipt says."""
    said = json.loads(json.loads(receipt)["statement"])
    assert isinstance(said, dict)
    return said


def pasted(house: House, receipt: str) -> TestResponse:
    """The page after pasting something."""
    return house.post("/receipts", {"receipt": receipt})


def given(house: House, raw: bytes) -> TestResponse:
    """The page after giving a file."""
    head = b'Content-Disposition: form-data; name="file"; filename="receipt.json"'
    body = b"\r\n".join([b"--part", head, b"", raw, b"--part--", b""])
    kind = "multipart/form-data; boundary=part"
    return house.post("/receipts", body, Content_Type=kind)


def test_a_receipt_says_what_everybody_can_read_and_no_address(house: House) -> None:
    manage = house.confirm(statement="My own words")
    receipt = receipt_of(house, manage)
    said = said_in(receipt)
    row = house.signatures()[0]
    assert said["letter"] == SLUG
    assert said["house"] == BASE
    assert said["signature"] == row.public_id
    assert (said["state"], len(said["text_hash"])) == ("counted", 64)
    assert said["line"] == {
        "name": "Alice Example", "title": "Professor", "affiliation": "University of X",
        "identification_only": False, "sector": "academia", "country": "DE",
        "statement": "My own words", "verified": False,
    }  # fmt: skip
    before = rows(house)
    for answer in (pasted(house, receipt), given(house, receipt.encode())):
        assert answer.status_code == 200
        assert "This house signed it" in answer.text
        assert "It still stands" in answer.text
        assert "was not verified by the organisers" in answer.text
        assert "Alice Example" in answer.text
        assert "alice@example.org" not in answer.text + receipt
        assert answer.headers["Cache-Control"] == "no-store"
    assert rows(house) == before


def test_whether_it_is_still_so_is_what_the_list_shows(house: House) -> None:
    manage = house.confirm()
    receipt = receipt_of(house, manage)
    change(house, manage, title="Dean")
    assert "another one by now" in pasted(house, receipt).text
    fresh = receipt_of(house, manage)
    assert "It still stands" in pasted(house, fresh).text
    house.post(manage, {"action": "withdraw", "sure": "yes"})
    gone = pasted(house, fresh).text
    assert "does not show this signature" in gone
    house.post(manage, {"action": "return"})
    assert "It still stands" in pasted(house, fresh).text
    with house.writing() as session:
        lifecycle.reject(session, signature_id=house.signatures()[0].id, fake=True,
                         actor="organiser:1", reason="not she", now=db.now())  # fmt: skip
    # Taken back or taken out: nobody is told which.
    assert _notice(pasted(house, fresh).text) == _notice(gone)
    house.set_letter(published_at=None)
    assert "is not told here" in pasted(house, fresh).text


def _notice(page: str) -> str:
    return page.partition('class="notice"')[2].partition("</div>")[0]


@pytest.mark.parametrize(
    ("fields", "state"),
    [({"public_figure": "yes"}, "held"), ({"listed": "no"}, "counted")],
)
def test_what_is_not_public_is_vouched_for_without_a_name(
    house: House, fields: dict[str, str], state: str
) -> None:
    receipt = receipt_of(house, house.confirm(**fields))
    said = said_in(receipt)
    assert (said["state"], said["line"]) == (state, None)
    assert "Alice" not in receipt
    answer = pasted(house, receipt)
    assert answer.status_code == 200
    assert "It names nobody" in answer.text
    assert "is not told here" in answer.text


def test_an_old_key_still_verifies_and_a_foreign_one_does_not(house: House) -> None:
    receipt = receipt_of(house, house.confirm())
    parts = json.loads(receipt)
    message, raw = parts["statement"].encode(), _decoded(parts["signature"])
    newer = Keyring([b"n" * 32, KEYS.encode()])
    assert newer.signed_receipt(parts["key"], message, raw)
    assert newer.sign_receipt(message)[0] != parts["key"]
    assert len(newer.receipt_keys()) == 2
    key_id, signature = Keyring([b"o" * 32]).sign_receipt(message)
    foreign = parts | {"key": key_id, "signature": _encoded(signature)}
    answer = pasted(house, json.dumps(foreign))
    assert (answer.status_code, "Perhaps another site" in answer.text) == (422, True)
    # A key of one's own under the name of ours.
    own = Ed25519PrivateKey.generate().sign(message)
    answer = pasted(house, json.dumps(parts | {"signature": _encoded(own)}))
    assert (answer.status_code, "was altered" in answer.text) == (422, True)


def _decoded(signature: str) -> bytes:
    return base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_no_altered_receipt_is_taken_for_one_of_ours(house_on_sqlite: House) -> None:
    house = house_on_sqlite
    keyring = house.site.keyring
    parts = json.loads(receipt_of(house, house.confirm()))
    assert receipts.check(json.dumps(parts), keyring=keyring).said is not None
    said = parts["statement"]
    tried = 0
    for place in range(0, len(said), 3):
        altered = said[:place] + chr(ord(said[place]) ^ 1) + said[place + 1 :]
        checked = receipts.check(
            json.dumps(parts | {"statement": altered}), keyring=keyring
        )
        assert checked.verdict is receipts.Verdict.ALTERED
        tried += 1
    for place, sign in enumerate(parts["signature"]):
        other = "A" if sign != "A" else "B"
        altered = parts["signature"][:place] + other + parts["signature"][place + 1 :]
        checked = receipts.check(
            json.dumps(parts | {"signature": altered}), keyring=keyring
        )
        assert checked.said is None
        tried += 1
    assert tried > 200


@pytest.mark.parametrize(
    "text_given",
    [
        "", "hello", "{", "[]", "null", "3", '"x"', "{}", "[" * 5000,
        '{"statement":1,"key":"a","signature":"b"}',
        '{"statement":"{}","key":[],"signature":"AA"}',
        '{"statement":"\\ud800","key":"a","signature":"AA"}',
        '{"statement":"{}","key":"a","signature":"not base64!"}',
    ],
    ids=lambda given: given[:12] or "empty",
)  # fmt: skip
def test_what_is_no_receipt_is_told_so_and_kept(
    house_on_sqlite: House, text_given: str
) -> None:
    answer = pasted(house_on_sqlite, text_given)
    assert answer.status_code in (400, 422)
    assert 'role="alert"' in answer.text
    if len(text_given) > 20:
        shown = answer.text.partition("<textarea")[2]
        assert text_given[:8].replace('"', "&#34;") in shown


def test_files_that_are_none(house_on_sqlite: House) -> None:
    house = house_on_sqlite
    answer = given(house, b"\xff\xfe\x00nonsense")
    assert (answer.status_code, "This is no receipt" in answer.text) == (400, True)
    assert given(house, b"x" * 1_000_000).status_code == 413
    assert pasted(house, "x" * 1_000_000).status_code == 413
    assert house.post("/receipts", b"receipt=\xff").status_code == 400
    boundless = house.post("/receipts", b"x", Content_Type="multipart/form-data")
    assert boundless.status_code == 400
    assert house.post("/receipts", b"{}", Content_Type="text/json").status_code == 415
    receipt = receipt_of(house, house.confirm())
    marked = given(house, b"\xef\xbb\xbf" + receipt.encode())
    assert marked.status_code == 200


def test_what_a_mail_program_does_to_a_receipt_is_undone(
    house_on_sqlite: House,
) -> None:
    house = house_on_sqlite
    receipt = receipt_of(house, house.confirm(name="J\u00f6rg \u0416 de \u674e"))
    # They break lines at spaces alone (RFC 3676).
    wrapped = "\r\n".join(
        textwrap.wrap(receipt, 72, break_long_words=False, break_on_hyphens=False)
    )
    assert len(wrapped.splitlines()) > 6
    for shown in (
        "\ufeff" + receipt,
        f"\r\n\u00a0\t{receipt}\u200b \n",
        receipt.replace("\n", "\r\n"),
        receipt.replace(" ", "\u00a0"),
        wrapped,
        wrapped.replace(" ", "\u202f"),
    ):
        for answer in (pasted(house, shown), given(house, shown.encode())):
            assert answer.status_code == 200
            assert "This house signed it" in answer.text
            assert "It still stands" in answer.text
    # What was there and is not, or was not and is, is another receipt.
    for altered in (receipt.replace(" de ", " "), receipt.replace("rg ", "rg")):
        assert pasted(house, altered).status_code == 422


def test_the_longest_line_fits_into_the_form(house_on_sqlite: House) -> None:
    house = house_on_sqlite
    wide = "\u674e" * 100
    receipt = receipt_of(
        house,
        house.confirm(name=wide, title=wide, affiliation=wide, statement=wide * 2),
    )
    assert pasted(house, receipt).status_code == 200


def test_the_recipes_of_the_documentation_check_a_receipt(
    house_on_sqlite: House, tmp_path: Path
) -> None:
    """Run word by word what docs/rights.md says, without anything of ours."""
    house = house_on_sqlite
    receipt = receipt_of(house, house.confirm(name="J\u00f6rg \u0416"))
    keys = house.get("/receipts/keys.json")
    assert keys.headers["Access-Control-Allow-Origin"] == "*"
    recipes = re.findall(r"```(python|sh)\n(.*?)```", RIGHTS.read_text(), re.DOTALL)
    assert [kind for kind, _code in recipes] == ["python", "sh"]
    for number, (kind, recipe) in enumerate(recipes):
        for name, altered in (("true", False), ("false", True)):
            folder = tmp_path / f"{number}-{name}"
            folder.mkdir()
            shown = receipt.replace("academia", "politics") if altered else receipt
            (folder / "receipt.json").write_text(shown, encoding="utf-8")
            (folder / "keys.json").write_bytes(keys.data)
            program = [sys.executable, "-c"] if kind == "python" else ["sh", "-ec"]
            done = subprocess.run(
                [*program, recipe], cwd=folder, capture_output=True, text=True,
                timeout=60, check=False,
            )  # fmt: skip
            assert (done.returncode == 0) is not altered, done.stderr
            if not altered:
                assert "J\u00f6rg" in done.stdout
