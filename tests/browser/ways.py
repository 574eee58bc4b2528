"""How each state of the way from the form to one's own signature comes about."""

from __future__ import annotations

from datetime import timedelta

from werkzeug.test import TestResponse

from app import db, urls
from app.domain.tokens import Purpose
from tests.browser import letters
from tests.browser.world import World
from tests.house import FIELDS, SLUG
from tests.servers.behaviours import NO_SUCH_USER

# Each function takes the world, somebody's name that nobody else bears, and the
# language that the letter is read in; it gives the answer that a browser would show.


# -- Where the mail is -----------------------------------------------------------


def inbox_waiting(world: World, who: str, language: str) -> TestResponse:
    """The mail has not left yet."""
    return world.house.get(world.inbox(who, language=language))


def inbox_done(world: World, who: str, language: str) -> TestResponse:
    """The mail was handed over."""
    path = world.inbox(who, language=language)
    world.house.deliver()
    return world.house.get(path)


def inbox_refused(world: World, who: str, language: str) -> TestResponse:
    """The provider says that there is no such mailbox."""
    world.house.sink.refused[f"{who}@example.org"] = NO_SUCH_USER
    return inbox_done(world, who, language)


def inbox_notice(world: World, who: str, language: str) -> TestResponse:
    """Somebody has asked for the mail once more."""
    path = world.inbox(who, language=language)
    return world.house.post(path, {"action": "resend"})


def inbox_error(world: World, who: str, language: str) -> TestResponse:
    """The corrected address is none either."""
    world.house.sink.refused[f"{who}@example.org"] = NO_SUCH_USER
    path = world.inbox(who, language=language)
    world.house.deliver()
    return world.house.post(path, {"action": "address", "email": "alice@"})


def inbox_too_late(world: World, who: str, language: str) -> TestResponse:
    """The address is corrected after the link has been used."""
    path = world.inbox(who)
    world.house.post(world.mailed(who, "confirm"), {"action": "confirm"})
    other = f"{who}.other@example.org"
    return world.house.post(path, {"action": "address", "email": other})


# -- Behind the link -------------------------------------------------------------


def confirm_listed(world: World, who: str, language: str) -> TestResponse:
    """The line as it will be printed, with all that a line can have."""
    path = world.link(
        who, language=language, statement=letters.STATEMENT, identification_only="yes"
    )
    return world.house.get(path)


def confirm_long(world: World, who: str, language: str) -> TestResponse:
    """The longest name, without a place where it could be broken."""
    title = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamter"
    path = world.link(
        who, name=letters.LONGEST_NAME, title=title, affiliation=title * 2
    )
    return world.house.get(path)


def confirm_count_only(world: World, who: str, language: str) -> TestResponse:
    """Nothing of the person will be printed."""
    return world.house.get(world.link(who, listed="no"))


def confirm_in_grace(world: World, who: str, language: str) -> TestResponse:
    """The letter closed an hour ago; the form was sent before that."""
    path = world.link(who, slug=letters.closing(world, "in-grace"))
    world.change("in-grace", closes_at=db.now() - timedelta(hours=1))
    return world.house.get(path)


def confirm_paused(world: World, who: str, language: str) -> TestResponse:
    """The letter was paused after the form was sent."""
    path = world.link(who, slug=world.letter("paused-later"))
    world.change("paused-later", paused=True)
    return world.house.get(path)


def correct(world: World, who: str, language: str) -> TestResponse:
    """The fields of the line, filled with what was typed."""
    path = world.link(who, language=language, statement=letters.STATEMENT)
    return world.house.post(path, {"action": "correct"})


def correct_errors(world: World, who: str, language: str) -> TestResponse:
    """The correction is wrong in everything that can be corrected."""
    typed = {"action": "correct", "corrected": "yes"} | letters.EVERY_ERROR
    return world.house.post(world.link(who, language=language), typed)


def confirmed(world: World, who: str, language: str) -> TestResponse:
    """The signature counts: the number, and the link to manage it."""
    path = world.link(who, language=language)
    return world.house.post(path, {"action": "confirm"})


def confirmed_first(world: World, who: str, language: str) -> TestResponse:
    """Nobody has signed before."""
    path = world.link(who, slug=world.letter("first"))
    return world.house.post(path, {"action": "confirm"})


def confirmed_held(world: World, who: str, language: str) -> TestResponse:
    """A person looks at the signature first."""
    path = world.link(who, language=language, public_figure="yes")
    return world.house.post(path, {"action": "confirm"})


def link_used(world: World, who: str, language: str) -> TestResponse:
    """The link is opened again after confirming."""
    return world.house.get(world.used_link(who, language=language))


