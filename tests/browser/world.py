"""The houses on which every state of every page can be brought about, on SQLite."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import db, dev_inbox, urls
from app.db_upgrade import upgrade
from app.domain import letter_files, letter_loading, lifecycle, names, record, standing
from app.domain import verification as proofs
from app.domain.letter_files import LanguageFile, LetterFiles
from app.domain.tokens import Purpose
from app.models import Letter, Signature, Submission, VerificationMethod
from tests.domain.world_names import NAMES
from tests.house import EXAMPLE, FIELDS, SLUG, House, fill, link
from tests.servers.smtp import Sink

ORGANISER = "organiser@example.org"


class World:
    """Houses made when first asked for, as a context; every row brings its own people.

    The rows of the table are independent of each other and of their order: each signs
    with addresses of its own, and what needs other settings has a letter of its own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open = ExitStack()
        self._letters: set[str] = set()
        self._filled: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _house(self, name: str, prepare: Callable[[str, Path], object]) -> House:
        folder = self.folder / name
        folder.mkdir(parents=True)
        url = f"sqlite:///{folder}/undersigned.sqlite3"
        prepare(url, folder)
        house = House(url, folder, self._open.enter_context(Sink()))
        self._open.callback(house.close)
        return house

    @cached_property
    def house(self) -> House:
        """The house with the example letter, and with every further letter."""
        return self._house("filled", fill)

    @cached_property
    def bare(self) -> House:
        """A house without any letter and without any mail."""
        return self._house("bare", lambda url, folder: upgrade(url))

    @cached_property
    def away(self) -> House:
        """A house whose database does not answer: there is no schema in it."""
        return self._house("away", lambda url, folder: None)

    # -- Letters -----------------------------------------------------------------

    def letter(self, slug: str, **changes: Any) -> str:
        """Put a letter like the example on the house, with what is to be different."""
        if slug not in self._letters:
            self._letters.add(slug)
            files = replace(letter_files.read(EXAMPLE), slug=slug, collected=())
            self.load(replace(files, **changes))
        return slug

    def load(self, files: LetterFiles) -> None:
        """Bring a letter's files into the database, and see that it is known."""
        with self.house.writing() as session:
            letter_loading.load(
                session,
                keyring=self.house.site.keyring,
                files=files,
                actor=record.SYSTEM,
                now=db.now(),
            )
        self.house.fresh(urls.letter(files.slug))

    def change(self, slug: str, **columns: Any) -> None:
        """Change settings of a letter, as an organiser would, and see that it holds."""
        with self.house.writing() as session:
            session.execute(
                update(Letter)
                .where(Letter.slug == slug)
                .values(revision=Letter.revision + 1, **columns)
            )
        self.house.fresh(urls.letter(slug))

    def fill(self, slug: str, count: int, *, featured: int = 0) -> None:
        """Let `count` people of the world sign a letter once; the first are proved."""
        if slug in self._filled:
            return
        self._filled.add(slug)
        with self.house.writing() as session:
            letter_id = session.scalar(select(Letter.id).where(Letter.slug == slug))
            assert letter_id is not None
            for number in range(count):
                entered = lifecycle.confirm(
                    session,
                    letter_id=letter_id,
                    values=_person(number),
                    hold_reasons=[],
                    now=db.now() - timedelta(hours=count - number),
                )
                if number < 2 * featured:
                    _prove(session, entered.id, number + 1 if number < featured else 0)

    # -- People ------------------------------------------------------------------

    def sign(self, who: str, *, slug: str = SLUG, **fields: str) -> TestResponse:
        """Send the sign form of a letter in the name of somebody of this row's own."""
        typed = FIELDS | {"email": f"{who}@example.org"} | fields
        return self.house.post(urls.sign(slug), typed)

    def inbox(self, who: str, **fields: str) -> str:
        """Sign; the path of the page that says where the mail is."""
        answer = self.sign(who, **fields)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def link(self, who: str, **fields: str) -> str:
        """Sign, and let the mail come; the path of the link in it."""
        self.inbox(who, **fields)
        return self.mailed(who, "confirm")

    def mailed(self, who: str, room: str) -> str:
        """The path into `room` that the newest mail to somebody carries."""
        self.house.deliver()
        return link(self.house.sink.wait_for(to=f"{who}@example.org")[-1], room)

    def used_link(self, who: str, **fields: str) -> str:
        """Sign and confirm; the path of the link, which is used now."""
        path = self.link(who, **fields)
        assert self.house.post(path, {"action": "confirm"}).status_code == 200
        return path

    def manage(self, who: str, **fields: str) -> str:
        """Sign and confirm; the path of the manage link in the mail that comes."""
        self.used_link(who, **fields)
        return self.mailed(who, "manage")

    def newest_form(self) -> bytes:
        """The id of the form that was sent last."""
        newest = select(Submission.id).order_by(Submission.created_at.desc()).limit(1)
        ((submission_id,),) = self.house.ask(newest)
        return bytes(submission_id)

    def newest_link(self) -> str:
        """The path of the link of the form that was sent last, mailed or not."""
        tokens = self.house.site.tokens
        return urls.confirm(tokens.make(Purpose.CONFIRM, self.newest_form()))

    def change_newest_form(self, **columns: Any) -> None:
        """Change the row of the form that was sent last."""
        with self.house.writing() as session:
            session.execute(
                update(Submission)
                .where(Submission.id == self.newest_form())
                .values(**columns)
            )

    def _behind(self, manage: str) -> int:
        """The id of the signature behind a manage link."""
        token = manage.rpartition("/")[2]
        public_id = self.house.site.tokens.read(Purpose.MANAGE, token).decode()
        ((signature_id,),) = self.house.ask(
            select(Signature.id).where(Signature.public_id == public_id)
        )
        return int(signature_id)

    def verify(self, manage: str) -> None:
        """Make sure of the person behind a manage link, as an organiser would."""
        with self.house.writing() as session:
            proofs.verify(
                session,
                signature_id=self._behind(manage),
                method=VerificationMethod.CALL,
                evidence="rang the institute",
                actor=ORGANISER,
                now=db.now(),
            )

    def reject(self, manage: str) -> None:
        """Take the signature behind a manage link out, as an organiser would."""
        with self.house.writing() as session:
            lifecycle.reject(
                session,
                signature_id=self._behind(manage),
                actor=ORGANISER,
                reason="not a person",
                fake=False,
                now=db.now(),
            )

    def show_mails(self, *who: str) -> None:
        """Put what these people were sent into the development inbox."""
        for mail in self.house.sink.mails:
            if set(mail.recipients) & {f"{name}@example.org" for name in who}:
                dev_inbox.store(
                    self.house.folder / "inbox", list(mail.recipients), mail.content
                )


