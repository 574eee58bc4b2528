"""The one table of every page and every state of it; whatever looks at pages reads it.

Row by row: what it is called, the route that answers, how it comes about, the status,
the languages in which it is looked at. A route that is neither here nor in NOT_PAGES
fails the build.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from werkzeug.test import TestResponse

from tests.browser import elsewhere, launches, letters, lists, ways
from tests.browser.world import World

Bring = Callable[[World, str, str], TestResponse]

ALL = ("en", "de", "fr")


@dataclass(frozen=True)
class Row:
    """One state of one page in one language."""

    name: str
    endpoint: str | None
    status: int
    language: str
    bring: Bring

    def make(self, world: World) -> TestResponse:
        """Bring it about; the answer that a browser would show."""
        return self.bring(world, self.name, self.language)


def _rows(
    endpoint: str | None,
    *states: tuple[str, Bring] | tuple[str, Bring, int],
    languages: tuple[str, ...] = ("en",),
) -> list[Row]:
    """The rows of one route: each state in each language, with 200 unless it says."""
    return [
        Row(
            name=f"{state[0]}-{language}",
            endpoint=endpoint,
            status=state[2] if len(state) == 3 else 200,
            language=language,
            bring=state[1],
        )
        for state in states
        for language in languages
    ]


TABLE: tuple[Row, ...] = (
    # -- The letter --------------------------------------------------------------
    *_rows(
        "signing.letter",
        ("letter", letters.letter),
        ("letter-signed", letters.letter_signed),
        languages=ALL,
    ),
    *_rows(
        "signing.letter",
        ("letter-empty", letters.letter_empty),
        ("letter-full", letters.letter_full),
        ("letter-frozen", letters.letter_frozen),
        ("letter-in-earnest", letters.letter_in_earnest),
        ("letter-many", letters.letter_many),
        ("letter-plain", letters.letter_plain),
    ),
    *_rows("signing.letter", ("letter-arabic", letters.letter_arabic)),
    *_rows("signing.letter", ("letter-long", letters.letter_long), languages=("de",)),
    *_rows("signing.letter", ("letter-closed", letters.letter_closed), languages=ALL),
    *_rows(
        "signing.letter",
        ("letter-not-open", letters.letter_not_open),
        ("letter-paused", letters.letter_paused),
        languages=("fr",),
    ),
    # -- The public list ---------------------------------------------------------
    *_rows(
        "signatories.lines",
        ("list", lists.whole),
        ("list-search", lists.found),
        languages=ALL,
    ),
    *_rows(
        "signatories.lines",
        ("list-empty", lists.empty),
        ("list-miss", lists.missed),
        ("list-deep", lists.deep),
        ("list-frozen", lists.frozen),
        ("list-senseless", lists.senseless, 400),
    ),
    *_rows(
        "signatories.line",
        ("line", lists.line),
        ("line-verified", lists.line_verified),
        ("line-long", lists.line_long),
        languages=("en", "de"),
    ),
    *_rows(
        "corrections.page",
        ("corrections", lists.corrected),
        languages=ALL,
    ),
    *_rows(
        "quoting.over_time",
        ("history", lists.history),
        languages=ALL,
    ),
    *_rows("quoting.page", ("quote", lists.quoted), languages=ALL),
    *_rows("quoting.over_time", ("history-none", lists.history_none)),
    *_rows("embeds.page", ("counter", lists.counter), languages=ALL),
    *_rows(
        "embeds.frame",
        ("frame", lists.frame),
        ("frame-closed", lists.frame_closed),
        languages=("en", "de"),
    ),
    *_rows("pdfs.file", ("pdf-wait", lists.pdf_wait, 503), languages=ALL),
    *_rows("corrections.page", ("corrections-none", lists.uncorrected)),
    *_rows(
        "disputing.ask",
        ("dispute", lists.dispute),
        languages=ALL,
    ),
    *_rows("disputing.ask", ("dispute-gone", lists.dispute_gone, 404)),
    *_rows("disputing.act", ("dispute-errors", lists.dispute_errors, 400)),
    *_rows("disputing.thanks", ("disputed", lists.disputed), languages=("en", "de")),
    # -- Signing -----------------------------------------------------------------
    *_rows(
        "signing.sign",
        ("sign-every-error", letters.sign_every_error, 400),
        ("sign-changed", letters.sign_changed, 409),
        languages=ALL,
    ),
    *_rows(
        "signing.sign",
        ("sign-one-error", letters.sign_one_error, 400),
        ("sign-arabic-errors", letters.sign_arabic_errors, 400),
        ("sign-strict-errors", letters.sign_strict_errors, 400),
    ),
    *_rows(
        "signing.inbox",
        ("inbox-waiting", ways.inbox_waiting),
        ("inbox-done", ways.inbox_done),
        ("inbox-refused", ways.inbox_refused),
        languages=("en", "de"),
    ),
    *_rows(
        "signing.inbox_act",
        ("inbox-notice", ways.inbox_notice),
        ("inbox-error", ways.inbox_error, 400),
        ("inbox-too-late", ways.inbox_too_late, 409),
    ),
    *_rows("signing.privacy", ("privacy", elsewhere.privacy), languages=ALL),
    # -- Behind the link ---------------------------------------------------------
    *_rows(
        "confirming.preview",
        ("confirm-listed", ways.confirm_listed),
        languages=ALL,
    ),
    *_rows(
        "confirming.preview",
        ("confirm-long", ways.confirm_long),
        ("confirm-count-only", ways.confirm_count_only),
        ("confirm-in-grace", ways.confirm_in_grace),
        ("confirm-paused", ways.confirm_paused),
        ("link-used", ways.link_used),
        ("link-expired", ways.link_expired, 410),
        ("link-void", ways.link_void, 410),
        ("link-closed", ways.link_closed, 410),
        ("link-disowned", ways.link_disowned),
    ),
    *_rows(
        "confirming.preview",
        ("link-unknown", ways.link_unknown, 404),
        languages=ALL,
    ),
    *_rows(
        "confirming.act",
        ("correct", ways.correct),
        ("correct-errors", ways.correct_errors, 400),
        ("confirmed", ways.confirmed),
        ("confirmed-held", ways.confirmed_held),
        languages=("en", "fr"),
    ),
    *_rows(
        "confirming.act",
        ("confirmed-first", ways.confirmed_first),
        ("link-used-asked", ways.link_used_asked),
        ("link-already", ways.link_already),
    ),
    *_rows("confirming.code_form", ("code", elsewhere.code), languages=ALL),
    *_rows(
        "confirming.code",
        ("code-wrong", ways.code_wrong, 400),
        ("code-bad-address", ways.code_bad_address, 400),
        languages=("en", "de"),
    ),
    # -- A personal invitation ---------------------------------------------------
    *_rows("inviting.form", ("invited", elsewhere.invited), languages=ALL),
    *_rows(
        "inviting.form",
        ("invited-paused", elsewhere.invited_paused),
        ("invited-ended", elsewhere.invited_ended, 404),
    ),
    *_rows("inviting.sign", ("invited-errors", elsewhere.invited_errors, 400)),
    # -- One's own signature -----------------------------------------------------
    *_rows("manage.mine", ("manage", ways.manage), languages=ALL),
    *_rows(
        "manage.mine",
        ("manage-count-only", ways.manage_count_only),
        ("manage-held", ways.manage_held),
        ("manage-rejected", ways.manage_rejected),
        ("manage-withdrawn", ways.manage_afterwards),
        ("manage-erased", partial(ways.manage_afterwards, verb="erase")),
        ("manage-rejected-erased", ways.manage_rejected_erased),
        ("manage-unknown", ways.manage_unknown, 404),
    ),
    *_rows(
        "manage.act",
        ("ask-withdraw", ways.manage_ask),
        ("ask-erase", partial(ways.manage_ask, verb="erase")),
        ("done-withdraw", ways.manage_done),
        ("done-erase", partial(ways.manage_done, verb="erase")),
        languages=("en", "de"),
    ),
    *_rows("own_data.page", ("manage-data", ways.manage_data), languages=ALL),
    *_rows("own_data.page", ("manage-data-erased", ways.manage_data_erased)),
    *_rows("lost_link.form", ("lost-link", ways.lost_link), languages=ALL),
    *_rows(
        "lost_link.ask",
        ("lost-link-asked", ways.lost_link_asked),
        ("lost-link-error", ways.lost_link_error, 400),
        languages=("en", "de"),
    ),
    *_rows("receipts.form", ("receipts", ways.receipts), languages=ALL),
    *_rows(
        "receipts.check",
        ("receipt-genuine", ways.receipt_genuine),
        ("receipt-altered", ways.receipt_altered, 422),
        ("receipt-unreadable", ways.receipt_unreadable, 400),
        languages=("en", "fr"),
    ),
    *_rows("correcting.form", ("manage-correct", ways.manage_correct), languages=ALL),
    *_rows(
        "correcting.act",
        ("manage-correct-errors", ways.manage_correct_errors, 400),
        ("manage-look", ways.manage_look),
        ("manage-look-verified", ways.manage_look_verified),
        ("manage-look-unlisted", partial(ways.manage_look, listed="no")),
        ("manage-look-long", ways.manage_look_long),
        ("manage-look-meanwhile", ways.manage_look_meanwhile, 409),
        languages=("en", "de"),
    ),
    *_rows("manage.mine", ("manage-changed", launches.manage_changed), languages=ALL),
    # -- Updates -----------------------------------------------------------------
    *_rows("updates.page", ("updates", lists.updates), languages=ALL),
    *_rows("updates.page", ("updates-none", lists.updates_none)),
    *_rows("unsubscribing.ask", ("unsubscribe", ways.unsubscribe), languages=ALL),
    *_rows("unsubscribing.act", ("unsubscribed", ways.unsubscribed), languages=ALL),
    *_rows("unsubscribing.act", ("subscribed-again", ways.subscribed_again)),
    *_rows("unsubscribing.ask", ("unsubscribed-erased", ways.unsubscribed_erased)),
    # -- Before and after the launch ---------------------------------------------
    *_rows(
        "previewing.preview",
        ("preview", launches.preview),
        ("preview-rehearsal", launches.preview_rehearsal),
    ),
    *_rows("previewing.privacy", ("preview-privacy", launches.preview_privacy)),
    *_rows("signing.inbox", ("inbox-rehearsal", launches.inbox_rehearsal)),
    *_rows("wordings.versions", ("versions", launches.versions), languages=ALL),
    *_rows("snapshots.page", ("snapshot", launches.snapshot), languages=ALL),
    *_rows("snapshots.private_page", ("snapshot-private", launches.snapshot_private)),
    # -- Elsewhere ---------------------------------------------------------------
    *_rows("openapi.page", ("api", elsewhere.api), languages=ALL),
    *_rows("pages.home", ("home", elsewhere.home), languages=ALL),
    *_rows("pages.home", ("home-empty", elsewhere.home_empty)),
    *_rows(
        "development.inbox",
        ("development-inbox", elsewhere.development_inbox),
        ("development-inbox-empty", elsewhere.development_inbox_empty),
    ),
    *_rows("development.mails", ("development-mails", elsewhere.development_mails)),
    *_rows("development.mail", ("development-mail", elsewhere.development_mail)),
    # -- What cannot be done -----------------------------------------------------
    *_rows(None, ("error-404", elsewhere.nowhere, 404), languages=ALL),
    *_rows(
        None,
        ("error-400", elsewhere.unreadable, 400),
        ("error-403", elsewhere.from_another_site, 403),
        ("error-405", elsewhere.wrong_method, 405),
        ("error-409", elsewhere.not_open, 409),
        ("error-410", elsewhere.closed, 410),
        ("error-413", elsewhere.too_long, 413),
        ("error-415", elsewhere.wrong_type, 415),
        ("error-421", elsewhere.wrong_name, 421),
        ("error-500", elsewhere.our_fault, 500),
        ("error-503", elsewhere.database_away, 503),
    ),
)

# Routes whose answers nobody reads as a page, and why.
NOT_PAGES = {
    "own_data.as_json": "what is stored about one person, as JSON",
    "own_data.receipt": "a receipt, as JSON",
    "receipts.keys": "the keys that check receipts, as JSON",
    "api.numbers": "the published numbers as JSON",
    "api.letter": "a letter as JSON",
    "openapi.as_json": "the description of the API for programs",
    "api.lines": "the public list as JSON",
    "api.changes": "the corrections as JSON",
    "signatories.file": "the public list as CSV",
    "corrections.feed": "the corrections as Atom, for feed readers",
    "updates.feed": "the updates as Atom, for feed readers",
    "development.mail_html": "the HTML of a mail, as a mail program shows it",
    "development.inbox_json": "the development inbox as JSON, for programs",
    "snapshots.table": "a press snapshot as CSV",
    "snapshots.private_table": "a press snapshot as CSV, before the embargo passes",
    "embeds.document": "the counter as JSON, for its script",
    "embeds.badge_svg": "the counter as a picture",
    "embeds.badge_png": "the same as PNG",
    "embeds.card": "the share image as PNG",
    "oembed.answer": "how to show a letter, for programs",
    "quoting.numbers_at": "numbers of one hour as JSON",
    "quoting.as_json": "the history as JSON",
    "quoting.as_csv": "the history as CSV",
    "feeds.newest": "the newest signatories as Atom, for feed readers",
    "feeds.code": "the letter's address as a code to scan",
    "feeds.site_map": "the site map, for search engines",
    "feeds.robots": "where search engines need not look",
    "pages.file": "the files that our own pages are made with",
    "hooks.mail": "what a mail provider tells us, as a problem or a line of JSON",
    "logos.picture": "the picture of an organiser as PNG",
    "operations.alive": "one word of plain text for whoever watches the process",
    "operations.ready": "one word of plain text for whoever watches the process",
    "operations.metrics": "figures as Prometheus reads them",
}

# What no page says, and why.
UNUSED = dict.fromkeys((401, 501), "oEmbed alone answers so, as a problem in JSON")
UNUSED[429] = "coarse limits come with Redis"

assert len({row.name for row in TABLE}) == len(TABLE)
