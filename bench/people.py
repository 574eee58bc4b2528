"""Requests of people who sign and confirm: each of them once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from urllib.parse import urlencode

from sqlalchemy import select

from app import urls
from app.db import now
from app.domain.drafts import LIFETIME
from app.domain.tokens import Purpose, Tokens
from app.models import Submission, SubmissionState
from bench import client
from bench.stage import SLUG, Filled, Server

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class People:
    """Signatories of one letter: they sign on any server, and later confirm."""

    def __init__(self, filled: Filled) -> None:
        self._filled = filled
        self._text = filled.settings().wording("en").hash
        self._tokens = Tokens(filled.config().secret_keys)
        # What was seeded ends earlier than what is signed from now on.
        self._ends_after = now() + LIFETIME
        self._waiting: Iterator[bytes] = iter(())

    def sign(self, server: Server, number: int, *, path: str = "") -> list[bytes]:
        """Filled-in forms of so many people, none of whom has signed before."""
        return [
            client.post(
                path or urls.sign(SLUG), server.host, urlencode(self._form()).encode()
            )
            for _ in range(number)
        ]

    def _form(self) -> dict[str, str]:
        given, family = (
            "".join(random.choices(_LETTERS, k=length)).capitalize()
            for length in (5, 9)
        )
        return {
            "name": f"{given} {family}",
            # Everybody from somewhere else: nobody is to be held for a crowd.
            "email": f"{given}@{family}.example.org".lower(),
            "title": "Professor of Mathematics",
            "affiliation": "University of Exampletown",
            "sector": "academia",
            "country": "GB",
            "statement": "Faces are not toys, and voices are not either.",
            "listed": "yes",
            "consent": "yes",
            "wants_updates": "yes",
            "language": "en",
            "text": self._text,
        }

    def confirm(self, server: Server, number: int) -> list[bytes]:
        """The button behind so many links, each pressed once; sign first."""
        links = [self._link() for _ in range(number)]
        return [client.post(link, server.host, b"action=confirm") for link in links]

    def _link(self) -> str:
        identifier = next(self._waiting, None)
        if identifier is None:
            self._waiting = iter(self._open())
            identifier = next(self._waiting, None)
        if identifier is None:
            raise LookupError("nobody has signed who could confirm")
        return urls.confirm(self._tokens.make(Purpose.CONFIRM, identifier))

    def _open(self) -> list[bytes]:
        waiting = (
            select(Submission.id)
            .where(
                Submission.state == SubmissionState.OPEN.value,
                Submission.expires_at > self._ends_after,
            )
            .order_by(Submission.expires_at)
        )
        with self._filled.database.reading() as session:
            found = [bytes(identifier) for identifier in session.scalars(waiting)]
        self._ends_after = now() + LIFETIME
        return found
