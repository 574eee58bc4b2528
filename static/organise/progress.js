// Long work, looked at again every two seconds until it has ended; without this script
// there is a link to look again. Only its end is said aloud.

const PAUSE = 2000;

async function look() {
  const shown = document.querySelector("[data-progress][data-runs]");
  if (!shown) return;
  try {
    const answer = await fetch(location.pathname, { redirect: "error" });
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-progress]");
      // Who is about to press the button keeps it under the finger until it means
      // something else.
      if (fresh && !("runs" in fresh.dataset && shown.contains(document.activeElement))) {
        shown.replaceWith(fresh);
        if (!("runs" in fresh.dataset)) {
          const said = document.querySelector("[data-progress-said]");
          if (said) said.textContent = fresh.querySelector(".count")?.textContent ?? "";
        }
      }
    }
  } catch {
    // The network is away: the next look may find it again.
  }
  setTimeout(look, PAUSE);
}

setTimeout(look, PAUSE);
