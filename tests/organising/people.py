"""Organisers as the tests know them: each with a browser of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import insert, select
from werkzeug.test import Client, TestResponse

from app import db
from app.domain import record, sessions
from app.models import Letter, Membership, Organiser
from app.site import Site

if TYPE_CHECKING:
    from tests.house import House

BASE = "http://localhost"
PASSWORD = "a stitch in time saves nine"


class Signed:
    """One organiser and their browser: `get` and `post` with cookie and token."""

    def __init__(
        self,
        house: House,
        role: str | None,
        *,
        slug: str = "deepfakes",
        email: str | None = None,
        name: str | None = None,
        signed_in: bool = True,
    ) -> None:
        self.house = house
        self.slug = slug
        self.email = email or f"{role or 'nobody'}@organisers.example.org"
        self.id = _make(house, self.email, name or (role or "nobody").title())
        if role is not None:
            self.join(role, slug)
        self.actor = record.organiser(self.id)
        self.client = Client(house.front)
        self._token = ""
        if signed_in:
            self.sign_in()

    def join(self, role: str, slug: str = "deepfakes") -> None:
        """Have a role on a letter, where there is none yet."""
        with self.house.writing() as session:
            letter_id = session.scalar(select(Letter.id).where(Letter.slug == slug))
            assert letter_id is not None
            if session.get(Membership, (letter_id, self.id)) is None:
                session.execute(
                    insert(Membership).values(
                        letter_id=letter_id,
                        organiser_id=self.id,
                        role=role,
                        created_at=db.now(),
                    )
                )

    def sign_in(self) -> None:
        """Hold a session as whoever has just signed in holds it, without the cost."""
        app = self.house.organise
        self.client.set_cookie(
            app.config["SESSION_COOKIE_NAME"],
            session_of(self.house.site, app, self.id),
            domain="localhost",
            path=app.config["SESSION_COOKIE_PATH"],
        )
        self._token = ""

    @property
    def token(self) -> str:
        """The token that forms of this browser send back."""
        if not self._token:
            answer = self.get("/organise/sign-in")
            # Who is signed in is sent on from there.
            self._token = csrf(
                answer if answer.status_code == 200 else self.get("/organise/nowhere")
            )
        return self._token

    def get(self, path: str, **headers: str) -> TestResponse:
        """GET as a browser does it; header names with underscores."""
        return self.client.get(path, base_url=BASE, headers=_named(headers))

    def post(
        self, path: str, fields: Mapping[str, Any] | None = None, **headers: str
    ) -> TestResponse:
        """POST a form of a page of ours, with the token that such a form carries."""
        return self.send("POST", path, fields, **headers)

    def upload(
        self, path: str, content: bytes, fields: Mapping[str, str] | None = None
    ) -> TestResponse:
        """POST a form with a file in it, called names.csv."""
        body, content_type = multipart(
            content, {"csrf_token": self.token, **(fields or {})}
        )
        return self.client.post(
            path,
            base_url=BASE,
            data=body,
            content_type=content_type,
            headers={"Sec-Fetch-Site": "same-origin"},
        )

    def send(
        self,
        method: str,
        path: str,
        fields: Mapping[str, Any] | None = None,
        **headers: str,
    ) -> TestResponse:
        """Send a form by any method."""
        sent = {"csrf_token": self.token, **(fields or {})}
        with self.house.statements() as said:
            answer = self.client.open(
                path,
                method=method,
                base_url=BASE,
                data=urlencode(sent, doseq=True).encode(),
                headers=_named(
                    {
                        "Content_Type": "application/x-www-form-urlencoded",
                        "Sec_Fetch_Site": "same-origin",
                        **headers,
                    }
                ),
            )
        changed = changed_by(said) - UNRECORDED
        # What was refused is not committed; the other one notes the step of a code.
        quiet = answer.status_code >= 400 or path == "/organise/code"
        assert quiet or not changed or "record" in changed, (
            f"{path} changed {changed} in silence"
        )
        return answer


# What may change without a line in the record: who looks and who tries, mails that
# are asked for by anybody, and uploads that nobody has run yet.
UNRECORDED = frozenset(
    {
        "desk_lock", "entry_link", "guess", "outbox", "sign_in",
        "import_key", "import_part", "import_problem", "import_row",
    }
)  # fmt: skip
_CHANGE = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM) \"?(\w+)")


def changed_by(said: Iterable[str]) -> set[str]:
    """The tables that statements change (threats 49)."""
    return {table for statement in said for table in _CHANGE.findall(statement)} - {
        # ON CONFLICT DO UPDATE SET, and FOR UPDATE OF a table that is only locked.
        "SET",
        "OF",
    }


def multipart(content: bytes, fields: Mapping[str, str]) -> tuple[bytes, str]:
    """A form with a file in it (RFC 7578), and its content type."""
    parts = {f'"{name}"': value.encode() for name, value in fields.items()}
    parts['"file"; filename="names.csv"'] = content
    body = b"".join(
        b"--cut\r\nContent-Disposition: form-data; name=%b\r\n\r\n%b\r\n"
        % (name.encode(), value)
        for name, value in parts.items()
    )
    return body + b"--cut--\r\n", "multipart/form-data; boundary=cut"


def session_of(site: Site, app: Flask, organiser_id: int) -> str:
    """The cookie of whoever has just signed in."""
    with site.database.writing() as session:
        key = sessions.begin(
            session, organiser_id=organiser_id, browser="Test", now=db.now()
        )
        uniquifier = session.scalar(
            select(Organiser.fs_uniquifier).where(Organiser.id == organiser_id)
        )
        session.commit()
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    held = {
        "key": key,
        "_user_id": uniquifier,
        "_fresh": True,
        "fs_cc": "set",
        "fs_paa": db.now().timestamp(),
    }
    return str(signer.dumps(held))


def csrf(answer: TestResponse) -> str:
    """The token in the forms of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
    assert found is not None, answer.text
    return found[1]


def _make(house: House, email: str, name: str) -> int:
    with house.writing() as session:
        organiser = session.scalar(select(Organiser).where(Organiser.email == email))
        if organiser is None:
            organiser = Organiser(email=email, name=name, created_at=db.now())
            session.add(organiser)
            session.flush()
        return organiser.id


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"Host": "localhost", **named}
