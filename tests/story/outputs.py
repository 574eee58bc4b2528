"""Everything that the public can read of a letter, and what must hold of it always.

It is found by the application's own list of addresses: one that is neither read here
nor named among those that show no signature fails the test.
"""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape

from pypdf import PdfReader
from sqlalchemy import delete

from app.models import Pdf
from tests import papers
from tests.house import House

# What answers a GET and shows nobody's signature but, perhaps, one's own.
NO_OUTPUT = {
    "confirming.code_form": "a form",
    "confirming.preview": "one's own form, behind one's own link",
    "development.inbox": "the mails of a machine that is being tried",
    "development.inbox_json": "the same",
    "development.mails": "examples",
    "development.mail": "an example",
    "development.mail_html": "the same",
    "disputing.ask": "a form below a line that is read",
    "disputing.thanks": "thanks",
    "inviting.form": "a form behind a personal link",
    "unsubscribing.ask": "whether one has updates oneself, behind one's own link",
    "manage.mine": "one's own signature, behind one's own link",
    "correcting.form": "the same",
    "own_data.page": "the same",
    "own_data.as_json": "the same",
    "own_data.receipt": "the same",
    "lost_link.form": "a form",
    "receipts.form": "a form",
    "receipts.keys": "keys",
    "embeds.badge_png": "the badge, which is read as SVG, painted",
    "embeds.card": "the numbers of the frame, painted",
    "oembed.answer": "the title of the letter and where the frame is",
    "openapi.as_json": "what the API is like",
    "openapi.page": "the same",
    "feeds.code": "an address",
    "feeds.robots": "the names of rooms",
    "pages.file": "what our own pages are made with",
    "logos.picture": "the picture of the organiser, who is no signatory",
    "operations.alive": "no letter",
    "operations.metrics": "numbers of the house",
    "operations.ready": "no letter",
    "signing.inbox": "where to look for one's mail",
    "signing.privacy": "a notice",
    "previewing.privacy": "the same",
}
_NEXT = re.compile(r'rel="next" href="([^"]+)"|"next":"([^"]+)"')
_LINE = re.compile(r'/signatories/([\w-]{22})(?=["/#?])')


