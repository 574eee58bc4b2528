"""What each mail says: one function and one template folder a kind."""

from __future__ import annotations

from datetime import datetime

from app import urls
from app.domain.mailings import Text
from app.domain.views import LetterView
from app.i18n import marked as _
from app.mail.wire import Envelope, House, build


def confirm(
    house: House, envelope: Envelope, letter: LetterView, *, token: str, code: str
) -> bytes:
    """The link, the code and "this was not me"; nothing that was typed (threats 12)."""
    link = urls.absolute(house.base_url, urls.confirm(token))
    return build("confirm", house, envelope, letter, link=link, not_me=link, code=code)


def reminder(
    house: House, envelope: Envelope, letter: LetterView, *, token: str, code: str
) -> bytes:
    """The same once more, three days later."""
    link = urls.absolute(house.base_url, urls.confirm(token))
    return build("reminder", house, envelope, letter, link=link, not_me=link, code=code)


def already_signed(
    house: House, envelope: Envelope, letter: LetterView, *, manage: str
) -> bytes:
    """The answer to a form for an address that has signed."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return build("already_signed", house, envelope, letter, manage=link)


def signed(
    house: House,
    envelope: Envelope,
    letter: LetterView,
    *,
    manage: str,
    number: int | None,
) -> bytes:
    """The receipt after confirming, with the manage link."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return build("signed", house, envelope, letter, manage=link, number=number)


def manage(
    house: House, envelope: Envelope, letter: LetterView, *, manage: str
) -> bytes:
    """The manage link again, asked for on the page of a used link."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return build("manage", house, envelope, letter, manage=link)


def released(
    house: House, envelope: Envelope, letter: LetterView, *, manage: str
) -> bytes:
    """An organiser has let the signature in."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return build("released", house, envelope, letter, manage=link)


def rejected(
    house: House,
    envelope: Envelope,
    letter: LetterView,
    *,
    manage: str,
    reason: str | None,
) -> bytes:
    """An organiser has taken the signature out: why, and how to object."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return build("rejected", house, envelope, letter, manage=link, reason=reason)


def held(house: House, envelope: Envelope, letter: LetterView, *, manage: str) -> bytes:
    """Confirmed, and a person looks at it first; with the manage link."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return build("held", house, envelope, letter, manage=link)


def corrected(
    house: House, envelope: Envelope, letter: LetterView, *, manage: str, held: bool
) -> bytes:
    """The line was changed by its link; `held`: a person looks at it first."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return build("corrected", house, envelope, letter, manage=link, held=held)


def withdrawn(
    house: House,
    envelope: Envelope,
    letter: LetterView,
    *,
    manage: str,
    deadline: datetime,
) -> bytes:
    """The signature was taken back by its link; until when there is a way back."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return build("withdrawn", house, envelope, letter, manage=link, deadline=deadline)


def verified(
    house: House, envelope: Envelope, letter: LetterView, *, manage: str
) -> bytes:
    """The organisers have made sure of the person."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return build("verified", house, envelope, letter, manage=link)


def evidence(
    house: House,
    envelope: Envelope,
    letter: LetterView,
    *,
    manage: str,
    request: str,
    reference: str,
    deadline: datetime,
) -> bytes:
    """A canned request for something that proves the person."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return build("evidence", house, envelope, letter, manage=link, request=request,
                  reference=reference, deadline=deadline)  # fmt: skip


def invited(
    house: House,
    envelope: Envelope,
    letter: LetterView,
    *,
    token: str,
    deadline: datetime,
) -> bytes:
    """A personal link to sign, for an address known before."""
    link = urls.absolute(house.base_url, urls.invited(token))
    return build("invited", house, envelope, letter, link=link, deadline=deadline)


# What the mail about a changed account says, by the verb in the record.
CHANGES = {
    "organiser.password": _("A new password was set."),
    "organiser.factor": _("A second factor was set up."),
    "organiser.factor_off": _("The second factor was taken away."),
    "organiser.recovery": _("New recovery codes were made: the former ones are void."),
    "organiser.recovered": _("A recovery code was used to sign in."),
    "organiser.passkey": _("A passkey was added."),
    "organiser.passkey_off": _("A passkey was removed."),
}


def reset(house: House, envelope: Envelope, letter: LetterView, *, token: str) -> bytes:
    """A link to set a new password, asked for by whoever typed the address."""
    link = urls.absolute(house.base_url, urls.organise("enter", token))
    return build("reset", house, envelope, letter, link=link)


def account(
    house: House, envelope: Envelope, letter: LetterView, *, change: str
) -> bytes:
    """A way to sign in was changed: which, and what to do if it was not they."""
    link = urls.absolute(house.base_url, urls.organise("account"))
    forgotten = urls.absolute(house.base_url, urls.organise("forgotten"))
    return build("account", house, envelope, letter, change=CHANGES[change],
                  link=link, forgotten=forgotten)  # fmt: skip


def factor(
    house: House, envelope: Envelope, letter: LetterView, *, deadline: datetime
) -> bytes:
    """An owner says that the second factor is lost: until when it can be kept."""
    link = urls.absolute(house.base_url, urls.organise("sign-in"))
    return build("factor", house, envelope, letter, link=link, deadline=deadline)


def head(house: House, envelope: Envelope, letter: LetterView, *, head: str) -> bytes:
    """The head of the record, as POSITION:HASH, to be kept outside the house."""
    return build("head", house, envelope, letter, head=head)


def alarm(
    house: House, envelope: Envelope, letter: LetterView, *, domains: tuple[str, ...]
) -> bytes:
    """At these mail domains nobody confirms any more."""
    link = urls.absolute(house.base_url, urls.organise_letter(letter.slug, "figures"))
    return build("alarm", house, envelope, letter, link=link, domains=domains)


def invitation(
    house: House, envelope: Envelope, letter: LetterView, *, token: str
) -> bytes:
    """The link to join the team of a letter."""
    link = urls.absolute(house.base_url, urls.organise("invitation", token))
    return build("invitation", house, envelope, letter, link=link)


def text_changed(
    house: House, envelope: Envelope, letter: LetterView, *, manage: str
) -> bytes:
    """The letter's words changed: see the difference, keep or withdraw."""
    link = urls.absolute(house.base_url, urls.manage(manage))
    return build("text_changed", house, envelope, letter, manage=link)


def update(
    house: House,
    envelope: Envelope,
    letter: LetterView,
    *,
    news: Text,
    text: str,
    number: int | None,
    manage: str,
    unsubscribe: str,
) -> bytes:
    """What organisers have to say."""
    return build("update", house, envelope, letter, news=news, text=text,
                  manage=manage, unsubscribe=unsubscribe)  # fmt: skip


def closing(
    house: House,
    envelope: Envelope,
    letter: LetterView,
    *,
    news: Text,
    text: str,
    number: int | None,
    manage: str,
    unsubscribe: str,
) -> bytes:
    """The same as thanks, with the number that the letter came to."""
    return build("closing", house, envelope, letter, news=news, text=text,
                  number=number, manage=manage, unsubscribe=unsubscribe)  # fmt: skip
