"use strict";
for (const part of document.querySelectorAll(".js, .filters")) part.hidden = false;

// The tab key stops at a matrix once; arrow keys move within it.
for (const table of document.querySelectorAll(".matrix")) {
  const readout = table.closest(".scroll").nextElementSibling;
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells]);
  const cells = rows.flat().filter((cell) => cell.title);
  for (const cell of cells) {
    cell.dataset.description = cell.title;
    cell.removeAttribute("title");
    cell.tabIndex = -1;
  }
  if (cells.length) cells[0].tabIndex = 0;
  const show = (event) => {
    const cell = event.target.closest("td");
    if (cell && cell.dataset.description) readout.textContent = cell.dataset.description;
  };
  const move = (cell) => {
    for (const other of cells) other.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
  };
  table.addEventListener("mouseover", show);
  table.addEventListener("focusin", show);
  table.addEventListener("click", (event) => {
    const cell = event.target.closest("td");
    if (cell && cell.dataset.description) move(cell);
  });
  table.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const cell = event.target.closest("td");
    if (!step || !cell) return;
    event.preventDefault();
    const row = rows.findIndex((one) => one.includes(cell));
    const next = (rows[row + step[0]] || [])[rows[row].indexOf(cell) + step[1]];
    if (next && next.dataset.description) move(next);
  });
}

// Sort by the first number in a cell, else by its text; cells without a number come last.
for (const table of document.querySelectorAll(".sortable")) {
  const body = table.tBodies[0];
  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.textContent = "";
    head.append(button);
    button.addEventListener("click", () => {
      const column = head.cellIndex;
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => {
        const text = row.cells[column].textContent.trim();
        const number = /^[<\s]*([+-]?[\d,]*\.?\d+)/.exec(text);
        return number ? parseFloat(number[1].replaceAll(",", "")) - (text.startsWith("<") ? 1e-9 : 0) : text;
      };
      const compare = (one, two) => {
        const [a, b] = [key(one), key(two)];
        if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
        const order = typeof a === "number" ? a - b : a < b ? -1 : a > b ? 1 : 0;
        return down ? -order : order;
      };
      body.append(...[...body.rows].sort(compare));
    });
  }
}

const form = document.querySelector(".filters");
const filter = () => {
  const { run, kind, gold, text } = form.elements;
  const wanted = text.value.toLowerCase();
  const narrowed = Boolean(kind.value || gold.value || wanted);
  let shown = 0;
  for (const part of document.querySelectorAll(".changes")) {
    let here = 0;
    for (const row of part.querySelectorAll("tbody tr")) {
      row.hidden =
        (kind.value && row.dataset.kind !== kind.value) ||
        (gold.value && row.dataset.gold !== gold.value) ||
        (wanted && !row.cells[1].textContent.toLowerCase().includes(wanted));
      here += row.hidden ? 0 : 1;
    }
    part.hidden = (run.value && part.dataset.run !== run.value) || (narrowed && !here);
    if (run.value && !part.hidden) part.open = true;
    shown += part.hidden ? 0 : here;
  }
  form.querySelector("output").textContent = `${shown} rows`;
};
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
filter();