def link_used_asked(world: World, who: str, language: str) -> TestResponse:
    """The used link is asked for the manage link."""
    path = world.used_link(who)
    db.move_clock(timedelta(minutes=2))
    try:
        return world.house.post(path, {"action": "manage"})
    finally:
        db.move_clock(timedelta(0))


def link_expired(world: World, who: str, language: str) -> TestResponse:
    """The link is older than seven days."""
    path = world.link(who, language=language)
    world.change_newest_form(expires_at=db.now() - timedelta(hours=1))
    return world.house.get(path)


def link_void(world: World, who: str, language: str) -> TestResponse:
    """Another link of the same person was used."""
    path = world.link(who, language=language)
    world.inbox(who, language=language, name="Alice B. Example")
    world.house.post(world.newest_link(), {"action": "confirm"})
    return world.house.get(path)


def link_unknown(world: World, who: str, language: str) -> TestResponse:
    """A part of the link got lost."""
    return world.house.get(f"{urls.confirm('AAAA')}?lang={language}")


def link_already(world: World, who: str, language: str) -> TestResponse:
    """The person has signed by another link, and presses the button here."""
    world.used_link(who, language=language)
    world.inbox(who, language=language, name="Alice B. Example")
    return world.house.post(world.newest_link(), {"action": "confirm"})


def link_closed(world: World, who: str, language: str) -> TestResponse:
    """The day of grace after the closing is over."""
    path = world.link(who, slug=letters.closing(world, "over"))
    world.change("over", closes_at=db.now() - timedelta(hours=25))
    return world.house.get(path)


def link_disowned(world: World, who: str, language: str) -> TestResponse:
    """ "This was not me" was pressed here."""
    path = world.link(who, language=language)
    assert world.house.post(path, {"action": "not_me"}).status_code == 303
    return world.house.get(path)


def code_wrong(world: World, who: str, language: str) -> TestResponse:
    """Address and code do not belong together."""
    typed = {"email": f"{who}@example.org", "code": "0000 0000"}
    return world.house.post(urls.confirm_code(language), typed)


def code_bad_address(world: World, who: str, language: str) -> TestResponse:
    """The address beside the code is none."""
    typed = {"email": "alice", "code": "0000 0000"}
    return world.house.post(urls.confirm_code(language), typed)


# -- One's own signature ---------------------------------------------------------


def manage(world: World, who: str, language: str, **fields: str) -> TestResponse:
    """The signature counts."""
    return world.house.get(world.manage(who, language=language, **fields))


def manage_count_only(world: World, who: str, language: str) -> TestResponse:
    """It counts without a name."""
    return manage(world, who, language, listed="no")


def manage_held(world: World, who: str, language: str) -> TestResponse:
    """A person has not looked at it yet."""
    return manage(world, who, language, public_figure="yes")


def manage_rejected(world: World, who: str, language: str) -> TestResponse:
    """An organiser has taken it out."""
    path = world.manage(who, language=language)
    world.reject(path)
    return world.house.get(path)


def manage_ask(
    world: World, who: str, language: str, *, verb: str = "withdraw"
) -> TestResponse:
    """The question before anything happens."""
    path = world.manage(who, language=language)
    return world.house.post(path, {"action": verb})


def manage_done(
    world: World, who: str, language: str, *, verb: str = "withdraw"
) -> TestResponse:
    """It has happened."""
    path = world.manage(who, language=language)
    return world.house.post(path, {"action": verb, "sure": "yes"})


def manage_afterwards(
    world: World, who: str, language: str, *, verb: str = "withdraw"
) -> TestResponse:
    """The manage link is opened again later."""
    path = world.manage(who, language=language)
    world.house.post(path, {"action": verb, "sure": "yes"})
    return world.house.get(path)


def manage_rejected_erased(world: World, who: str, language: str) -> TestResponse:
    """It was taken out, and then its owner had it wiped."""
    path = world.manage(who)
    world.reject(path)
    world.house.post(path, {"action": "erase", "sure": "yes"})
    return world.house.get(path)


def unsubscribe(world: World, who: str, language: str) -> TestResponse:
    """Somebody who has updates looks at the link in one of them."""
    return world.house.get(_unsubscribe(world, who, language))


def unsubscribed(world: World, who: str, language: str) -> TestResponse:
    """They have pressed the button."""
    path = _unsubscribe(world, who, language)
    return world.house.post(path, {"action": "unsubscribe"})


def subscribed_again(world: World, who: str, language: str) -> TestResponse:
    """They have taken that back."""
    path = _unsubscribe(world, who, language)
    world.house.post(path, {"action": "unsubscribe"})
    return world.house.post(path, {"action": "subscribe"})


