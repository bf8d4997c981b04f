// The one-minute view: the score, what each class takes of it, what if, warnings, groups.

// The name under which a class is styled: by its place, so that Track 1 and Track 3 share the four colours.
function fillOf(data, key) {
  const at = data.classes.findIndex((one) => one.key === key);
  return at < 0 ? "hit" : `class-${at}`;
}

function showHeader(data) {
  const facts = [`Track ${data.track}`, data.split, data.edition, count(data.questions.length, "question")];
  if (data.made_by) facts.push(`made by ${data.made_by}`);
  fill(byId("top"),
    make("p", { class: "kicker" }, "cmivqa diagnose"),
    make("h1", null, foreign(data.submission)),
    data.organizers_only ? make("p", { class: "notice", role: "note" },
      "For organizers only: the right videos and spans of a split whose answers are held stand in this page. "
      + "For a team, write it with --public.") : null,
    make("p", { class: "facts" }, facts.map((one) => make("span", null, foreign(one)))));
}

function showOverview(data) {
  fill(byId("overview"),
    make("div", { class: "hero" }, scoreBlock(data), lossBlock(data)),
    make("aside", { class: "todo", "aria-labelledby": "todo-title" },
      make("h2", { id: "todo-title" }, "What to do next"), make("p", null, foreign(data.next))),
    make("div", { class: "pair" }, whatIf(data), warnings(data)),
    data.calibration ? calibration(data.calibration) : null,
    data.groups.length ? groups(data) : null,
    (data.remarks || []).map((one) => make("p", { class: "remark" }, foreign(one))),
    make("p", { class: "signature" }, make("span", { class: "unseen" }, "Signature: "), foreign(data.signature)));
}

function scoreBlock(data) {
  const official = data.official === null || data.official === undefined ? null
    : make("p", { class: "beside" }, `official ${fixed(data.official)}`);
  return make("div", { class: "score" },
    make("p", { class: "label" }, `${data.headline}, strict`),
    make("p", { class: "figure" }, fixed(data.score)),
    official,
    make("p", { class: "beside" }, `${fixed(1 - data.score)} lost`));
}

// Classes in which nothing can be lost (ranked low, where the video is given) would only be noise.
const shownClasses = (data) =>
  data.classes.map((one, at) => ({ ...one, at })).filter((one) => data.track !== 1 || one.key !== "ranked-low");

// What is earned, then the classes, as parts of a bar.
const stack = (score, shares) => stackedBar([["hit", score], ...shares.map((share, at) => [`class-${at}`, share])]);

function lossBlock(data) {
  const bar = stack(data.score, data.classes.map((one) => one.share));
  const several = data.cutoffs.length > 1;
  const columns = [["Where 1.0 goes", ""], [data.headline, "number strong"],
    ...(several ? data.cutoffs.map((k) => [`k\u00a0=\u00a0${k}`, "number cut"]) : []), ["Questions", "number"]];
  const won = data.cutoffs.map((_, c) => 1 - data.classes.reduce((sum, one) => sum + one.by_cutoff[c], 0));
  const hits = data.questions.filter((one) => one.score > 0).length;
  const row = (name, title, share, values, questions) =>
    [make("span", { class: "named" }, swatch(name), make("span", null, title)), fixed(share),
      ...(several ? values.map((one) => fixed(one, 3)) : []), plain(questions)];
  const rows = [row("hit", "Earned", data.score, won, hits),
    ...shownClasses(data).map((one) =>
      row(`class-${one.at}`, capital(one.title), one.share, one.by_cutoff, one.questions))];
  return make("div", { class: "loss" }, bar, table("The score and the loss by class", columns, rows, "classes"),
    make("details", { class: "defined" }, make("summary", null, "How the classes are defined"),
      make("dl", null, shownClasses(data).flatMap((one) =>
        [make("dt", null, capital(one.title)), make("dd", null, one.formula)])),
      make("p", null, `Each class takes the part of 1 − ${data.headline} that its formula says, averaged over `
        + `questions${several ? " and cut-offs k" : ""}; with what is earned they add up to 1. A question may lose to `
        + "several classes. m is the best IoU within the first k entries, p the position of the right video.")));
}

