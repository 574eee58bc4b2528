"""What imports call things: fields, what is wrong with a row or a file, as sentences."""

from __future__ import annotations

from app.domain.import_files import FileFault
from app.domain.imports import NobodyCanConfirm, NotNow
from app.domain.uploads import SourceTaken
from app.i18n import marked as _

FIELDS = {
    "name": _("Name"),
    "title": _("Title or role"),
    "affiliation": _("Affiliation"),
    "sector": _("Sector"),
    "country": _("Country"),
    "statement": _("Statement"),
    "email": _("Email address"),
}
WHOLE_ROW = _("The whole row")
# By what names.py, addresses.py and import_rows.py call it.
PROBLEMS = {
    "empty": _("It is empty."),
    "too_long": _("It is too long."),
    "stacked_marks": _("It has too many marks over one letter."),
    "wide": _("It has a character that is too wide to be printed."),
    "address": _("It holds a mail address, and would be public."),
    "link": _("It holds a web address, and would be public."),
    "markup": _("It holds the signs < or >."),
    "not_a_name": _("It holds no letters."),
    "control": _("It holds a character that cannot be typed."),
    "several": _("It holds more than one address."),
    "quoted": _("It holds more than the address alone."),
    "not_ascii": _("We cannot write to such an address yet."),
    "malformed": _("It is no complete address."),
    "columns": _("It has more cells than there are columns."),
    "unknown": _("The letter has none of this name."),
    "not_taken": _("The letter takes no statements."),
    "twice": _("The file names the same person further up."),
    "already": _("The same person stands on the letter."),
}
FAULTS = {
    FileFault.EMPTY: _("The file is empty."),
    FileFault.TOO_LARGE: _("The file is larger than 10 MB: cut it in two."),
    FileFault.UTF_16: _("The file is “Unicode text”: save it as “CSV UTF-8”."),
    FileFault.NOT_TEXT: _("This is no text: save the spreadsheet as “CSV UTF-8”."),
    FileFault.BROKEN: _("A quotation mark is not closed, in row %(row)s or before."),
    FileFault.NO_ROWS: _("There is no row below the names of the columns."),
    FileFault.TOO_MANY_ROWS: _("There are more than 100,000 rows: cut it in two."),
    FileFault.TOO_MANY_COLUMNS: _("There are more than 100 columns."),
}
REFUSED: dict[type[Exception], str] = {
    NotNow: _("That is not possible now: it still runs, or has moved on."),
    SourceTaken: _("There is a collection with this source: say what differs."),
    NobodyCanConfirm: _("The letter takes no signatures now, so nobody could confirm."),
}
