"""Made-up rows of a busy letter: signatures, and all that they leave behind them."""

from __future__ import annotations

import base64
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from app.domain import names, search
from app.domain.drafts import LIFETIME, address_context
from app.domain.keyring import Keyring
from app.models import State

# What is signed within these hours before the seeding is what the letter has.
HOURS = 48
# One more form that nobody confirmed for so many that somebody did.
_OPEN_EVERY = 10
_HELD_EVERY = 100
_VERIFIED_EVERY = 20
_FEATURED = 12
_GIVEN = "Ada Amara Björn Chidi Dilnoza Elena Farid Giulia Hana Ikram José Kofi Léa Mei"
_FAMILY = "Adeyemi Blanc Çelik Dvořák Eriksen Fischer García Haddad Ito Jansen Kim Łoś"
_COUNTRIES = ("not_said", "AT", "BR", "CH", "DE", "FR", "GB", "IN", "KE", "US")

COLUMNS = {
    "signature": "id public_id letter_id origin state hold_reasons address_key"
    " address_sealed name name_key title affiliation sector country statement listed"
    " public_figure identification_only wants_updates may_contact language"
    " text_version_id consent_version confirmed_at verified featured_rank created_at"
    " counted_at search_text",
    "search_word": "letter_id word rank signature_id",
    "submission": "id letter_id state address_key content_key sealed language"
    " code_tries mail_number mailed_at created_at expires_at signature_id",
    "outbox": "kind submission_id signature_id number message_id state attempts"
    " due_at answer created_at ended_at",
    "record": "letter_id actor verb subject after at",
}

Row = tuple[Any, ...]
Changes = Counter[tuple[datetime, str, str, str]]


@dataclass(frozen=True, slots=True)
class Place:
    """The letter that the rows belong to, and where their ids begin."""

    letter_id: int
    text_version_id: int
    sectors: tuple[str, ...]
    first_id: int
    now: datetime
    # What an address is sealed with; without it nobody can open one.
    keyring: Keyring | None = None

    def sealed(self, public_id: str, noise: bytes) -> bytes:
        """An address as the database has it, or noise of the same length."""
        if self.keyring is None:
            return noise
        address = f"{public_id[:9]}@example.org".lower().encode()
        return self.keyring.seal(address, context=address_context(public_id))


@dataclass(slots=True)
class Batch:
    """Some rows of each table, and what they change in the numbers."""

    rows: dict[str, list[Row]] = field(
        default_factory=lambda: {table: [] for table in COLUMNS}
    )
    changes: Changes = field(default_factory=Counter)

    def count(self, at: datetime, sector: str, country: str, *, verified: bool) -> None:
        """Note what one counted signature adds to the numbers of its hour."""
        hour = at.replace(minute=0, second=0, microsecond=0)
        for measure in ("confirmed", "verified") if verified else ("confirmed",):
            self.changes[hour, "sector", sector, measure] += 1
            self.changes[hour, "country", country, measure] += 1


def batches(
    place: Place, signatures: int, *, size: int, moment: Callable[[datetime], str]
) -> Iterator[Batch]:
    """The rows of so many signatures; `moment` writes a time as the database has it.

    The forms that are sealed in a real house are random here, of the same length:
    nobody opens them. All keys are random, as they are in life.
    """
    chance = random.Random(20240221)
    started = place.now - timedelta(hours=HOURS)
    step = timedelta(hours=HOURS) / signatures
    for start in range(0, signatures, size):
        batch = Batch()
        for number in range(start, min(start + size, signatures)):
            _add(batch, place, number, started + step * number, moment, chance)
        yield batch


def _add(
    batch: Batch,
    place: Place,
    number: int,
    at: datetime,
    moment: Callable[[datetime], str],
    chance: random.Random,
) -> None:
    signature_id, letter_id = place.first_id + number, place.letter_id
    noise = chance.randbytes(148)
    public_id = base64.urlsafe_b64encode(noise[:16])[:22].decode()
    submission_id, address_key = noise[16:32], noise[32:64]
    name, name_key = name_of(int(100_000 * chance.random()))
    sector = place.sectors[int(len(place.sectors) * chance.random())]
    country = _COUNTRIES[int(len(_COUNTRIES) * chance.random())]
    verified = number % _VERIFIED_EVERY == 0
    held = number % _HELD_EVERY == 1
    rank = number // _VERIFIED_EVERY + 1
    state = "held" if held else "counted"
    words = f"s:{sector} c:{country} {_words(name)} university of exampletown"
    when, until = moment(at), moment(at + LIFETIME)
    rows = batch.rows
    rows["signature"].append(
        (signature_id, public_id, letter_id, "confirmed", state,
         "public_figure" if held else None, address_key, place.sealed(public_id, noise[64:116]), name, name_key,
         "Professor of Mathematics", "University of Exampletown", sector, country,
         "Faces are not toys." if number % 5 == 0 else None, number % 10 != 9, held,
         False, True, False, "en", place.text_version_id, "2026-11", when, verified,
         rank if verified and rank <= _FEATURED else None, when,
         None if held else when, words)
    )  # fmt: skip
    place_in_list = search.rank_of(
        state=State(state), listed=number % 10 != 9, verified=verified
    )
    rows["search_word"] += [
        (letter_id, word, place_in_list, signature_id) for word in words.split()
    ]
    rows["submission"].append(
        (submission_id, letter_id, "used", None, None, None, "en", 0, 1, when, when,
         until, signature_id)
    )  # fmt: skip
    subject = (submission_id, None) if number % 2 else (None, signature_id)
    rows["outbox"].append(_sent(subject, noise[116:132], when))
    rows["record"].append((letter_id, "signatory", "confirm", public_id, state, when))
    if number % _OPEN_EVERY == 0:
        keys, sealed = chance.randbytes(96), chance.randbytes(420)
        rows["submission"].append(
            (keys[:16], letter_id, "open", keys[16:48], keys[48:80], sealed, "en", 0, 1,
             when, when, until, None)
        )  # fmt: skip
        rows["outbox"].append(_sent((keys[:16], None), keys[80:], when))
    if not held:
        batch.count(at, sector, country, verified=verified)


def _sent(subject: tuple[bytes | None, int | None], noise: bytes, when: str) -> Row:
    kind = "signed" if subject[0] is None else "confirm"
    return (kind, *subject, 1, noise.hex(), "sent", 1, when, "250 OK", when, when)


@cache
def name_of(number: int) -> tuple[str, str]:
    """One of 100,000 names with its look-alike key: in life, too, names repeat."""
    given, family = _GIVEN.split(), _FAMILY.split()
    middle = number // (len(given) * len(family))
    name = " ".join(
        (
            given[number % len(given)],
            _syllables(middle),
            family[number // len(given) % len(family)],
        )
    )
    return name, names.look_alike_key(name)


@cache
def _words(name: str) -> str:
    return " ".join(search.words_of(name))


def _syllables(number: int) -> str:
    parts = ("ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "ru")
    return "".join(parts[int(digit)] for digit in f"{number:03}").capitalize()
