// The page of two systems: both scores, who is better how often, and each question with both answers on one timeline.

const VERDICTS = { "a-better": "only-A", "b-better": "only-B", "both-miss": "none-earns", same: "alike" };
const LETTERS = ["A", "B"];

// The mark of a system: its colour and pattern, and always its letter.
const mark = (letter) => make("span", { class: "mark" },
  make("i", { class: `key span best of-${letter}`, "aria-hidden": "true" }), letter);

function start() {
  const data = JSON.parse(byId("payload").textContent);
  showHeader(data);
  showOverview(data);
  const most = (question) => Math.abs(question.difference);
  browse(data, {
    fillRow: (question) => rowOf(data, question),
    swatchOf: (key) => swatch(VERDICTS[key]),
    orders: [["most", "differing most first", null], ["a", "A ahead first", (a, b) => a.difference - b.difference],
      ["b", "B ahead first", (a, b) => b.difference - a.difference], ["least", "differing least first", (a, b) => most(a) - most(b)],
      ["file", "as in the file", (a, b) => a.index - b.index]],
    show: (question, headingId) => showQuestion(data, question, headingId),
  });
}

function showHeader(data) {
  const facts = [`Track ${data.track}`, data.split, data.edition, count(data.questions.length, "question")];
  fill(byId("top"),
    make("p", { class: "kicker" }, "cmivqa diagnose"),
    make("h1", null, data.systems.map((one) => make("span", { class: "system" }, mark(one.letter), " ", foreign(one.name)))),
    data.organizers_only ? make("p", { class: "notice", role: "note" },
      "For organizers only: the right videos and spans of a split whose answers are held stand in this page. "
      + "For a team, write it with --public.") : null,
    make("p", { class: "facts" }, facts.map((one) => make("span", null, foreign(one)))),
    data.systems.filter((one) => one.made_by).map((one) =>
      make("p", { class: "remark" }, `${one.letter} was made by `, foreign(one.made_by))));
}

function showOverview(data) {
  const [first, second] = data.systems;
  const n = Math.max(1, data.questions.length);
  const score = (one) => make("div", { class: "score" }, make("p", { class: "label" }, mark(one.letter), ` ${data.headline}, strict`),
    make("p", { class: "figure" }, fixed(one.score)));
  const rows = data.labels.map((one) => [
    make("span", { class: "named" }, swatch(VERDICTS[one.key]), make("span", null, capital(one.title))), plain(one.questions)]);
  fill(byId("overview"),
    make("div", { class: "hero two" },
      make("div", { class: "scores" }, score(first), score(second),
        make("p", { class: "beside" }, `B − A: ${signed(second.score - first.score)}`)),
      make("div", { class: "loss" }, stackedBar(data.labels.map((one) => [VERDICTS[one.key], one.questions / n])),
        table("Who is better on how many questions", [[`By ${data.headline} of the question`, ""], ["Questions", "number strong"]], rows, "verdicts"))),
    make("p", { class: "remark" }, "Whether the difference is more than chance: ", make("code", null, "cmivqa compare"),
      " with the same two files."),
    make("div", { class: "pair" }, metrics(data), costs(data)),
    data.remarks.map((one) => make("p", { class: "remark" }, foreign(one))),
    make("p", { class: "signature" }, make("span", { class: "unseen" }, "Signature: "), foreign(data.signature)));
}

const pairColumns = (title) => [[title, ""], [mark("A"), "number"], [mark("B"), "number"], ["B − A", "number strong"]];

function metrics(data) {
  const rows = data.metrics.map((one) => [one.name, ...one.values.map((value) => fixed(value)), signed(one.values[1] - one.values[0])]);
  return make("section", { "aria-labelledby": "metrics-title" }, make("h2", { id: "metrics-title" }, "Scores, strict"),
    table("Scores of both", pairColumns(""), rows, "both"));
}

function costs(data) {
  if (!data.costs.length) return null;
  const gap = (one) => one.questions[1] - one.questions[0];
  const rows = data.costs.map((one) => [capital(one.title), ...one.questions.map(plain),
    gap(one) ? `${gap(one) < 0 ? "−" : "+"}${Math.abs(gap(one))}` : "0"]);
  return make("section", { "aria-labelledby": "costs-title" },
    make("h2", { id: "costs-title" }, "Questions by what costs most"),
    table("Questions by what costs most, of both", pairColumns(""), rows, "both"));
}

function rowOf(data, question) {
  const label = data.labels.find((one) => one.key === question.label);
  const values = question.answers.map((one, at) => `${LETTERS[at]} ${fixed(one.value, 2)}`);
  return [swatch(VERDICTS[question.label]), ...rowText(question, label ? label.title : ""),
    make("span", { class: "value" }, signed(question.difference, 3), make("small", null, values.join(" · ")))];
}

