"""The second factor: set up, asked for, and no code twice; recovery codes sealed."""

from __future__ import annotations

import re
import time
from pathlib import Path

from passlib.totp import TOTP
from sqlalchemy import select

from app.models import Organiser
from tests.house import House, copy_sqlite
from tests.organising.people import Signed
from tests.organising.test_signing_in import enter, with_password
from tests.servers.smtp import Sink


def codes(page: str) -> TOTP:
    """The generator behind the key that the page shows."""
    found = re.search(r'<p class="key">([^<]+)</p>', page)
    assert found is not None, page
    return TOTP(key=found[1].replace("-", ""), format="base32")


def set_up(house: House) -> tuple[Signed, TOTP]:
    """An organiser with a password and a second factor, signed in nowhere."""
    vera = with_password(house)
    enter(vera)
    vera._token = ""
    page = vera.post("/organise/second-factor", {"setup": "authenticator"}).text
    app = codes(page)
    action = re.search(r'action="(/organise/second-factor/[^"]+)"', page)
    assert action is not None
    answer = vera.post(action[1], {"code": app.generate(time=_steps_ago(1)).token})
    assert answer.status_code == 302, answer.text
    vera.post("/organise/sign-out")
    vera._token = ""
    return vera, app


def _steps_ago(steps: int) -> int:
    return int(time.time()) - 30 * steps


def test_a_code_is_asked_for_and_opens_once(house: House) -> None:
    """Change 1 (threats 44)."""
    vera, app = set_up(house)
    enter(vera)
    assert vera.get("/organise/").status_code == 303, "the password alone opens nothing"
    token = app.generate().token
    assert vera.post("/organise/code", {"code": "000000"}).status_code == 400
    assert vera.post("/organise/code", {"code": token}).status_code == 302
    assert vera.get("/organise/").status_code == 200
    vera._token = ""
    vera.post("/organise/sign-out")
    vera._token = ""
    enter(vera)
    for again in (token, f"{token[:3]} {token[3:]}"):
        assert vera.post("/organise/code", {"code": again}).status_code == 400
    assert vera.get("/organise/").status_code == 303


def test_recovery_codes_are_stored_sealed_and_open_once(house: House) -> None:
    """Change 4."""
    vera, _ = set_up(house)
    vera.sign_in()
    page = vera.post("/organise/recovery-codes", {"generate_new_codes": "1"}).text
    shown = re.findall(r"<li>([0-9a-f-]{14})</li>", page)
    assert len(shown) > 3
    ((stored,),) = house.ask(
        select(Organiser.mf_recovery_codes).where(Organiser.id == vera.id)
    )
    assert not any(code in str(stored) for code in shown)
    assert "New recovery codes were made" in house.deliver()[-1].text
    vera.post("/organise/sign-out")
    for status in (302, 400):
        vera._token = ""
        enter(vera)
        assert vera.post("/organise/recovery", {"code": shown[0]}).status_code == status
        told = [mail.text for mail in house.deliver()]
        assert ["A recovery code was used" in text for text in told] == (
            [True] if status == 302 else []
        )
        vera._token = ""
        vera.post("/organise/sign-out")


def test_in_production_nobody_gets_in_without_a_second_factor(
    filled_sqlite: Path, tmp_path: Path, smtp_sink: Sink
) -> None:
    """Change 5."""
    url = copy_sqlite(filled_sqlite, tmp_path / "db")
    house = House(url, tmp_path, smtp_sink, SECOND_FACTOR="1")
    vera = with_password(house)
    assert "/second-factor" in enter(vera).headers["Location"]
    assert vera.get("/organise/").status_code == 303
    house.close()
