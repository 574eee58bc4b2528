// Drag a featured line to its place: the form of the line then sends that place.

const list = document.querySelector("[data-featured]");
let dragged = null;

for (const item of list?.querySelectorAll("[data-signature]") ?? []) {
  if (!item.querySelector("form")) continue;
  item.draggable = true;
  item.addEventListener("dragstart", (event) => {
    dragged = item;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", item.dataset.signature);
  });
  item.addEventListener("dragover", (event) => {
    if (dragged) event.preventDefault();
  });
  item.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!dragged || dragged === item) return;
    const form = dragged.querySelector("form");
    const place = document.createElement("input");
    place.type = "hidden";
    place.name = "to";
    place.value = String([...list.children].indexOf(item) + 1);
    form.append(place);
    form.submit();
  });
}
