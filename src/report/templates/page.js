"use strict";
for (const table of document.querySelectorAll("main table[id]")) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    if (body.rows.length < 2 || !head.textContent) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === "descending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
      const number = (row) => row.cells[column].dataset.sort !== undefined;
      const order = (a, b) => number(a) && number(b) ? key(a) - key(b) : String(key(a)).localeCompare(String(key(b)));
      body.append(...[...body.rows].sort((a, b) => up ? order(a, b) : order(b, a)));
    });
  });
}
const map = document.querySelector("svg.map");
for (const place of map.querySelectorAll("[data-place]")) {
  const arcs = [...map.querySelectorAll(".arcs path")].filter((arc) =>
    arc.dataset.from === place.dataset.place || arc.dataset.to === place.dataset.place);
  const light = (on) => {
    map.classList.toggle("dim", on);
    for (const arc of arcs) arc.classList.toggle("lit", on);
  };
  place.addEventListener("pointerenter", () => light(true));
  place.addEventListener("pointerleave", () => light(false));
}
