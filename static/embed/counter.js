// <open-letter-counter letter="slug" lang="de" theme="dark" size="small" breakdown>:
// the live number of an open letter. No cookie, no storage, no other host.
(() => {
  "use strict";
  const script = document.currentScript;
  const house = script ? new URL(script.src).origin : "";
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
:host{display:block;box-sizing:border-box;min-block-size:7.5em;contain:layout;
font:1rem/1.4 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;color:inherit}
:host([size=small]){min-block-size:4em}
:host([theme=light]) div{background:#fff;color:#1a1a1c}
:host([theme=dark]) div{background:#14151a;color:#e9e7e1}
div{border:1px solid;border-inline-start-width:4px;border-radius:4px;padding:.75em 1em;
min-block-size:inherit;box-sizing:border-box;overflow-wrap:anywhere}
p,ul{margin:0;padding:0;list-style:none}a{color:inherit;text-underline-offset:.15em}
.t{font:bold 1.0625em/1.25 Charter,Georgia,"Noto Serif",serif}.t a{text-decoration:none}
:host([size=small]) .t{display:none}:host([size=small]) div{padding:.375em .75em}
strong{font:bold 2em/1.2 Charter,Georgia,"Noto Serif",serif;display:inline-block}
:host([size=small]) strong{font-size:1.375em}
li{display:grid;grid-template-columns:1fr auto;column-gap:1em;margin-block-start:.375em;font-size:.875em}
svg{grid-column:1/-1;display:block;fill:currentColor}.k{opacity:.2}
.s{font-size:.8125em}ul+.s{margin-block-start:.5em}
@media(prefers-reduced-motion:no-preference){.n{animation:n .6s}}@keyframes n{from{opacity:.3}}`);

  const make = (tag, text, attributes = {}) => {
    const found = document.createElement(tag);
    if (text) found.textContent = text;
    for (const name in attributes) found.setAttribute(name, attributes[name]);
    return found;
  };
  const SVG = "http://www.w3.org/2000/svg";
  const bar = (share, right) => {
    const svg = document.createElementNS(SVG, "svg");
    const parts = [["k", 100], ["", share]];
    for (const [kind, width] of parts) {
      const rect = document.createElementNS(SVG, "rect");
      rect.setAttribute("class", kind);
      rect.setAttribute("width", width + "%");
      rect.setAttribute("height", "6");
      if (right) rect.setAttribute("x", 100 - width + "%");
      svg.append(rect);
    }
    svg.setAttribute("width", "100%");
    svg.setAttribute("height", "6");
    svg.setAttribute("aria-hidden", "true");
    return svg;
  };

  class Counter extends HTMLElement {
    static observedAttributes = ["letter", "lang", "breakdown"];

    connectedCallback() {
      if (!this.shadowRoot) {
        this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
        // What stands inside of the element is shown until there is a number.
        this.shadowRoot.append(make("slot"));
        this.seen = new IntersectionObserver((all) => {
          this.near = all[all.length - 1].isIntersecting;
          this.wake();
        }, { rootMargin: "200px" });
      }
      this.wake = this.wake.bind(this);
      document.addEventListener("visibilitychange", this.wake);
      addEventListener("online", this.wake);
      this.seen.observe(this);
    }

    disconnectedCallback() {
      document.removeEventListener("visibilitychange", this.wake);
      removeEventListener("online", this.wake);
      this.seen.disconnect();
      clearTimeout(this.timer);
      this.near = false;
    }

    attributeChangedCallback() {
      this.due = 0;
      if (this.near) this.wake();
    }

    // Asks only while somebody can see it, and never all readers at the same moment.
    async wake() {
      clearTimeout(this.timer);
      if (!this.near || document.hidden || this.asking) return;
      const wait = (this.due || 0) - Date.now();
      if (wait > 0) {
        this.timer = setTimeout(this.wake, wait);
        return;
      }
      this.asking = true;
      const asked = this.getAttribute("letter");
      let pause = 60;
      try {
        const near = this.closest("[lang]");
        const lang = near ? near.getAttribute("lang") : navigator.language;
        const answer = await fetch(
          `${house}/embed/${encodeURIComponent(asked)}/counter.json?lang=${encodeURIComponent(lang)}`,
          { credentials: "omit", referrerPolicy: "no-referrer", signal: AbortSignal.timeout(10000) },
        );
        if (!answer.ok) throw new Error(answer.status);
        const told = await answer.json();
        if (asked === this.getAttribute("letter")) this.show(told);
        this.tries = 0;
      } catch {
        // The last number stays, with its time; it comes back by itself.
        this.tries = Math.min((this.tries || 0) + 1, 4);
        pause = 15 * 2 ** this.tries;
      }
      this.asking = false;
      this.due = Date.now() + pause * 1000 * (1 + Math.random() / 2);
      this.wake();
    }

    show(told) {
      const before = this.told;
      this.told = told;
      const box = make("div", "", { lang: told.language, dir: told.dir, role: "group", "aria-label": told.words });
      const title = make("p", "", { class: "t" });
      title.append(make("a", told.title, { href: told.url, lang: told.title_language, dir: told.title_dir }));
      const number = make("p");
      const fresh = before && before.number !== told.number;
      number.append(make("strong", told.shown, fresh ? { class: "n" } : {}), " ", make("span", told.label), " ", make("small", told.beside));
      box.append(title, number);
      if (this.hasAttribute("breakdown")) {
        const list = make("ul");
        for (const part of told.sectors) {
          const line = make("li");
          line.append(make("span", part.label, { lang: told.title_language, dir: "auto" }), make("b", part.shown), bar(part.share, told.dir === "rtl"));
          list.append(line);
        }
        box.append(list);
      }
      const small = make("p", "", { class: "s" });
      small.append(make("time", told.as_of_words, { datetime: told.as_of }));
      if (told.note) small.append(" · ", told.note);
      small.append(" · ", make("a", told.get, { href: told.get_url }));
      box.append(small);
      this.shadowRoot.replaceChildren(box);
    }
  }
  if (!customElements.get("open-letter-counter")) customElements.define("open-letter-counter", Counter);
})();
