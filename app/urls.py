"""Every public address of the house, in one place; links never ask the request."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from werkzeug.routing import BaseConverter


class LanguageConverter(BaseConverter):
    """A language code in an address (BCP 47); no other word of ours looks like one."""

    regex = r"[A-Za-z]{2,3}(?:[_-][A-Za-z0-9]{2,8})*"


def home() -> str:
    """The list of open letters."""
    return "/"


def letter(slug: str, locale: str | None = None) -> str:
    """The letter, in its first language or in the one named."""
    return f"/letters/{slug}/{locale}" if locale else f"/letters/{slug}"


def logo(slug: str, hash: str) -> str:
    """The picture of a letter's organiser."""
    return f"/letters/{slug}/logo/{hash}.png"


def sign(slug: str) -> str:
    """Where the sign form is sent."""
    return f"/letters/{slug}/signatures"


def inbox(slug: str, reference: str, locale: str | None = None) -> str:
    """The page after signing: where the mail is, and what to do when it is not."""
    return _in(f"/letters/{slug}/inbox/{reference}", locale)


def invited(token: str) -> str:
    """A personal invitation to sign."""
    return f"/invited/{token}"


def confirm(token: str) -> str:
    """The preview behind the mailed link."""
    return f"/confirm/{token}"


def confirm_code(locale: str | None = None) -> str:
    """Where a typed code is sent."""
    return _in("/confirm", locale)


def manage(token: str) -> str:
    """The signatory's own page."""
    return f"/manage/{token}"


def unsubscribe(token: str) -> str:
    """Where a signatory has no more updates, by one click."""
    return f"/unsubscribe/{token}"


def manage_part(token: str, part: str) -> str:
    """A page behind the manage link: "correct", "data", "data.json", "receipt.json"."""
    return f"/manage/{token}/{part}"


def lost_link(slug: str, locale: str | None = None) -> str:
    """Where the manage link is asked for by address."""
    return _in(f"/letters/{slug}/manage", locale)


def receipts(locale: str | None = None) -> str:
    """Where receipts are checked."""
    return _in("/receipts", locale)


def receipt_keys() -> str:
    """The keys by which anybody checks receipts, as JSON."""
    return "/receipts/keys.json"


def preview(token: str, locale: str | None = None) -> str:
    """The private way to a letter that the public does not see yet."""
    return f"/preview/{token}/{locale}" if locale else f"/preview/{token}"


def preview_privacy(token: str, locale: str | None = None) -> str:
    """The privacy notice behind a private link."""
    return _in(f"/preview/{token}/privacy", locale)


def preview_snapshot(token: str, public_id: str) -> str:
    """A press snapshot behind a private link."""
    return f"/preview/{token}/snapshots/{public_id}"


def snapshot(slug: str, public_id: str, locale: str | None = None) -> str:
    """A press snapshot of a letter."""
    return _in(f"/letters/{slug}/snapshots/{public_id}", locale)


def versions(slug: str, locale: str | None = None) -> str:
    """The letter's words over time."""
    return _in(f"/letters/{slug}/versions", locale)


def privacy(slug: str, locale: str | None = None) -> str:
    """The privacy notice of a letter."""
    return _in(f"/letters/{slug}/privacy", locale)


def signatories(slug: str, locale: str | None = None) -> str:
    """The public list; what is asked of it stands in the query."""
    return _in(f"/letters/{slug}/signatories", locale)


def signatory(slug: str, public_id: str, locale: str | None = None) -> str:
    """One line of the public list by itself."""
    return _in(f"/letters/{slug}/signatories/{public_id}", locale)


def dispute(slug: str, public_id: str, locale: str | None = None) -> str:
    """Where "I did not sign this" is said, and lines are reported."""
    return _in(f"/letters/{slug}/signatories/{public_id}/dispute", locale)


def disputed(slug: str, locale: str | None = None) -> str:
    """The thanks for it, which are the same whatever it was about."""
    return _in(f"/letters/{slug}/disputed", locale)


