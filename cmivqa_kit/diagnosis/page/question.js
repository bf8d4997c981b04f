// One question: what became of it, the right video on its timeline, the subtitles, and the list it was given.

const FIRST = 5; // entries shown of a list at first
const WRONG = 3; // wrong videos whose timelines are offered
const WATCH = "https://www.youtube.com/watch?v=";
const YOUTUBE = /^[A-Za-z0-9_-]{11}$/;

// The id of a video: a link to its second where it is one of YouTube. Nothing is asked of it until somebody follows it.
function videoLink(data, id, start) {
  if (data.unlinked || !YOUTUBE.test(id)) return foreign(id);
  const at = isNumber(start) && start >= 1 && start < 1e6 ? `&t=${Math.floor(start)}s` : "";
  return make("a", { href: WATCH + id + at, rel: "noopener noreferrer", target: "_blank" }, foreign(id));
}

// The entries of a question as objects: {rank, video (or null), name, start, end, right, iou}.
function entriesOf(data, question) {
  const [goldVideo, from, to] = question.gold || [-1, null, null]; // null: a page for the public
  const rightName = data.videos[goldVideo] ? data.videos[goldVideo].id : null;
  return question.entries.map(([index, name, start, end], at) => {
    const video = data.videos[index] || null;
    const right = video !== null && video.id === rightName;
    const known = video ? video.id : name;
    return { rank: at + 1, video, name: known, start, end, right, iou: right ? iou(from, to, start, end) : null };
  });
}

function showQuestion(data, question, headingId) {
  if (!question.gold) return showPublic(data, question, headingId);
  const [goldVideo, from, to] = question.gold;
  const right = data.videos[goldVideo] || { id: "–", duration: null, subtitles: [] };
  const entries = entriesOf(data, question);
  const own = entries.filter((one) => one.right);
  const best = own.reduce((top, one) => (!top || one.iou > top.iou ? one : top), null);
  for (const one of own) one.best = one === best && one.iou > 0;
  const gold = { start: from, end: to };
  return [
    make("h3", { id: headingId, tabindex: "-1" }, foreign(question.text || "(no text)", question.language)),
    facts(data, question, entries, best),
    make("section", { "aria-label": "Right video" },
      make("h4", null, "Right video ", make("span", { class: "video" }, videoLink(data, right.id, from))),
      legend(own),
      timeline(right, gold, own)),
    lines(right, gold, best, entries, entries[0]),
    wrongVideos(entries, question),
    list(data, entries),
  ];
}

// The same without the answer: what the list is worth, and the list itself.
function showPublic(data, question, headingId) {
  const entries = entriesOf(data, question);
  return [
    make("h3", { id: headingId, tabindex: "-1" }, foreign(question.text || "(no text)", question.language)),
    facts(data, question, entries, null),
    make("p", { class: "remark" }, "The right video and span are the organizers' and do not stand in this page."),
    list(data, entries),
  ];
}

function facts(data, question, entries, best) {
  const label = data.labels.find((one) => one.key === question.label);
  const read = count(entries.length, "entry").replace("entrys", "entries");
  const rank = data.track === 1 || !question.gold ? null : question.position === null || question.position === undefined
    ? `not among ${read}` : `rank ${plain(question.position)} of ${read}`;
  const item = (name, ...value) => make("div", null, make("dt", null, name), make("dd", null, value));
  return make("dl", { class: "verdict" },
    item("Costs most", swatch(fillOf(data, question.label)), capital(label ? label.title : String(question.label))),
    item(data.headline, fixed(question.score)),
    data.cutoffs.length > 1 ? data.cutoffs.map((k, at) => item(`k = ${k}`, fixed(question.m[at], 3))) : null,
    rank ? item("Right video", rank) : null,
    question.gold ? item("Best IoU",
      best ? `${fixed(best.iou, 2)}${data.track === 1 || !best.best ? "" : ` at rank ${best.rank}`}` : "–") : null,
    item("Id", foreign(plain(question.id))));
}

function legend(own) {
  const key = (kind, text) => make("span", null, make("i", { class: `key ${kind}`, "aria-hidden": "true" }), text);
  return make("p", { class: "legend" }, key("gold", "gold span"),
    own.some((one) => one.best) ? key("span best", "best predicted span") : null,
    own.some((one) => !one.best) ? key("span", "predicted span, # is its rank") : null,
    own.length ? null : make("span", null, "the list has no span of this video"));
}

