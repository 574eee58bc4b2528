// Single keys for the desk. Everything here is a button, a link or a field that works
// without: a key only presses, opens or focuses what carries it in data-key.

const SWITCH = "desk-keys";
const box = document.querySelector("[data-keys-switch]");
let on = localStorage.getItem(SWITCH) !== "off";

if (box) {
  box.checked = on;
  box.addEventListener("change", () => {
    on = box.checked;
    localStorage.setItem(SWITCH, on ? "on" : "off");
  });
}

document.querySelector(".problems")?.focus();

function isTyping(target) {
  return target.matches("input:not([type=checkbox]), select, textarea");
}

function row(step) {
  const links = [...document.querySelectorAll("[data-row] a")];
  if (!links.length) return false;
  const at = links.indexOf(document.activeElement);
  const to = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step;
  links[Math.min(Math.max(to, 0), links.length - 1)].focus();
  return true;
}

function use(element) {
  if (element instanceof HTMLDetailsElement) {
    element.open = !element.open;
    const field = element.querySelector("form select, form input:not([type=hidden])");
    const summary = element.querySelector("summary");
    (element.open && field ? field : summary).focus();
  } else {
    element.click();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && isTyping(event.target)) {
    event.target.blur();
    return;
  }
  if (!on || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target)) return;
  if (event.key === "Enter" && event.target !== document.body) return;
  if ((event.key === "j" && row(1)) || (event.key === "k" && row(-1))) {
    event.preventDefault();
    return;
  }
  const element = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!element) return;
  event.preventDefault();
  use(element);
});
