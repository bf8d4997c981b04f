// The list of questions: only the rows in view are in the document, so thousands open at once.

const AHEAD = 8; // rows drawn above and below what is in view

// `choose(index)` is called with the index of a question whenever another one is chosen; `fillRow(question)` gives
// what stands in its row.
class QuestionList {
  constructor(element, data, fillRow, choose) {
    this.element = element;
    this.data = data;
    this.fillRow = fillRow;
    this.choose = choose;
    this.shown = []; // places in the file, in the order of the list
    this.at = -1; // place in `shown` of the chosen question
    this.room = make("div", { class: "room", role: "presentation" });
    element.append(this.room);
    element.addEventListener("scroll", () => this.draw(), { passive: true });
    window.addEventListener("resize", () => this.draw());
    this.room.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      if (row) this.move(Number(row.dataset.at));
    });
  }

  get rowHeight() {
    return 4.75 * parseFloat(getComputedStyle(document.documentElement).fontSize); // as in browser.css
  }

  // Show these questions; the chosen one stays chosen where it is among them.
  show(places) {
    const chosen = this.shown[this.at];
    this.shown = places;
    this.at = Math.max(places.indexOf(chosen), places.length ? 0 : -1);
    this.room.style.height = `${places.length * this.rowHeight}px`;
    if (this.shown[this.at] !== chosen) this.choose(this.at < 0 ? null : this.shown[this.at]);
    this.reveal();
    this.draw();
  }

  // Choose the row `at`, cut to the list.
  move(at) {
    if (!this.shown.length) return;
    const to = clamp(at, 0, this.shown.length - 1);
    const changed = to !== this.at;
    this.at = to;
    this.reveal();
    this.draw();
    if (changed) this.choose(this.shown[to]);
  }

  // Scroll so far that the chosen row is in view.
  reveal() {
    const height = this.rowHeight;
    const top = this.at * height;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + height > scrollTop + clientHeight) this.element.scrollTop = top + height - clientHeight;
  }

  draw() {
    const height = this.rowHeight;
    const from = Math.max(0, Math.floor(this.element.scrollTop / height) - AHEAD);
    const below = this.element.scrollTop + this.element.clientHeight;
    const to = Math.min(this.shown.length, Math.ceil(below / height) + AHEAD);
    const rows = [];
    for (let at = from; at < to; at += 1) rows.push(this.row(at, height));
    fill(this.room, ...rows);
    if (this.at >= from && this.at < to) this.element.setAttribute("aria-activedescendant", `row-${this.at}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  row(at, height) {
    const row = make("div", { class: "row", role: "option", id: `row-${at}`, "data-at": at,
      "aria-selected": String(at === this.at), "aria-posinset": at + 1, "aria-setsize": this.shown.length },
      this.fillRow(this.data.questions[this.shown[at]]));
    row.style.top = `${at * height}px`;
    return row;
  }
}

// The question itself and the line below it, as all rows have them.
const rowText = (question, under) => [
  make("span", { class: "asked" }, foreign(String(question.text).slice(0, 240) || "(no text)", question.language)),
  make("span", { class: "under" }, under, " · ", foreign(plain(question.id).slice(0, 60)))];

// Which questions are wanted, and in which order. `orders` are [key, title, compare], the first the usual one, whose
// `compare` may be null: as they stand.
class Filters {
  constructor(data, swatchOf, orders, changed) {
    this.data = data;
    this.swatchOf = swatchOf;
    this.orders = orders;
    this.wanted = new Set();
    this.texts = data.questions.map((one) =>
      [one.text, one.id, one.gold ? (data.videos[one.gold[0]] || {}).id : ""].map(String).join("\n").toLowerCase());
    this.chips = new Map(data.labels.map((label) => [label.key, this.chip(label, changed)]));
    fill(byId("labels"), ...this.chips.values());
    const languages = [...new Set(data.questions.map((one) => one.language || ""))];
    byId("language-label").hidden = languages.length < 2;
    fill(byId("language"), make("option", { value: "*" }, "all"),
      ...languages.map((one) => make("option", { value: one }, NAMES[one] || one || "not known")));
    fill(byId("order"), ...orders.map(([key, title]) => make("option", { value: key }, title)));
    for (const id of ["search", "language", "order"]) byId(id).addEventListener("input", changed);
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    byId("filters").addEventListener("reset", (event) => { event.preventDefault(); this.clear(); changed(); });
  }

  chip(label, changed) {
    const press = () => {
      if (!this.wanted.delete(label.key)) this.wanted.add(label.key);
      changed();
    };
    return make("button",
      { type: "button", class: "chip", "aria-pressed": "false", "data-label": label.key, on: { click: press } },
      this.swatchOf(label.key), make("span", null, capital(label.title)), make("span", { class: "n" }));
  }

  clear() {
    this.wanted.clear();
    byId("search").value = "";
    byId("language").value = "*";
    byId("order").value = this.orders[0][0];
  }

  // The places of the questions that are wanted. The counts on the chips follow search and language.
  apply() {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter((one) => one);
    const language = byId("language").value;
    const { questions } = this.data;
    const found = questions.map((_, at) => at).filter((at) =>
      (language === "*" || (questions[at].language || "") === language)
      && words.every((word) => this.texts[at].includes(word)));
    for (const [key, chip] of this.chips) {
      chip.setAttribute("aria-pressed", String(this.wanted.has(key)));
      chip.lastChild.textContent = found.filter((at) => questions[at].label === key).length.toLocaleString("en");
    }
    const kept = found.filter((at) => !this.wanted.size || this.wanted.has(questions[at].label));
    const [order, , compare] = this.orders.find(([key]) => key === byId("order").value);
    if (compare) kept.sort((a, b) => compare(questions[a], questions[b]) || a - b);
    const usual = order === this.orders[0][0];
    byId("reset").disabled = !this.wanted.size && !words.length && language === "*" && usual;
    return kept;
  }
}

const NAMES = { zh: "Chinese", en: "English", Chinese: "Chinese", English: "English" };