def signatories_csv(slug: str) -> str:
    """The public list as a file."""
    return f"/letters/{slug}/signatories.csv"


def pdf(slug: str, locale: str | None = None) -> str:
    """The letter and its first signatories as a file to print."""
    return _in(f"/letters/{slug}/letter.pdf", locale)


def signatories_feed(slug: str, locale: str | None = None) -> str:
    """The newest signatories as a feed."""
    return _in(f"/letters/{slug}/signatories.atom", locale)


def qr(slug: str, locale: str | None = None) -> str:
    """The letter's address as a code to scan."""
    return _in(f"/letters/{slug}/qr.svg", locale)


def corrections(slug: str, locale: str | None = None) -> str:
    """What was removed or changed in public, and why."""
    return _in(f"/letters/{slug}/corrections", locale)


def corrections_feed(slug: str, locale: str | None = None) -> str:
    """The same as a feed."""
    return _in(f"/letters/{slug}/corrections.atom", locale)


def updates(slug: str, locale: str | None = None) -> str:
    """What the organisers wrote to their signatories, for all to read."""
    return _in(f"/letters/{slug}/updates", locale)


def updates_feed(slug: str, locale: str | None = None) -> str:
    """The same as a feed."""
    return _in(f"/letters/{slug}/updates.atom", locale)


def embed(slug: str, locale: str | None = None) -> str:
    """The counter as a frame for other sites."""
    return _in(f"/embed/{slug}", locale)


def card(slug: str, locale: str | None = None) -> str:
    """The share image."""
    return _in(f"/embed/{slug}/card.png", locale)


def badge(slug: str, kind: str, locale: str | None = None) -> str:
    """The counter as a picture: "svg" or "png"."""
    return _in(f"/embed/{slug}/badge.{kind}", locale)


def counter_script() -> str:
    """The script of the custom element."""
    return "/embed/counter.js"


def counter(slug: str, locale: str | None = None) -> str:
    """For webmasters: every form of the counter, and the code to copy."""
    return _in(f"/letters/{slug}/counter", locale)


def oembed(address: str, kind: str = "json") -> str:
    """What tells another site how to show `address`."""
    return f"/oembed?format={kind}&url={quote(address, safe='')}"


def time(moment: datetime) -> str:
    """A full hour as addresses write it."""
    return moment.strftime("%Y-%m-%dT%H:00Z")


def at(slug: str, time: str, locale: str | None = None) -> str:
    """The numbers as they stood at a full hour; "latest" leads to the newest."""
    return _in(f"/letters/{slug}/at/{time}", locale)


def history(slug: str, locale: str | None = None) -> str:
    """The number over time."""
    return _in(f"/letters/{slug}/history", locale)


def api(slug: str, part: str, locale: str | None = None) -> str:
    """A part of a letter in the API: "tally", "signatories" or "corrections"."""
    return _in(f"/api/v1/letters/{slug}/{part}", locale)


def api_page(locale: str | None = None) -> str:
    """What the API answers, for people."""
    return _in("/api/v1/", locale)


def tally(slug: str, locale: str | None = None) -> str:
    """The published numbers as JSON."""
    return _in(f"/api/v1/letters/{slug}/tally", locale)


def development_inbox() -> str:
    """The mails just sent; in development only."""
    return "/dev/inbox"


def development_mails(*parts: str) -> str:
    """An example of every kind of mail; in development only."""
    return "/".join(("/dev/mails", *parts))


def organise(*parts: str) -> str:
    """A page for organisers: what they are called by below their room."""
    return "/organise/" + "/".join(parts)


def organise_letter(slug: str, *parts: str) -> str:
    """A page for the organisers of one letter; without parts, its overview."""
    return f"/organise/letters/{slug}/" + "/".join(parts)


def absolute(base: str, path: str) -> str:
    """The full address: `base` is the configured one, never the Host header."""
    return base + path


@lru_cache(maxsize=256)
def _language(locale: str) -> str:
    return f"?lang={quote(locale)}"


def _in(path: str, locale: str | None) -> str:
    return path + _language(locale) if locale else path
