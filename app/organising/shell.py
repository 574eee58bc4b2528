"""Pages of the organisers' rooms: their language, who is signed in, the one look."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request
from flask_wtf.csrf import generate_csrf

from app import answers, i18n
from app.domain.editing import WrongValue
from app.organising import words

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def locale() -> str:
    """The language that the organiser's browser asks for first, of those we speak."""
    asked = answers.language_asked()
    return asked or request.accept_languages.best_match(i18n.LOCALES) or i18n.FALLBACK


def page(template: str, *, status: int = 200, **context: Any) -> Response:
    """A page that nobody may keep, with the token that its forms send back."""
    language = locale()
    body = i18n.render(
        template,
        language,
        status=status,
        me=g.get("person"),
        csrf=generate_csrf(),
        path=request.full_path.rstrip("?"),
        translated=i18n.translator(language),
        **context,
    )
    response = Response(body, status=status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    # The same address is another page in another language or for another person.
    response.headers["Vary"] = "Cookie, Accept-Language"
    return response


def at_fields(wrong: WrongValue | None) -> dict[str, str]:
    """What is wrong with a typed value, in words, under the name of its field."""
    if wrong is None:
        return {}
    return {wrong.field: i18n.translator(locale())(words.VALUES[wrong.problem])}


def security_page(template: str, **context: Any) -> str:
    """What Flask-Security has to show, in templates of our own.

    It says what is wrong by fields of its own forms; the templates read these.
    """
    g.security_status = 200
    forms = [value for name, value in context.items() if name.endswith("_form")]
    if request.method == "POST" and any(form.errors for form in forms if form):
        g.security_status = 400
    answer = page(template, **{"next": request.values.get("next", ""), **context})
    g.security_headers = answer.headers
    return answer.get_data(as_text=True)


def after_security(response: Response) -> Response:
    """Give a page of Flask-Security the status and headers of ours."""
    if "security_headers" in g:
        if response.status_code == 200:
            response.status_code = g.security_status
        for name in ("Content-Security-Policy", "Vary"):
            response.headers[name] = g.security_headers[name]
    return response


_BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")


def browser(agent: str) -> str:
    """A browser in two words, as "Firefox, Linux": enough to know one's own again."""
    found = [
        next((name for name in names if name in agent), None)
        for names in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(name for name in found if name)