// Two excerpts: what is said under the gold span, and under the best span (else under the first entry).
function lines(video, gold, best, entries, first) {
  const chosen = best || first || null;
  const shared = best ? new Set(under(video.subtitles, best.start, best.end)) : new Set();
  const own = new Set(under(video.subtitles, gold.start, gold.end));
  const columns = [excerpt("Under the gold span", between(gold.start, gold.end), [...own], shared)];
  if (chosen) {
    const source = chosen.video || { subtitles: [] };
    const said = under(source.subtitles, chosen.start, chosen.end);
    const title = !best ? "Under the first entry, a wrong video"
      : `Under ${best.iou > 0 ? "the best" : "its first"} predicted span, rank ${best.rank}`;
    columns.push(excerpt(title, between(chosen.start, chosen.end), said, best ? own : new Set()));
  }
  return make("section", { class: "excerpts", "aria-label": "Subtitles" }, columns);
}

function excerpt(title, times, found, both) {
  const rows = found.map((line) => make("li", { class: both.has(line) ? "both" : null },
    make("span", { class: "time" }, clock(line[0])), foreign(line[2]),
    both.has(line) ? make("span", { class: "unseen" }, " (in both)") : null));
  return make("div", { class: "excerpt" },
    make("h4", null, title, " ", make("span", { class: "times" }, times)),
    rows.length ? make("ol", { tabindex: rows.length > 4 ? "0" : null, "aria-label": title }, rows)
      : make("p", { class: "remark" }, "No subtitles there."));
}

// The first wrong videos of the list, each on its own timeline, drawn when opened.
function wrongVideos(entries, question) {
  const wrong = new Map();
  for (const one of entries) {
    if (one.right || !one.video) continue;
    if (!wrong.has(one.video.id) && wrong.size === WRONG) continue;
    wrong.set(one.video.id, [...(wrong.get(one.video.id) || []), one]);
  }
  if (!wrong.size) return null;
  const blocks = [...wrong.values()].map((spans, at) => {
    const body = make("div", null);
    const draw = () => body.firstChild || body.append(timeline(spans[0].video, null, spans));
    const ranks = spans.slice(0, 4).map((one) => `#${one.rank}`).join(" ") + (spans.length > 4 ? " …" : "");
    const open = at === 0 && question.position !== 1;
    if (open) draw();
    return make("details", { open, on: { toggle: draw } },
      make("summary", null, make("span", { class: "ranks" }, ranks), " ", foreign(spans[0].video.id)), body);
  });
  return make("section", { class: "wrong", "aria-label": "Wrong videos" },
    make("h4", null, "First wrong videos of the list"), blocks);
}

function list(data, entries) {
  if (!entries.length) return make("p", { class: "remark" }, "No entry: the question was not answered.");
  const row = (one) => ({
    kind: one.right ? "is-right" : null,
    cells: [`${one.rank}`,
      [one.name === "" ? make("span", { class: "remark" }, "an entry that can match nothing") : videoLink(data, one.name, one.start),
        one.right ? make("span", { class: "tag" }, "right video") : null],
      one.name === "" ? ""
        : [between(one.start, one.end), make("small", null, `${plain(one.start)} – ${plain(one.end)}\u00a0s`)],
      one.iou === null ? "" : fixed(one.iou, 2)],
  });
  const columns = [["Rank", "number rank"], ["Video", "wide"], ["Span", "number times"], ["IoU", "number"]];
  const holder = make("section", { class: "entries", "aria-label": "The list" }, make("h4", null, "The list"));
  const draw = (shown) => {
    const all = () => {
      draw(entries);
      holder.querySelector("table").focus();
    };
    const more = shown.length === entries.length ? null
      : make("button", { type: "button", class: "more", on: { click: all } }, `Show all ${entries.length} entries`);
    const drawn = table("Entries, best first", columns, shown.map(row), "list");
    drawn.tabIndex = -1;
    fill(holder, holder.firstChild, drawn, more);
  };
  draw(entries.length <= FIRST + 2 ? entries : entries.slice(0, FIRST));
  return holder;
}