@dataclass
class Outputs:
    """The public's view of one letter; `private` is the token of a private link."""

    house: House
    slug: str
    languages: tuple[str, ...] = ("en",)
    private: str = ""
    snapshots: list[str] = field(default_factory=list)
    # What was typed by those who were not who they said, in every spelling.
    fakes: set[str] = field(default_factory=set)

    def check(self, *, shows: Iterable[str] = (), lacks: Iterable[str] = ()) -> str:
        """Read all of it; no fake stands in it, and its numbers agree.

        `shows` are names that stand in it, `lacks` some that do not, though they are
        nobody's fake. Returns all texts as one.
        """
        pages = self.read()
        whole = "\n".join(pages.values())
        for path, text in pages.items():
            said = folded(text)
            for fake in {*self.fakes, *lacks}:
                assert fake not in text, (path, fake)
                assert folded(fake) not in said, (path, fake)
        for name in shows:
            assert name in whole, name
        if f"/letters/{self.slug}" in pages:
            self._agree(pages)
        return whole

    def read(self) -> dict[str, str]:
        """Path -> text of whatever is there; what is not published is not there."""
        readers: dict[str, Callable[[], Iterator[str]]] = {
            "pages.home": lambda: iter(["/"]),
            "api.changes": self._paged(f"/api/v1/letters/{self.slug}/corrections"),
            "api.lines": self._paged(f"/api/v1/letters/{self.slug}/signatories"),
            "api.letter": self._at("/api/v1/letters/{slug}"),
            "api.numbers": self._at("/api/v1/letters/{slug}/tally"),
            "feeds.newest": self._at("/letters/{slug}/signatories.atom"),
            "feeds.site_map": lambda: iter(["/sitemap.xml"]),
            "quoting.over_time": self._at("/letters/{slug}/history"),
            "quoting.as_json": self._at("/api/v1/letters/{slug}/history"),
            "quoting.as_csv": self._at("/api/v1/letters/{slug}/history.csv"),
            "quoting.page": self._at("/letters/{slug}/at/latest"),
            "quoting.numbers_at": self._at("/api/v1/letters/{slug}/at/latest"),
            "embeds.document": self._at("/embed/{slug}/counter.json"),
            "embeds.frame": self._at("/embed/{slug}?breakdown=yes"),
            "embeds.page": self._at("/letters/{slug}/counter"),
            "embeds.badge_svg": self._at("/embed/{slug}/badge.svg"),
            "signing.letter": self._in_languages(f"/letters/{self.slug}"),
            "corrections.page": self._paged(f"/letters/{self.slug}/corrections"),
            "corrections.feed": self._at("/letters/{slug}/corrections.atom"),
            "updates.page": self._paged(f"/letters/{self.slug}/updates"),
            "updates.feed": self._at("/letters/{slug}/updates.atom"),
            "signatories.lines": self._lists,
            "signatories.file": self._at("/letters/{slug}/signatories.csv"),
            "signatories.line": self._lines,
            "pdfs.file": self._papers,
            "snapshots.page": self._of_snapshots("/letters/{slug}", ""),
            "snapshots.table": self._of_snapshots("/letters/{slug}", ".csv"),
            "wordings.versions": self._at("/letters/{slug}/versions"),
            "previewing.preview": self._in_languages(self._preview),
            "snapshots.private_page": self._of_snapshots(self._preview, ""),
            "snapshots.private_table": self._of_snapshots(self._preview, ".csv"),
        }
        routes = {
            rule.endpoint
            for rule in self.house.app.url_map.iter_rules()
            if "GET" in (rule.methods or ())
        }
        assert routes == {*readers, *NO_OUTPUT}, "an address is not read"
        self._read: dict[str, str] = {}
        for reader in readers.values():
            for path in reader():
                self._get(path)
        return dict(self._read)

    @property
    def _preview(self) -> str:
        return f"/preview/{self.private}"

    def _get(self, path: str) -> str:
        """The text behind a path, from a process that remembers nothing; "": none."""
        if path not in self._read:
            answer = self.house.fresh(path)
            assert answer.status_code in (200, 303, 404, 410), (path, answer.status)
            if answer.status_code != 200:
                return ""
            self._read[path] = unescape(answer.text)
        return self._read[path]

    def _at(self, path: str) -> Callable[[], Iterator[str]]:
        return lambda: iter([path.format(slug=self.slug)])

    def _in_languages(self, path: str) -> Callable[[], Iterator[str]]:
        return lambda: iter([path, *(f"{path}/{code}" for code in self.languages)])

    def _paged(self, path: str) -> Callable[[], Iterator[str]]:
        """A list to its end, page by page."""

        def walk() -> Iterator[str]:
            following: str | None = path
            while following:
                yield following
                found = _NEXT.search(self._get(following))
                following = found and (found[1] or found[2])
                if following:
                    following = following.removeprefix("http://localhost")

        return walk

    def _lists(self) -> Iterator[str]:
        path = f"/letters/{self.slug}/signatories"
        for query in ("", "?verified=yes", "?sector=academia", "?country=DE"):
            yield from self._paged(path + query)()

    def _lines(self) -> Iterator[str]:
        """The page of every line that is named anywhere, and of every signature."""
        named = set(_LINE.findall("\n".join(self._read.values())))
        made = {row.public_id for row in self.house.signatures()}
        for public_id in sorted(named | made):
            yield f"/letters/{self.slug}/signatories/{public_id}"

    def _papers(self) -> Iterator[str]:
        """What is given out of the file made before, and of one made now."""
        path = f"/letters/{self.slug}/letter.pdf"
        for made in ("before", "now"):
            if made == "now":
                with self.house.writing() as session:
                    session.execute(delete(Pdf))
                self.house.fresh(path)
                papers.printer(self.house).work()
            answer = self.house.fresh(path)
            assert answer.status_code in {200, 404, 503 if made == "before" else 200}
            if answer.status_code == 200:
                paper = PdfReader(io.BytesIO(answer.data))
                self._read[f"{path}#{made}"] = papers.words(paper)
                yield f"{path}#{made}"

    def _of_snapshots(self, root: str, end: str) -> Callable[[], Iterator[str]]:
        room = root.format(slug=self.slug)
        return lambda: iter([f"{room}/snapshots/{one}{end}" for one in self.snapshots])

    def _agree(self, pages: dict[str, str]) -> None:
        """The numbers of one moment are the same wherever they stand."""
        tally = json.loads(pages[f"/api/v1/letters/{self.slug}/tally"])
        letter = pages[f"/letters/{self.slug}"]
        headline = re.search(r'class="headline">.*?<strong>([\d,]+)', letter, re.DOTALL)
        assert headline is not None
        assert int(headline[1].replace(",", "")) == tally["confirmed"]
        for measure in ("confirmed", "verified", "collected"):
            assert sum(row[measure] for row in tally["sectors"]) == tally[measure]
        told = json.loads(pages[f"/embed/{self.slug}/counter.json"])
        assert told["as_of"] == tally["as_of"]
        assert told["number"] == tally["confirmed"]
        by_sector = {row["label"]: row["confirmed"] for row in tally["sectors"]}
        assert {one["label"]: one["number"] for one in told["sectors"]} == by_sector
        assert told["words"] in unescape(pages[f"/embed/{self.slug}/badge.svg"])
        frame = pages[f"/embed/{self.slug}?breakdown=yes"]
        assert told["words"] in unescape(frame)
        assert f"<strong>{told['shown']}</strong>" in frame
        items = [
            item
            for path, text in pages.items()
            if path.startswith(f"/api/v1/letters/{self.slug}/signatories")
            for item in json.loads(text)["items"]
        ]
        verified = [item["verified"] for item in items]
        # Nobody unverified stands above somebody verified (R2).
        assert verified == sorted(verified, reverse=True)
        assert sum(verified) <= tally["verified"]
        assert len(items) <= tally["confirmed"] + tally["collected"]
        table = pages[f"/letters/{self.slug}/signatories.csv"].strip().splitlines()
        assert len(table) - 1 == len(items)


def folded(text: str) -> str:
    """Letters alone, small and without marks: what a reader takes a name for."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum())
