// Show the text as the public would read it, a moment after the typing rests.

const form = document.querySelector("[data-preview]");
const shown = document.querySelector("[data-shown]");
let waiting = 0;
let latest = 0;

async function refresh() {
  const mine = ++latest;
  const sent = new URLSearchParams({
    csrf_token: form.elements.csrf_token.value,
    source: form.elements.source.value,
  });
  const answer = await fetch(form.dataset.preview, { method: "POST", body: sent });
  // The server has made this HTML safe; an older answer must not overtake a newer one.
  if (answer.ok && !answer.redirected && mine === latest) shown.innerHTML = await answer.text();
}

form?.elements.source.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => refresh().catch(() => {}), 400);
});
