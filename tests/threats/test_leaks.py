"""Threats C: what links must not betray, and what they are made of (rows 28 to 30)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app import db
from app.models import Base, Record
from app.site import Unsafe, refuse_unsafe
from tests.house import BASE, FIELDS, KEYS, House, link
from tests.letters import outbox_states
from tests.servers.live import Live
from tests.servers.smtp import Sink

TYPED = {
    "name": "Nasrin Canaryname",
    "email": "canary.address@example.org",
    "affiliation": "Canaryhouse",
    "statement": "A canary statement",
}
CANARIES = ["Canaryname", "canary.address", "Canaryhouse", "canary statement"]


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, Sink]]:
    """Real processes that somebody has gone the whole way through, with detours."""
    with (
        Sink() as sink,
        Live(tmp_path_factory.mktemp("live") / "instance", sink=sink) as live,
    ):
        live.post("/letters/deepfakes/signatures", FIELDS | TYPED)
        (mail,) = sink.wait_for(1)
        confirm = _path(mail.text, "confirm")
        _with_detours(live, confirm)
        live.post(confirm, {"action": "confirm"})
        manage = _path(sink.wait_for(2)[-1].text, "manage")
        _with_detours(live, manage)
        live.post(manage, {"action": "withdraw", "sure": "yes"})
        yield live, sink


def _path(mail: str, room: str) -> str:
    found = re.search(rf"/{room}/[\w.-]+", mail)
    assert found is not None
    return found[0]


def _with_detours(live: Live, path: str) -> None:
    """All the ways in which a link can go wrong, whose answers are kept for nobody."""
    for method, way in [
        ("GET", path),
        ("HEAD", path),
        ("DELETE", path),
        ("GET", path + "A"),
        ("GET", path + "/.."),
        ("GET", path[:-1]),
        ("POST", path),
        ("POST", path + "?a=b"),
    ]:
        live.request(method, way, b"\xff" if method == "POST" else None)
    live.post(path, {"action": "unheard of"})
    live.post(path, {"action": "confirm"}, {"Sec-Fetch-Site": "cross-site"})


def test_row_28_no_token_is_in_any_log(visited: tuple[Live, Sink]) -> None:
    live, sink = visited
    log = live.log.read_text()
    assert "mail 1: sent" in log
    for mail in sink.mails:
        for token in re.findall(r"/(?:confirm|manage)/([\w.-]+)", mail.text):
            for part in token.split("."):
                assert part not in log
    for canary in CANARIES:
        assert canary not in log


def test_row_28_no_token_is_in_the_record_or_any_table(
    visited: tuple[Live, Sink],
) -> None:
    live, sink = visited
    database = db.Database(live.environment["DATABASE_URL"])
    with database.reading() as session:
        for table in Base.metadata.sorted_tables:
            stored = "\n".join(map(str, session.execute(select(table)).all()))
            for mail in sink.mails:
                for token in re.findall(r"/(?:confirm|manage)/([\w.-]+)", mail.text):
                    assert token.rpartition(".")[2] not in stored, table.name
            if table.name in ("record", "reason", "seal", "outbox"):
                assert not any(canary in stored for canary in CANARIES)
    database.dispose()


def test_row_28_no_error_page_repeats_a_token(house: House) -> None:
    paths = [house.confirm_link()]
    house.post(paths[0], {"action": "confirm"})
    paths.append(link(house.deliver()[-1], "manage"))
    for path in paths:
        token = path.rpartition("/")[2]
        for answer in (
            house.get(f"{path}/x"),
            house.get(f"{path}A"),
            house.client.delete(path, base_url=BASE),
            house.post(path, {"action": "unheard of"}),
            house.post(path, b"\xff\xfe"),
            house.post(path, {"action": "confirm"}, Sec_Fetch_Site="cross-site"),
            house.get(path, Host="evil.tld"),
        ):
            assert answer.status_code >= 400
            assert token not in answer.text
            assert token not in str(answer.headers)


def test_row_28_pages_behind_a_link_are_kept_and_followed_by_nobody(
    house: House,
) -> None:
    path = house.confirm_link()
    pages = [house.get(path), house.post(path, {"action": "confirm"}), house.get(path)]
    manage = link(house.deliver()[-1], "manage")
    pages += [house.get(manage), house.post(manage, {"action": "erase"})]
    for page in pages:
        assert page.status_code == 200
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        # Nothing on it comes from, or leads by itself to, another place.
        for address in re.findall(r'(?:src|href|action)="([^"]*)"', page.text):
            assert address.startswith(("/", "#", "mailto:")), address
        assert "http-equiv" not in page.text


def test_row_28_a_database_that_fails_logs_no_personal_data(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    path = house.confirm_link(**TYPED)
    with house.writing() as session:
        session.execute(text("ALTER TABLE search_word RENAME TO search_gone"))
    assert house.post(path, {"action": "confirm"}).status_code in (500, 503)
    with house.writing() as session:
        session.execute(text("ALTER TABLE search_gone RENAME TO search_word"))
        session.execute(text("ALTER TABLE outbox RENAME TO outbox_gone"))
    assert house.sign(**TYPED).status_code in (500, 503)
    with house.writing() as session:
        session.execute(text("ALTER TABLE outbox_gone RENAME TO outbox"))
    assert "INSERT INTO search_word" in caplog.text
    for canary in [*CANARIES, path.rpartition("/")[2]]:
        assert canary not in caplog.text
    assert house.signatures() == []
    assert house.post(path, {"action": "confirm"}).status_code == 200


def test_row_29_links_are_built_from_the_configured_address(house: House) -> None:
    for name in ("Host", "X_Forwarded_Host"):
        answer = house.post(
            "/letters/deepfakes/signatures", FIELDS, **{name: "evil.tld"}
        )
        assert answer.status_code == (421 if name == "Host" else 303)
        assert "evil.tld" not in answer.headers.get("Location", "")
    for header in ("X_Forwarded_Server", "X_Original_Host", "Forwarded", "X_Host"):
        value = "host=evil.tld" if header == "Forwarded" else "evil.tld"
        answer = house.post(
            "/letters/deepfakes/signatures",
            FIELDS | {"email": f"{header.lower()}@example.org"},
            **{header: value},
        )
        assert answer.status_code == 303
    mails = house.deliver()
    assert len(mails) == 5
    for mail in mails:
        assert b"evil" not in mail.content
        assert f"{BASE}/confirm/" in mail.text
        assert mail.message["Message-ID"].endswith("@localhost>")


@pytest.mark.parametrize(
    "host", ["evil.tld", "localhost.evil.tld", "localhost:81", "", "evil.tld#localhost"]
)
def test_row_29_an_unknown_host_is_told_so(house: House, host: str) -> None:
    for path in ("/", "/letters/deepfakes", "/api/v1/letters/deepfakes/tally"):
        assert house.get(path, Host=host).status_code == 421
    assert house.get("/letters/deepfakes").status_code == 200


NEW_KEY = "fedcba9876543210fedcba9876543210"


def test_row_30_keys_are_rotated_in_the_middle_of_a_burst(
    database_url: str, tmp_path: Path, smtp_sink: Sink
) -> None:
    old = House(database_url, tmp_path, smtp_sink)
    both = House(database_url, tmp_path, smtp_sink, SECRET_KEYS=f"{NEW_KEY},{KEYS}")
    references, paths = [], []
    for n in range(9):
        answer = (old if n < 6 else both).sign(email=f"person{n}@example.org")
        assert answer.status_code == 303
        references.append(answer.headers["Location"])
        if n == 2:
            paths += [link(mail, "confirm") for mail in old.deliver()]
    # Three mails went out before the new key came, three wait, three came after it.
    paths += [link(mail, "confirm") for mail in both.deliver()]
    assert len(paths) == 9
    for reference in references:
        assert both.get(reference).status_code == 200
    for path in paths:
        assert both.post(path, {"action": "confirm"}).status_code == 200
    manage = [link(mail, "manage") for mail in both.deliver()]
    for path in manage:
        assert both.get(path).status_code == 200
    assert both.numbers()["confirmed"] == 9
    both.check()
    old.close()
    both.close()


def test_row_30_a_link_under_a_key_that_is_gone_is_a_404(
    database_url: str, tmp_path: Path, smtp_sink: Sink
) -> None:
    old = House(database_url, tmp_path, smtp_sink)
    inbox = old.sign().headers["Location"]
    path = link(old.deliver()[-1], "confirm")
    old.close()
    new = House(database_url, tmp_path, smtp_sink, SECRET_KEYS=NEW_KEY)
    for method in (new.get, lambda path: new.post(path, {"action": "confirm"})):
        assert method(path).status_code == 404
    assert new.get(inbox).status_code == 404
    assert new.get("/letters/deepfakes").status_code == 200
    assert json.loads(new.get("/api/v1/letters/deepfakes/tally").data)
    assert new.signatures() == []
    new.close()


def test_row_30_nothing_starts_without_the_key_of_a_letter(
    database_url: str, tmp_path: Path, smtp_sink: Sink
) -> None:
    """One sentence at the start, and not a fault at every form that is sent."""
    both = House(database_url, tmp_path, smtp_sink, SECRET_KEYS=f"{NEW_KEY},{KEYS}")
    refuse_unsafe(both.site)
    both.close()
    new = House(database_url, tmp_path, smtp_sink, SECRET_KEYS=NEW_KEY)
    with pytest.raises(Unsafe, match="of the letter deepfakes: put back"):
        refuse_unsafe(new.site)
    new.close()


def test_row_30_a_mail_whose_key_is_gone_is_dead_and_stops_no_other(
    database_url: str, tmp_path: Path, smtp_sink: Sink
) -> None:
    old = House(database_url, tmp_path, smtp_sink)
    old.sign()
    new = House(database_url, tmp_path, smtp_sink, SECRET_KEYS=NEW_KEY)
    assert new.deliver() == []
    assert outbox_states(new) == {"dead": 1}
    old.close()
    new.close()


def test_row_28_the_record_names_nobody(house: House) -> None:
    house.post(house.confirm(**TYPED), {"action": "erase", "sure": "yes"})
    lines = house.ask(select(Record.__table__))
    assert {line.verb for line in lines} >= {"confirm", "withdraw", "redact"}
    whole = "\n".join(map(str, lines))
    assert not any(canary in whole for canary in CANARIES)