function whatIf(data) {
  if (!data.oracles.length && !data.prior.length) return null;
  const several = data.oracles.length > 0 && data.cutoffs.length > 1;
  const columns = [["", ""], ...(several ? data.cutoffs.map((k) => [`k\u00a0=\u00a0${k}`, "number cut"]) : []),
    [data.headline, "number strong"], ["Change", "number"]];
  const row = (title, note, values, average) => [
    [make("span", null, capital(title)), note ? make("small", null, foreign(note)) : null],
    ...(several ? values.map((one) => (one === null ? "" : fixed(one, 3))) : []),
    fixed(average), isNumber(average) ? signed(average - data.score) : ""];
  const rows = [...data.oracles.map((one) => row(one.title, one.note, one.values, one.average)),
    ...data.prior.map((one) => row(one.title, "", data.cutoffs.map(() => null), one.value))];
  return make("section", { "aria-labelledby": "if-title" },
    make("h2", { id: "if-title" }, "What if"), table("Scores under assumptions", columns, rows, "what-if"));
}

// Each warning with the ids it is about; a click on one shows that question (`main.js`).
function warnings(data) {
  if (!data.warnings.length) return null;
  const items = data.warnings.map((one) => {
    const rest = (one.questions || 0) - one.ids.length;
    const ids = one.ids.map((id) =>
      make("button", { type: "button", class: "id", "data-id": JSON.stringify(id) }, foreign(id)));
    return make("li", null,
      make("p", null, make("strong", { class: "code" }, foreign(one.code)), " ", foreign(one.message)),
      one.fix ? make("p", { class: "fix" }, foreign(one.fix)) : null,
      ids.length ? make("p", { class: "ids" }, "Questions ", ids,
        rest > 0 ? ` and ${rest.toLocaleString("en")} more` : null) : null);
  });
  return make("section", { "aria-labelledby": "warnings-title" },
    make("h2", { id: "warnings-title" }, "Warnings"), make("ul", { class: "warnings" }, items));
}

// What the run expected of its first answers against what came: on the diagonal both are the same.
function calibration(one) {
  const point = (group) => make("span", { class: "point", vars: { "--x": group.expected, "--y": group.real } });
  const plot = make("div", { class: "plot", "aria-hidden": "true" },
    make("span", { class: "diagonal" }), one.groups.map(point),
    make("span", { class: "axis across" }, "expected IoU, 0 to 1"), make("span", { class: "axis up" }, "real IoU"));
  const columns = [["Questions", ""], ["Expected IoU", "number"], ["Real IoU", "number strong"]];
  const rows = one.groups.map((group) => [plain(group.n), fixed(group.expected), fixed(group.real)]);
  return make("section", { class: "calibration", "aria-labelledby": "calibration-title" },
    make("h2", { id: "calibration-title" }, "Does it know how good its answers are?"),
    make("p", { class: "remark" }, `Of ${count(one.questions, "first answer")} the run expected a mean IoU of `
      + `${fixed(one.expected)}; it is ${fixed(one.real)}. Mean distance of the groups: ${fixed(one.error)}.`),
    make("div", { class: "beside-plot" }, plot,
      table("Expected and real IoU of first answers, in groups of equal size", columns, rows, "expected")));
}

function groups(data) {
  const shown = shownClasses(data);
  const columns = () => [["", ""], ["n", "number"], [data.headline, "number strong"], ["", "mini"],
    ...shown.map((one) =>
      [[swatch(`class-${one.at}`), make("span", { class: "long" }, capital(one.title))], "number share"])];
  const blocks = data.groups.map((group, at) => {
    const rows = group.rows.map((row) => [
      foreign(row.name), `${plain(row.n)}${row.small ? " *" : ""}`, fixed(row.score),
      stack(row.score, row.shares),
      ...shown.map((one) => fixed(row.shares[one.at], 3))]);
    const small = group.rows.some((row) => row.small)
      ? make("p", { class: "remark" }, "* few questions: says next to nothing") : null;
    return make("details", { class: "group", open: at === 0 },
      make("summary", null, `By ${group.title}`), table(`By ${group.title}`, columns(), rows, "groups"), small);
  });
  return make("section", { "aria-labelledby": "groups-title" }, make("h2", { id: "groups-title" }, "By group"), blocks);
}