_TITLES = ("Professor of Computer Science", "Novelist", "", "Member of Parliament")
_AFFILIATIONS = ("University of X", "", "Ministry of Y", "Institute for the Study of Z")
_SECTORS = (
    "academia", "ai", "entertainment", "academia", "politics", "ai", "academia",
    "other", "not_said",
)  # fmt: skip
_STATEMENT = "What is made to deceive must not go unanswered."


def _person(number: int) -> dict[str, Any]:
    """The columns of the `number`-th signatory: all kinds of lines come up."""
    name = NAMES[number % len(NAMES)]
    return {
        "public_id": standing.new_public_id(),
        "name": name,
        "name_key": names.look_alike_key(name),
        "title": _TITLES[number % 4] or None,
        "affiliation": _AFFILIATIONS[number % 3] or None,
        "identification_only": number % 5 == 0,
        "sector": _SECTORS[number % 9],
        "country": ("DE", "FR", "JP", "not_said")[number % 4],
        "statement": _STATEMENT if number % 6 == 1 else None,
        "listed": number % 11 != 10,
        "public_figure": False,
        "wants_updates": False,
        "may_contact": False,
        "language": "en",
    }


def _prove(session: Session, signature_id: int, rank: int) -> None:
    """Verify a signature, and feature it where it is given a rank."""
    proofs.verify(
        session,
        signature_id=signature_id,
        method=VerificationMethod.INSTITUTION_MAIL,
        evidence="mail of 3 March 2024",
        actor=ORGANISER,
        now=db.now(),
    )
    if rank:
        lifecycle.feature(
            session,
            signature_id=signature_id,
            rank=rank,
            actor=ORGANISER,
            now=db.now(),
        )


ARABIC = LanguageFile(
    title="ثلاثة قوانين ضد التزييف العميق الضار",
    addressee="إلى حكومات العالم كافة",
    summary="رسالة مفتوحة تطلب من حكومات العالم كافة ثلاثة قوانين.",
    source=(
        "إن التزييف العميق يهدد الناس جميعًا: أصواتهم ووجوههم وأسماءهم. "
        "ونحن الموقعين أدناه نطلب ثلاثة قوانين.\n\n"
        "1. حماية الأطفال من كل تزييف يستغلهم.\n"
        "2. معاقبة من يصنع أو ينشر تزييفًا ضارًا عن علم.\n"
        "3. تحميل صانعي البرمجيات نصيبهم من المسؤولية.\n\n"
        "إن هذه القوانين ممكنة، وهي **ضرورية** اليوم قبل الغد."
    ),
)
