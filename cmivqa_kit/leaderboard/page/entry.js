// The page of one entry: its numbers, by language, its curve, where its points went.

function start() {
  const data = JSON.parse(byId("payload").textContent);

  function draw() {
    nameOfLanguage();
    byId("skip").textContent = word("skipEntry");
    fill(byId("top"),
      make("div", { class: "head" },
        make("div", null, make("p", { class: "kicker" }, make("a", { href: `${data.board}#${tag()}` }, word("back"))),
          make("h1", null, foreign(data.team)), make("p", { class: "facts" }, factsOf().map((one) => make("span", null, foreign(one))))),
        languageSwitch(draw)));
    fill(byId("entry"), data.tracks.map(trackSection), aboutSection());
    fill(byId("foot"), make("p", { class: "remark" }, word("strictNote")), make("p", { class: "remark" }, word("made", data.kit)));
  }

  const factsOf = () => [data.run, shortDate(data.received), data.standing ? word(data.standing) : null].filter((one) => one && one !== "–");

  function trackSection(one) {
    const title = `track-${one.track}`;
    return make("section", { class: "track", "aria-labelledby": title },
      make("h2", { id: title }, `${word("track", one.track)} · ${word(`task${one.track}`)}`),
      make("p", { class: "facts" }, [one.split, one.edition, one.rank === null ? word("unranked") : word("place", one.rank, one.of),
        word("answered", one.answered, one.questions)].map((text) => make("span", null, foreign(text)))),
      one.reasons.length ? make("p", { class: "notice" }, foreign(one.reasons.map(inWords).join("; "))) : null,
      make("div", { class: "pair" }, numbers(one), make("div", { class: "stacked" }, languages(one), curve(one), points(one))),
      one.timeline ? make("p", null, make("a", { href: one.timeline }, word("timeline"))) : null,
      make("p", { class: "signature" }, `${word("signature")}: `, foreign(one.signature)));
  }

  function numbers(one) {
    const columns = [[word("metric"), ""], [word("official"), "number"], [word("strictHead"), "number strong"], [word("interval", one.level), "number"]];
    const rows = one.metrics.map((metric) => [metric.name, metric.official === null ? "–" : fixed(metric.official, one.decimals),
      metric.strict === null ? "–" : fixed(metric.strict, one.decimals),
      metric.low === null ? "–" : `${fixed(metric.low, one.decimals)} – ${fixed(metric.high, one.decimals)}`]);
    return make("div", null, one.repaired ? make("p", { class: "remark" }, `${word("crashed")}: ${word("repaired")}`) : null,
      table(word("metric"), columns, rows, "numbers"));
  }

  function languages(one) {
    if (!one.languages.length) return null;
    const columns = [[word("language"), ""], [word("count"), "number"], [one.headline, "number strong"]];
    const rows = one.languages.map((row) => [foreign(row.name), grouped(row.n), fixed(row.value, one.decimals)]);
    return make("div", null, make("h3", null, word("languages")), table(word("languages"), columns, rows, "languages"),
      one.small ? make("p", { class: "remark" }, word("fewHidden")) : null);
  }

  // A curve over k as a row of bars: no script library, and its numbers are in the table above.
  function curve(one) {
    if (!one.curve.length) return null;
    const title = word(`curve${one.track}`);
    const marks = one.curve.map((value, at) => make("span", { class: "column", title: `k = ${at + 1}: ${fixed(value)}`,
      vars: { "--height": `${(100 * clamp(value, 0, 1)).toFixed(2)}%` } }));
    return make("figure", { class: "curve" }, make("figcaption", null, title),
      make("div", { class: "columns", role: "img", "aria-label": `${title}: ${fixed(one.curve[0], 3)} (k = 1), `
        + `${fixed(one.curve[one.curve.length - 1], 3)} (k = ${one.curve.length})` }, marks),
      make("div", { class: "axis", "aria-hidden": "true" }, make("span", null, "k = 1"), make("span", null, `k = ${one.curve.length}`)));
  }

  function points(one) {
    if (!one.classes.length) return null;
    const parts = [["hit", one.score, word("earned")],
      ...one.classes.map((part) => [`class-${part.at}`, part.share, inWords(part.title)])];
    const rows = parts.map(([name, share, title]) => [make("span", { class: "named" }, swatch(name), make("span", null, title)), fixed(share)]);
    return make("div", null, make("h3", null, word("points")), stackedBar(parts),
      table(word("points"), [["", ""], [one.headline, "number strong"]], rows, "classes"));
  }

  function aboutSection() {
    const facts = [["title", foreign(data.title)], ["method", foreign(data.method)], ["link", data.link ? outside(data.link) : foreign("")],
      ["hardware", foreign(data.hardware)], ["external", foreign(data.external_data)], ["received", foreign(data.received || "")],
      ...data.files.flatMap((file) => [["original", foreign(file.original)], ["digest", make("code", null, foreign(file.sha256))]])];
    return make("section", { "aria-labelledby": "about" }, make("h2", { id: "about" }, word("about")),
      make("dl", { class: "about" }, facts.filter(([, node]) => node.textContent)
        .flatMap(([key, node]) => [make("dt", null, word(key)), make("dd", null, node)])));
  }

  draw();
}

readLanguage();
start();
