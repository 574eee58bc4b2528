"""Find links and mail addresses in what people type, and let abbreviations be."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"\S@\S")
# A scheme, "www.", or a path behind a host.
_LINK = re.compile(
    r"\w://|\b(?:javascript|vbscript|mailto):\S|\bdata:\w+/|\bwww\d?\.\w"
    r"|\w\.[^\W\d_]{2,}/\w",
    re.IGNORECASE,
)
# Endings that are no word anyone would write behind a full stop, in any case ...
_GENERIC = (
    "com|org|net|info|biz|edu|gov|mil|int|io|ai|app|dev|xyz|online|website|shop|club"
    "|icu|vip|casino|porn|xxx|click|tech|cloud|рф|中国|公司|网络"
)
# ... and the others in small letters only, the two-letter ones being the countries'
# (IANA root zone). "St.John", "Dr.Anna", "Ph.D" and "Node.js" end in none of them.
_WORDS = "live|news|blog|one|world|today|life|art|site|store|top|link|space|agency"
_COUNTRIES = (
    "ac ad ae af ag al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn "
    "bo br bs bt bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de "
    "dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge gf gg gh gi gl gm "
    "gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in iq ir is it je jm jo "
    "jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me "
    "mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np "
    "nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc "
    "sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm "
    "tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
).replace(" ", "|")
_DOMAIN = re.compile(
    rf"([^\W_]{{2,}})\.(?i:{_GENERIC})(?!\w)"
    rf"|([^\W_]{{3,}})\.(?:{_WORDS}|{_COUNTRIES})(?!\w)"
    r"|\b[a-z0-9]\.(?:com|org|net|io|co)(?!\w)"
)
# What stands before a full stop in "Prof.de Gaulle", "Dipl.in" and "ASP.NET".
_ABBREVIATION_WORDS = (
    "arch asp assoc asst capt col comm dept dipl dr econ eng fr gen habil hon ing inst "
    "jr jur lic lt mag med mr mrs ms mult nat oec phil pol prof rer rev sci sgt sr st "
    "tech theol univ vet vs"
)
_ABBREVIATIONS = frozenset(_ABBREVIATION_WORDS.split())


def has_address(text: str) -> bool:
    """Does something stand right before and right behind an @?"""
    return "@" in text and _ADDRESS.search(text) is not None


def has_link(text: str, *, bare_domains: bool) -> bool:
    """Would a reader, or a program that makes links, take part of `text` for one?

    `bare_domains` counts "evil.com" too, as is right for all but names of
    organisations. Styled and full-width letters are to be made plain before.
    """
    if _LINK.search(text):
        return True
    if not bare_domains or "." not in text:
        return False
    return any(
        (match[1] or match[2] or "").lower() not in _ABBREVIATIONS
        for match in _DOMAIN.finditer(text)
    )