// The entries of one system: {system, rank, video (or null), name, start, end, right, iou, best}.
function entriesOf(data, question, at) {
  const [goldVideo, from, to] = question.gold || [-1, null, null]; // null: a page for the public
  const rightName = data.videos[goldVideo] ? data.videos[goldVideo].id : null;
  const entries = question.answers[at].entries.map(([rank, index, name, start, end]) => {
    const video = data.videos[index] || null;
    const right = video !== null && video.id === rightName;
    const overlap = right && data.track !== 2 ? iou(from, to, start, end) : null;
    return { system: LETTERS[at], rank, video, name: video ? video.id : name, start, end, right, iou: overlap };
  });
  const best = entries.filter((one) => one.iou > 0).reduce((top, one) => (!top || one.iou > top.iou ? one : top), null);
  if (best) best.best = true;
  return entries;
}

function showQuestion(data, question, headingId) {
  const entries = LETTERS.map((_, at) => entriesOf(data, question, at));
  const both = entries.flat().sort((a, b) => a.rank - b.rank || (a.system < b.system ? -1 : 1));
  const lists = make("div", { class: "lists" }, LETTERS.map((letter, at) =>
    list(data, `The list of ${letter}`, entries[at], question.answers[at].read - entries[at].length)));
  const spans = both.filter((one) => one.start !== null);
  return [
    make("h3", { id: headingId, tabindex: "-1" }, foreign(question.text || "(no text)", question.language)),
    facts(data, question, entries),
    question.gold ? rightVideo(data, question, spans.filter((one) => one.right))
      : make("p", { class: "remark" }, "The right video and span are the organizers' and do not stand in this page."),
    question.gold ? excerpts(data, question, entries) : null,
    question.gold ? wrongVideos(spans, !both.some((one) => one.right && one.rank === 1)) : null,
    lists,
  ];
}

function facts(data, question, entries) {
  const cell = (value, at) => [value(question.answers[at], entries[at])];
  const row = (name, value) => [name, ...LETTERS.map((_, at) => cell(value, at))];
  const titleOf = (key) => capital((data.costs.find((one) => one.key === key) || { title: "–" }).title);
  const best = (own) => own.find((one) => one.best);
  const ranked = (one) => (one.position === null ? `not among ${plain(one.read)}` : `rank ${plain(one.position)} of ${plain(one.read)}`);
  const rows = [row(data.headline, (one) => fixed(one.value)),
    ...(data.cutoffs.length > 1 ? data.cutoffs.map((k, c) => row(`k = ${k}`, (one) => fixed(one.m[c], 3))) : []),
    ...(data.costs.length ? [row("Costs most", (one) => titleOf(one.label))] : []),
    ...(data.track !== 1 && question.gold ? [row("Right video", ranked)] : []),
    ...(data.track !== 2 && question.gold
      ? [row("Best IoU", (_, own) => (best(own) ? `${fixed(best(own).iou, 2)}${data.track === 1 ? "" : ` at rank ${best(own).rank}`}` : "–"))]
      : [])];
  return make("section", { "aria-label": "Both answers" },
    table("Both answers", [["", ""], [mark("A"), ""], [mark("B"), ""]], rows, "both facts"),
    make("p", { class: "remark" }, `B − A: ${signed(question.difference)} of ${data.headline} · id `, foreign(plain(question.id))));
}

function rightVideo(data, question, own) {
  const [goldVideo, from, to] = question.gold;
  const right = data.videos[goldVideo] || { id: "–", duration: null, subtitles: [] };
  const gold = from === null ? null : { start: from, end: to };
  return make("section", { "aria-label": "Right video" },
    make("h4", null, "Right video ", make("span", { class: "video" }, videoLink(data, right.id, from))),
    legend(gold, own), gold || own.length ? timeline(right, gold, own) : null);
}

function legend(gold, own) {
  const key = (kind, text) => make("span", null, make("i", { class: `key ${kind}`, "aria-hidden": "true" }), text);
  const of = (letter) => {
    const spans = own.filter((one) => one.system === letter);
    if (!spans.length) return make("span", null, `${letter} names no span of this video`);
    return [spans.some((one) => one.best) ? key(`span best of-${letter}`, `best span of ${letter}`) : null,
      spans.some((one) => !one.best) ? key(`span of-${letter}`, `span of ${letter}, # is its rank`) : null];
  };
  return make("p", { class: "legend" }, gold ? key("gold", "gold span") : null, LETTERS.flatMap(of));
}

// What is said under the gold span, and under the best span of each (else under its first entry).
function excerpts(data, question, entries) {
  const [goldVideo, from, to] = question.gold;
  if (from === null) return null;
  const own = new Set(under((data.videos[goldVideo] || { subtitles: [] }).subtitles, from, to));
  const columns = [excerpt("Under the gold span", between(from, to), [...own], new Set())];
  for (const [at, letter] of LETTERS.entries()) {
    const chosen = entries[at].find((one) => one.best) || entries[at][0];
    if (!chosen || chosen.start === null) continue;
    const said = under((chosen.video || { subtitles: [] }).subtitles, chosen.start, chosen.end);
    const title = chosen.best ? `Under the best span of ${letter}, rank ${chosen.rank}`
      : `Under the first entry of ${letter}${chosen.right ? "" : ", a wrong video"}`;
    columns.push(excerpt(title, between(chosen.start, chosen.end), said, chosen.right ? own : new Set()));
  }
  return make("section", { class: "excerpts", "aria-label": "Subtitles" }, columns);
}

start();
