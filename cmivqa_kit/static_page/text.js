// Text, numbers and times; elements made without ever reading a string as HTML.

const byId = (id) => document.getElementById(id);

// An element. `given` holds attributes, and: `on` (listeners by event), `vars` (CSS custom properties).
function make(tag, given, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "vars") for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) element.append(child);
  return element;
}

// Replace what an element holds.
const fill = (element, ...children) => element.replaceChildren(...children.flat().filter((one) => one !== null));

// What ends a paragraph for the direction of text, and with it every isolation; besides, other control characters.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

// Text from a file, isolated: a direction override in it turns nothing outside of it.
function foreign(text, language) {
  const shown = String(text).replace(CONTROLS, " ");
  return make("bdi", { lang: languageOf(shown, language) }, shown);
}

// The lang attribute: the language given where it is a tag, else what the letters say.
function languageOf(text, given) {
  if (/^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$/.test(given || "")) return given;
  if (/[\u3040-\u30ff]/.test(text)) return "ja";
  return /[\u3400-\u9fff\u{20000}-\u{3ffff}]/u.test(text) ? "zh" : undefined;
}

const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// "1 question", "2 questions", with thousands apart.
const count = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

// A number as it is, whatever it is: a page must say what stands in the file.
function plain(value) {
  if (!isNumber(value)) return value === null || value === undefined ? "–" : String(value);
  return Math.abs(value) >= 1e6 ? value.toPrecision(4) : String(value);
}

const fixed = (value, digits = 4) => (isNumber(value) && Math.abs(value) < 1e6 ? value.toFixed(digits) : plain(value));

// A difference with its sign, the real minus.
const signed = (value, digits = 4) => `${value < 0 ? "−" : "+"}${fixed(Math.abs(value), digits)}`;

// Seconds as a player shows them: 1:02.5, or 1:01:02.5 past an hour.
function clock(seconds, digits = 1) {
  if (!isNumber(seconds)) return plain(seconds);
  if (seconds < 0 || seconds >= 1e6) return `${plain(seconds)} s`;
  const scale = 10 ** digits;
  const rounded = Math.round(seconds * scale) / scale;
  const hours = Math.floor(rounded / 3600);
  const minutes = Math.floor((rounded % 3600) / 60);
  const rest = (rounded % 60).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

const between = (start, end) => `${clock(start)} – ${clock(end)}`;

function lasting(start, end) {
  const length = end - start;
  return isNumber(length) && Math.abs(length) < 1e6 ? `${length.toFixed(1)} s` : "";
}

// Overlap of two spans by their union, 0 where they do not meet or one is no span.
function iou(start, end, from, to) {
  if (![start, end, from, to].every(isNumber) || end <= start || to <= from) return 0;
  const shared = Math.min(end, to) - Math.max(start, from);
  return shared <= 0 ? 0 : shared / (Math.max(end, to) - Math.min(start, from));
}

// The subtitles [start, end, text] that a span touches.
const under = (subtitles, start, end) =>
  subtitles.filter((line) => isNumber(line[0]) && isNumber(line[1]) && line[0] < end && line[1] > start);

// A small square in the colour and pattern of a class; "hit" is one too. Text always stands beside it.
const swatch = (name) => make("span", { class: `swatch fill-${name}`, "aria-hidden": "true" });

// The whole of 1 as a bar of parts [class or "hit", share]. The numbers stand beside it.
const stackedBar = (parts) => make("div", { class: "stack", "aria-hidden": "true" },
  parts.filter(([, share]) => isNumber(share) && share > 0)
    .map(([name, share]) => make("span", { class: `fill-${name}`, vars: { "--share": share } })));

// A table: `columns` are [heading, class]; cells are nodes or texts. The first cell of a row names it. The roles are
// spelled out because on a narrow screen the style sheet lays rows out as something else than rows.
function table(caption, columns, rows, name) {
  const head = columns.map(([title, kind]) => make("th", { scope: "col", role: "columnheader", class: kind }, title));
  const body = rows.map((row) => {
    const cells = (row.cells || row).map((cell, at) =>
      at ? make("td", { class: columns[at][1], role: "cell" }, cell)
        : make("th", { class: columns[at][1], scope: "row", role: "rowheader" }, cell));
    return make("tr", { class: row.kind, role: "row" }, cells);
  });
  return make("table", { class: name, role: "table" }, make("caption", { class: "unseen" }, caption),
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, head)),
    make("tbody", { role: "rowgroup" }, body));
}
