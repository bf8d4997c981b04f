// One question: what became of it, the right video on its timeline, the subtitles, and the list it was given.

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
    wrongVideos(entries, question.position !== 1),
    list(data, "The list", entries),
  ];
}

// The same without the answer: what the list is worth, and the list itself.
function showPublic(data, question, headingId) {
  const entries = entriesOf(data, question);
  return [
    make("h3", { id: headingId, tabindex: "-1" }, foreign(question.text || "(no text)", question.language)),
    facts(data, question, entries, null),
    make("p", { class: "remark" }, "The right video and span are the organizers' and do not stand in this page."),
    list(data, "The list", entries),
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
