// A video from left to right: its subtitles, the gold span as a band, each predicted span in a lane of its own.

const LANES = 6; // predicted spans drawn at first
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
const DAYS = 172800; // ends beyond it are mistakes, and would press everything else into one point
const READ = 260; // characters of subtitles in the line under a timeline

// Seconds from left to right. Where the duration is not known, until the last line or span ends.
function lengthOf(video, spans) {
  if (isNumber(video.duration) && video.duration > 0) return video.duration;
  const ends = [...video.subtitles.map((line) => line[1]), ...spans.map((one) => one.end)];
  return Math.max(1, ...ends.filter((end) => isNumber(end) && end < DAYS));
}

// Where a span stands as parts of the length, cut to what is drawn; null where it is no span.
function place(span, length) {
  if (!isNumber(span.start) || !isNumber(span.end) || span.end < span.start) return null;
  const left = clamp(span.start / length, 0, 1);
  return { left, width: clamp(span.end / length, 0, 1) - left, past: span.end > length * 1.001 };
}

// What a lane of a predicted span is called: by its rank, of two systems also by the letter.
const nameOf = (span) => `${span.system || ""}#${span.rank}`;

// `spans` are {rank, start, end, iou or null, best}, of two systems with `system`, A or B; `gold` is {start, end} or null.
function timeline(video, gold, spans) {
  const length = lengthOf(video, gold ? [gold, ...spans] : spans);
  const readout = make("p", { class: "readout" });
  const rest = gold ? "Point at a bar, or move with the arrow keys, to read its times and subtitles."
    : "Point at a bar, or move with the arrow keys.";
  readout.textContent = rest;
  const plot = make("div",
    { class: "plot", role: "toolbar", "aria-label": `Timeline of ${video.id}, ${clock(length)} long` });
  const shown = spans.length > LANES ? spans.filter((one, at) => at < LANES || one.best) : spans;
  const draw = (drawn) => {
    const lanes = [subtitleLane(video, length), gold ? spanLane(video, "gold", { ...gold, gold: true }, length) : null,
      ...drawn.map((one) => spanLane(video, nameOf(one), one, length))].filter((one) => one);
    fill(plot, axis(length), gold ? band(gold, length) : null, ...lanes);
    rove(plot, lanes.map((lane) => [...lane.querySelectorAll("button")]).filter((row) => row.length));
  };
  draw(shown);
  plot.addEventListener("focusin", (event) => tell(readout, event.target));
  plot.addEventListener("pointerover", (event) => tell(readout, event.target));
  const focused = () => (plot.contains(document.activeElement) ? document.activeElement : null);
  plot.addEventListener("pointerleave", () => tell(readout, focused(), rest));
  const all = () => {
    draw(spans);
    more.remove();
    plot.querySelector('[tabindex="0"]').focus();
  };
  const more = shown.length === spans.length ? null
    : make("button", { type: "button", class: "more", on: { click: all } }, `Draw all ${spans.length} spans`);
  return make("div", { class: "timeline" }, plot, readout, more);
}

function axis(length) {
  const step = STEPS.find((one) => length / one <= 5) || length;
  const ticks = [];
  for (let at = 0; at <= length * 0.97; at += step)
    ticks.push(make("span", { vars: { "--x": at / length } }, make("i", null), clock(at, 0)));
  return make("div", { class: "axis", "aria-hidden": "true" }, ticks);
}

function band(gold, length) {
  const at = place(gold, length);
  return at && make("div", { class: "band", "aria-hidden": "true", vars: { "--x": at.left, "--w": at.width } });
}

function subtitleLane(video, length) {
  const bars = video.subtitles.map(([start, end, text]) => {
    const at = place({ start, end }, length);
    const said = `${between(start, end)}  ${text}`;
    return at && bar("line", at, said, said);
  }).filter((one) => one);
  const track = make("div", { class: "track" }, bars.length ? bars : make("span", { class: "none" }, "no subtitles"));
  return make("div", { class: "lane lines" }, make("span", { class: "name" }, "text"), track);
}

function spanLane(video, name, span, length) {
  const at = place(span, length);
  const what = span.gold ? "Gold span"
    : `${span.system ? `${span.system}, rank` : "Rank"} ${span.rank}${span.best ? ", best span" : ""}`;
  const overlap = isNumber(span.iou) ? `, IoU ${fixed(span.iou, 2)}` : "";
  const times = `${what}: ${between(span.start, span.end)}, ${lasting(span.start, span.end)}${overlap}`;
  const past = at && at.past ? ", runs past the end of the video" : "";
  const text = under(video.subtitles, span.start, span.end).map((line) => line[2]).join(" / ");
  const kind = span.gold ? "gold" : `span${span.best ? " best" : ""}${span.system ? ` of-${span.system}` : ""}`;
  const track = make("div", { class: "track" },
    at ? bar(kind + (past ? " past" : ""), at, `${times}${past}`, `${times}${past}. ${text}`, text)
      : make("span", { class: "none" }, `no span: ${between(span.start, span.end)}`));
  return make("div", { class: `lane ${span.gold ? "right" : "predicted"}` },
    make("span", { class: "name" }, name), track);
}

// A bar that can be pointed at and focused; what it says is kept beside it for the line under the timeline.
function bar(kind, at, said, label, text) {
  const button = make("button", { type: "button", class: `bar ${kind}`, tabindex: "-1",
    "aria-label": label.slice(0, 600), vars: { "--x": at.left, "--w": at.width } });
  told.set(button, [said, text || ""]);
  return button;
}

const told = new WeakMap();

function tell(readout, element, otherwise) {
  const said = element && told.get(element);
  if (!said) {
    if (otherwise) readout.textContent = otherwise;
    return;
  }
  const text = said[1].length > READ ? `${said[1].slice(0, READ)} …` : said[1];
  fill(readout, foreign(said[0]), text ? make("span", { class: "quote" }, foreign(text)) : null);
}

// One tab stop; left and right within a lane, up and down between lanes, by what stands nearest.
function rove(plot, rows) {
  const part = (button, name) => Number(button.style.getPropertyValue(name));
  const middle = (button) => part(button, "--x") + part(button, "--w") / 2;
  const focus = (button) => {
    for (const one of rows.flat()) one.tabIndex = one === button ? 0 : -1;
    button.focus();
  };
  const nearest = (row, button) => {
    const away = (one) => Math.abs(middle(one) - middle(button));
    return row.reduce((best, one) => (away(one) < away(best) ? one : best));
  };
  const first = rows.find((row) => !row[0].classList.contains("line")) || rows[0];
  if (first) first[0].tabIndex = 0;
  plot.onkeydown = (event) => {
    const lane = rows.findIndex((row) => row.includes(event.target));
    if (lane < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = rows[lane];
    const at = row.indexOf(event.target);
    const to = {
      ArrowRight: () => row[at + 1], ArrowLeft: () => row[at - 1], Home: () => row[0], End: () => row[row.length - 1],
      ArrowUp: () => rows[lane - 1] && nearest(rows[lane - 1], event.target),
      ArrowDown: () => rows[lane + 1] && nearest(rows[lane + 1], event.target),
    }[event.key];
    if (!to) return;
    event.preventDefault();
    if (to()) focus(to());
  };
}
