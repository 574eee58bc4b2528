"""Names to tell apart by: a watch-list, disguises of it, and people it must not stop.

Disguises are made by rule out of the watched names, so that each kind is there for each
name that it can be made of; spellings from script to script are written by hand.
"""

from __future__ import annotations

from tests.domain.world_names import NAMES

WATCHED = (
    "Sam Altman", "Yann LeCun", "Geoffrey Hinton", "Ursula von der Leyen",
    "Jean-Luc Mélenchon", "George W. Bush", "Emmanuel Macron", "Angela Merkel",
    "Margrethe Vestager", "Stuart Russell", "Timnit Gebru", "Kate Crawford",
    "Demis Hassabis", "Dario Amodei", "Fei-Fei Li", "Andrew Yang", "Grimes",
    "Юлия Тимошенко", "Alexei Navalny", "Volodymyr Zelenskyy", "Mikhail Khodorkovsky",
    "Kyriakos Mitsotakis", "Recep Tayyip Erdoğan", "Xi Jinping", "Mohamed Salah",
    "Simone Müller", "Bill Gates", "Ja Rule", "Chris Evans",
)  # fmt: skip

# Spellings that people give these names when they write them in other letters.
_CROSSED = {
    "Юлия Тимошенко": ("Yulia Timoshenko", "Julija Timoschenko", "Iuliia Timoshenko"),
    "Alexei Navalny": ("Алексей Навальный", "Alexej Nawalny", "Aleksey Navalnyy"),
    "Volodymyr Zelenskyy": ("Володимир Зеленський", "Wolodymyr Zelenskyj"),
    "Mikhail Khodorkovsky": ("Михаил Ходорковский", "Michail Chodorkowski"),
    "Kyriakos Mitsotakis": ("Κυριάκος Μητσοτάκης",),
    "Xi Jinping": ("习近平", "习 近平"),
    "Mohamed Salah": ("محمد صلاح",),
    "Simone Müller": ("Simone Mueller", "Simone Muller"),
    "Yann LeCun": ("Yann Le Cun", "Le Cun, Yann"),
    "Recep Tayyip Erdoğan": ("Recep Tayyip Erdogan",),
}
_CYRILLIC = str.maketrans("aeopcyxSAEOPCXMTHKB", "аеорсухЅАЕОРСХМТНКВ")
_GREEK = str.maketrans("oAEHIKMNOPTXZB", "οΑΕΗΙΚΜΝΟΡΤΧΖΒ")


def disguises() -> list[tuple[str, str, str]]:
    """(kind, watched name, how it is disguised)."""
    made = []
    for name in WATCHED:
        words = name.split()
        latin = name.isascii()
        made += [
            ("capitals", name, name.upper()),
            ("title", name, f"Prof. Dr. {name}, PhD"),
            ("zero-width", name, name[:2] + "\u200b" + name[2:]),
            ("accent", name, name.replace("a", "á").replace("e", "ë")),
        ]
        if latin:
            made += [
                ("cyrillic", name, name.translate(_CYRILLIC)),
                ("greek", name, name.translate(_GREEK)),
                ("spaced", name, " ".join(" ".join(word) for word in words)),
            ]
        if len(words) == 2:
            made += [
                ("order", name, f"{words[1]}, {words[0]}"),
                ("initial", name, f"{words[0][0]}. {words[1]}"),
                ("middle initial", name, f"{words[0]} Q. {words[1]}"),
                ("together", name, "".join(words)),
            ]
        made += [("crossed", name, other) for other in _CROSSED.get(name, ())]
    return made


# Namesakes in part: of one surname or one given name, or nearly of both.
_NEARLY = (
    "Samantha Altmann", "Sam Altmann", "Susan Altman", "Samuel Altmeyer", "Sam Allman",
    "Yan Lee", "Anne Hinton", "Geoffrey Hilton", "Ursula Meyer", "Georg Busch",
    "Laura Bush", "Emmanuelle Macron", "Angelika Merkel", "Angela Merk", "Kate Crawley",
    "Stewart Rusell", "Stuart Little", "Mario Amodei", "Andrea Yang", "Wei Li",
    "Julia Timmermann", "Alexander Naval", "Simon Müller", "Simona Möller",
    "Bill Gatesby", "Willa Gates", "Christian Evans", "Christine Evans", "Maria Salah",
    "Mohamed Saleh", "Michael Chodorow", "Ja Ru", "Jan Ruhl", "Grime", "Fei Liu",
    "Demis Roussos", "Daria Amodio", "Timna Geber", "Tayyip Aksoy", "Cyril Mitso",
)  # fmt: skip
# The watched themselves are no namesakes.
_THEMSELVES = (
    "Sam Altman", "Altman, Sam", "Jean-Luc Mélenchon", "Володимир Зеленський",
)  # fmt: skip
NAMESAKES = (*_NEARLY, *(name for name in NAMES if name not in _THEMSELVES))
