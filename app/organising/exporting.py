"""Exports: an owner takes the signatures along; the whole team reads that they did."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.domain import exports
from app.domain.exports import Format
from app.domain.rights import Act
from app.i18n import marked as _
from app.organising import access, pages
from app.organising.access import Here
from app.site import site

bp = Blueprint("exporting", __name__)

_KINDS = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@bp.get("/letters/<slug:slug>/exports")
@access.on_letter(Act.EXPORT)
@access.fresh
def page(here: Here) -> Response:
    """What is in an export, and a button for each kind."""
    return _page(here)


def _page(here: Here, *, status: int = 200, wrong: str = "") -> Response:
    return pages.page(
        "organising/exports/page.html", here=here, status=status, wrong=wrong,
        columns=exports.COLUMNS,
    )  # fmt: skip


@bp.post("/letters/<slug:slug>/exports")
@access.on_letter(Act.EXPORT)
@access.fresh
def take(here: Here) -> Response:
    """The signatures as a file, sent while they are read."""
    try:
        as_ = Format(request.form.get("as", ""))
    except ValueError:
        return _page(here, status=400, wrong=_("Please choose one of the list."))
    database, keyring = site().database, site().keyring
    with database.transaction() as session:
        exports.begin(
            session, letter_id=here.settings.id, as_=as_, actor=here.actor, now=here.now
        )
        session.commit()
    write = exports.as_csv if as_ is Format.CSV else exports.as_workbook
    answer = Response(
        write(database, keyring=keyring, letter_id=here.settings.id),
        content_type=_KINDS[as_],
    )
    name = f"{here.settings.slug}-{here.now:%Y-%m-%d}.{as_.value}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