def unsubscribed_erased(world: World, who: str, language: str) -> TestResponse:
    """The link of an update to somebody who is erased by now."""
    path = _unsubscribe(world, who, language)
    manage = urls.manage(_token(world, who, Purpose.MANAGE))
    world.house.post(manage, {"action": "erase", "sure": "yes"})
    return world.house.get(path)


def _unsubscribe(world: World, who: str, language: str) -> str:
    world.manage(who, language=language, wants_updates="yes")
    return urls.unsubscribe(_token(world, who, Purpose.UNSUBSCRIBE))


def _token(world: World, who: str, purpose: Purpose) -> str:
    """The newest signatory's; it was they who have just confirmed."""
    return world.house.site.tokens.make(
        purpose, world.house.signatures()[-1].public_id.encode()
    )


def manage_data(world: World, who: str, language: str) -> TestResponse:
    """All that is stored of somebody whose line has been verified and corrected."""
    path = world.manage(who, language=language, statement=letters.STATEMENT)
    world.verify(path)
    world.house.post(path, {"action": "noindex"})
    world.house.post(path, {"action": "consents", "may_contact": "yes"})
    return world.house.get(f"{path}/data")


def manage_data_erased(world: World, who: str, language: str) -> TestResponse:
    """Nothing that names the person is left."""
    path = world.manage(who, language=language)
    world.house.post(path, {"action": "erase", "sure": "yes"})
    return world.house.get(f"{path}/data")


def lost_link(world: World, who: str, language: str) -> TestResponse:
    """Where the address is typed."""
    return world.house.get(urls.lost_link(SLUG, language))


def lost_link_asked(world: World, who: str, language: str) -> TestResponse:
    """It was typed."""
    typed = {"email": f"{who}@example.org"}
    return world.house.post(urls.lost_link(SLUG, language), typed)


def lost_link_error(world: World, who: str, language: str) -> TestResponse:
    """What was typed is no address."""
    return world.house.post(urls.lost_link(SLUG, language), {"email": "alice@"})


def receipts(world: World, who: str, language: str) -> TestResponse:
    """Where receipts are checked."""
    return world.house.get(urls.receipts(language))


def receipt_genuine(
    world: World, who: str, language: str, *, altered: bool = False
) -> TestResponse:
    """A receipt of a long name, as it was downloaded."""
    path = world.manage(who, name=letters.LONGEST_NAME, statement=letters.STATEMENT)
    receipt = world.house.get(f"{path}/receipt.json").text
    if altered:
        receipt = receipt.replace("academia", "politics")
    return world.house.post(urls.receipts(language), {"receipt": receipt})


def receipt_altered(world: World, who: str, language: str) -> TestResponse:
    """A word of it was changed."""
    return receipt_genuine(world, who, language, altered=True)


def receipt_unreadable(world: World, who: str, language: str) -> TestResponse:
    """Something else was pasted."""
    return world.house.post(urls.receipts(language), {"receipt": "Dear all"})


def manage_correct(world: World, who: str, language: str) -> TestResponse:
    """The fields of a verified line, filled with what stands."""
    path = world.manage(who, language=language, statement=letters.STATEMENT)
    world.verify(path)
    return world.house.get(f"{path}/correct")


def manage_correct_errors(world: World, who: str, language: str) -> TestResponse:
    """The correction is wrong in everything that can be corrected."""
    path = world.manage(who, language=language)
    return world.house.post(f"{path}/correct", letters.EVERY_ERROR)


def manage_look(world: World, who: str, language: str, **fields: str) -> TestResponse:
    """What would come of a correction, before it is made."""
    path = world.manage(who, language=language)
    line = FIELDS | {"title": "Dean", "sector": "politics", "name": who} | fields
    return world.house.post(f"{path}/correct", line)


def manage_look_verified(world: World, who: str, language: str) -> TestResponse:
    """It would cost the line its verification."""
    path = world.manage(who, language=language)
    world.verify(path)
    return world.house.post(f"{path}/correct", FIELDS | {"name": who})


def manage_look_long(world: World, who: str, language: str) -> TestResponse:
    """The longest name, and one that is read from right to left."""
    title = "\u0623\u0633\u062a\u0627\u0630 \u0627\u0644\u0642\u0627\u0646\u0648\u0646"
    return manage_look(world, who, language, name=letters.LONGEST_NAME, title=title)


def manage_look_meanwhile(world: World, who: str, language: str) -> TestResponse:
    """Something has changed since the person looked."""
    return manage_look(world, who, language, action="correct", look="other")


def manage_unknown(world: World, who: str, language: str) -> TestResponse:
    """A part of the manage link got lost."""
    return world.house.get(f"{urls.manage('AAAA')}?lang={language}")
