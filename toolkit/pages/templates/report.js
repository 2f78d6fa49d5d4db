"use strict";
// The reader of sentences: filter, sort, page, and show the contributions of n-grams.
// All text enters the page as text, never as markup.
(() => {
  const PAGE = 50;
  const data = JSON.parse(document.getElementById("sentences").textContent);
  const [TEXT, GOLD, PREDICTED, CONTRAST, CONFIDENCE, TEST, ARTICLE, POSITION, CONTRIBUTIONS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const titles = data.head.labels;
  const by = (id) => document.getElementById(id);
  const controls = ["correct", "split", "gold", "predicted", "low", "high"];
  const chosen = Object.fromEntries(controls.map((name) => [name, by("choose-" + name)]));
  const body = document.querySelector("#reading tbody");
  const panel = by("explanation");
  const hint = Array.from(panel.childNodes);
  const sorting = { key: "confidence", falling: true };
  const keys = {
    position: (row) => [row[TEST], data.head.articles[row[ARTICLE]], row[POSITION]],
    gold: (row) => [row[GOLD], row[PREDICTED]],
    predicted: (row) => [row[PREDICTED], row[GOLD]],
    confidence: (row) => [row[CONFIDENCE]],
  };
  let shown = PAGE;

  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const tag = (label) => make("span", { className: "tag" }, titles[label]);

  function matches(row) {
    const is = (control, value) => control.value === "" || Number(control.value) === value;
    const low = chosen.low.value === "" ? 0 : Number(chosen.low.value);
    const high = chosen.high.value === "" ? 1 : Number(chosen.high.value);
    return Number(chosen.correct.value) === Number(row[GOLD] === row[PREDICTED]) && is(chosen.split, row[TEST]) &&
      is(chosen.gold, row[GOLD]) && is(chosen.predicted, row[PREDICTED]) &&
      row[CONFIDENCE] >= low && row[CONFIDENCE] <= high;
  }

  function compare(one, other) {
    const [first, second] = [keys[sorting.key](one), keys[sorting.key](other)];
    for (let index = 0; index < first.length; index += 1) {
      if (first[index] !== second[index]) {
        return (first[index] < second[index] ? -1 : 1) * (sorting.falling ? -1 : 1);
      }
    }
    return other[CONFIDENCE] - one[CONFIDENCE];
  }

  const quoted = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

  // Where an n-gram occurs in its sentence. Words are bounded by characters other than letters
  // and digits; in an n-gram of characters, only a space at an end is a word boundary.
  function occurrences(text, ngram, kind) {
    const words = ngram.trim().split(/\s+/u).filter(Boolean).map(quoted);
    if (words.length === 0 || kind === 2) return [];
    const starts = kind === undefined ? /^[\p{L}\p{N}]/u.test(ngram) : /^\s/u.test(ngram);
    const ends = kind === undefined ? /[\p{L}\p{N}]$/u.test(ngram) : /\s$/u.test(ngram);
    const pattern = (starts ? "(?<![\\p{L}\\p{N}])" : "") + words.join("[^\\p{L}\\p{N}]+") + (ends ? "(?![\\p{L}\\p{N}])" : "");
    try {
      return Array.from(text.matchAll(new RegExp(pattern, "giu")), (match) => [match.index, match.index + match[0].length]);
    } catch {
      return [];
    }
  }

  function explain(row, element) {
    const contributions = row[CONTRIBUTIONS];
    if (contributions.length === 0) {
      panel.replaceChildren(...hint);
      return;
    }
    const side = (positive) => contributions.filter(([, value]) => (value > 0) === positive).flatMap(([ngram, value]) =>
      [make("span", { className: "ngram" }, `${ngram.replaceAll(" ", "·")} ${value > 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}`), " "]);
    const contrast = row[GOLD] === row[PREDICTED] ? `${titles[row[CONTRAST]]}, the runner-up` : titles[row[CONTRAST]];
    panel.replaceChildren(
      make("p", {}, make("span", { className: "swatch" }), " for ", make("strong", {}, titles[row[PREDICTED]]), ": ", ...side(true)),
      make("p", {}, make("span", { className: "swatch against" }), " for ", make("strong", {}, contrast), ": ", ...side(false)));
    const taken = [];
    for (const [ngram, value, kind] of contributions) {
      for (const [start, end] of occurrences(row[TEXT], ngram, kind)) {
        if (taken.every((other) => end <= other.start || start >= other.end)) taken.push({ start, end, value });
      }
    }
    taken.sort((one, other) => one.start - other.start);
    let last = 0;
    const parts = [];
    for (const { start, end, value } of taken) {
      parts.push(row[TEXT].slice(last, start), make("mark", { className: value > 0 ? "for" : "against" }, row[TEXT].slice(start, end)));
      last = end;
    }
    element.replaceChildren(...parts, row[TEXT].slice(last));
  }

  function line(row) {
    const sentence = make("span", { className: "sentence", textContent: row[TEXT] });
    if (row[CONTRIBUTIONS].length > 0) {
      sentence.tabIndex = 0;
      for (const name of ["mouseenter", "focus"]) sentence.addEventListener(name, () => explain(row, sentence));
      for (const name of ["mouseleave", "blur"]) sentence.addEventListener(name, () => { sentence.textContent = row[TEXT]; });
    }
    // The roles keep it a table for screen readers where the style turns cells into blocks.
    const cell = (properties, child, is) => {
      const element = make("td", { role: "cell", ...properties }, child);
      if (is) element.dataset.is = is;
      return element;
    };
    return make("tr", { role: "row" },
      cell({ dir: "auto" }, sentence),
      cell({}, tag(row[GOLD]), "gold"),
      cell({}, tag(row[PREDICTED]), "predicted"),
      cell({ className: "n" }, row[CONFIDENCE].toFixed(3)),
      cell({ className: "soft" }, `${data.head.articles[row[ARTICLE]]}, ${row[TEST] ? "test" : "train"}`));
  }

  function show() {
    const matching = data.rows.filter(matches).sort(compare);
    body.replaceChildren(...matching.slice(0, shown).map(line));
    by("count").textContent = matching.length === 0
      ? "No listed sentence matches."
      : `${Math.min(shown, matching.length)} of ${matching.length} sentences shown.`;
    by("more").hidden = shown >= matching.length;
    for (const cell of document.querySelectorAll("[data-gold]")) {
      const pressed = ["gold", "predicted"].every((name) => chosen[name].value === cell.dataset[name]) &&
        chosen.split.value === (cell.dataset.split === "test" ? "1" : "0");
      cell.firstElementChild.setAttribute("aria-pressed", String(pressed));
    }
    for (const head of document.querySelectorAll("[data-sort]")) {
      head.removeAttribute("aria-sort");
      if (head.dataset.sort === sorting.key) head.setAttribute("aria-sort", sorting.falling ? "descending" : "ascending");
    }
  }

  function restart() {
    shown = PAGE;
    show();
  }

  function choose(values) {
    for (const name of controls) chosen[name].value = { correct: "0", low: "0", high: "1", ...values }[name] ?? "";
    restart();
  }

  for (const cell of document.querySelectorAll("[data-gold]")) {
    const { gold, predicted, split } = cell.dataset;
    const count = cell.textContent;
    const button = make("button", { type: "button" }, count);
    button.setAttribute("aria-label", `${count}: gold ${titles[gold]}, predicted ${titles[predicted]}; read them`);
    button.addEventListener("click", () => {
      choose({ correct: gold === predicted ? "1" : "0", split: split === "test" ? "1" : "0", gold, predicted });
      by("mistakes").scrollIntoView();
      by("mistakes").focus({ preventScroll: true });
    });
    cell.replaceChildren(button);
  }
  for (const head of document.querySelectorAll("[data-sort]")) {
    const button = make("button", { type: "button" }, head.textContent);
    button.addEventListener("click", () => {
      const key = head.dataset.sort;
      sorting.falling = key === sorting.key ? !sorting.falling : key === "confidence";
      sorting.key = key;
      restart();
    });
    head.replaceChildren(button);
  }
  for (const control of Object.values(chosen)) control.addEventListener("input", restart);
  by("choose-all").addEventListener("click", () => choose({}));
  by("more").addEventListener("click", () => { shown += PAGE; show(); });
  for (const element of document.querySelectorAll("[data-script]")) element.hidden = false;
  for (const element of document.querySelectorAll("[data-script-off]")) element.hidden = true;
  // A browser may restore earlier choices when the page is reloaded.
  choose({});
})();
