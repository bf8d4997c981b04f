// The page of the board: choose a track, filter, sort.

function start() {
  const data = JSON.parse(byId("payload").textContent);
  const asked = /(?:^|&)track=([123])(?:&|$)/.exec(location.hash.slice(1));
  const view = {
    track: asked && data.boards.some((one) => one.track === Number(asked[1])) ? Number(asked[1]) : (data.boards[0] || {}).track,
    filter: { text: "", ranked: false },
    order: { by: null, down: false },
  };

  function draw() {
    nameOfLanguage();
    byId("skip").textContent = word("skip");
    fill(byId("top"),
      make("div", { class: "head" },
        make("div", null, make("p", { class: "kicker" }, "cmivqa leaderboard"), make("h1", null, foreign(data.title))),
        languageSwitch(draw)),
      data.public ? null : make("p", { class: "notice", role: "note" }, word("organizers")));
    drawTracks();
    drawFilters();
    drawBoards();
    fill(byId("foot"), make("p", { class: "remark" }, word("ties")), make("p", { class: "remark" }, word("strictNote")),
      make("p", { class: "remark" }, word("made", data.kit)));
  }

  function drawTracks() {
    byId("tracks").setAttribute("aria-label", word("tracks"));
    fill(byId("tracks"), data.boards.map((one) => make("button", {
      type: "button", "aria-pressed": String(one.track === view.track), "data-track": one.track,
      on: { click: () => choose(one.track) },
    }, make("strong", null, word("track", one.track)), make("span", null, word(`task${one.track}`)))));
  }

  function choose(track) {
    view.track = track;
    view.order = { by: null, down: false };
    history.replaceState(null, "", `#${tag()}&track=${track}`);
    drawTracks();
    drawBoards();
    byId("tracks").querySelector(`[data-track="${track}"]`).focus();
  }

  function drawFilters() {
    const form = byId("filters");
    form.setAttribute("aria-label", word("filter"));
    const search = make("input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false",
      placeholder: word("searchHint"), on: { input: () => { view.filter.text = search.value; drawBoards(); } } });
    search.value = view.filter.text;
    const ranked = make("input", { type: "checkbox", id: "ranked",
      on: { change: () => { view.filter.ranked = ranked.checked; drawBoards(); } } });
    ranked.checked = view.filter.ranked;
    fill(form, make("label", { class: "search" }, word("search"), " ", search),
      make("label", { class: "check" }, ranked, " ", word("rankedOnly")),
      make("button", { type: "button", id: "clear", on: { click: () => {
        view.filter = { text: "", ranked: false };
        view.order = { by: null, down: false };
        drawFilters();
        drawBoards();
      } } }, word("clear")),
      make("p", { id: "shown", role: "status", "aria-live": "polite" }));
    form.onsubmit = (event) => event.preventDefault();
  }

  // All boards are there, for paper; on the screen the chosen one shows.
  function drawBoards() {
    const section = byId("board");
    fill(section, data.boards.map((one) => {
      const chosen = one.track === view.track;
      const rows = chosen ? matching(one.rows, view.filter) : one.rows;
      if (chosen) byId("shown").textContent = word("shown", rows.length, one.rows.length);
      return make("article", { class: chosen ? "chosen" : "other-track", "data-track": one.track, "aria-labelledby": `title-${one.track}` },
        make("h2", { id: `title-${one.track}` }, `${word("track", one.track)} · ${word(`task${one.track}`)}`),
        make("p", { class: "facts" }, factsOf(one).map((text) => make("span", null, foreign(text)))),
        one.smallest === null ? null : make("p", { class: "remark" }, word("smallest", fixed(one.smallest, 3))),
        one.rows.length === 0 ? make("p", { class: "remark" }, word("empty"))
          : rows.length === 0 ? make("p", { class: "remark" }, word("nothing"))
            : boardTable(one, rows, chosen ? view.order : {}, sort),
        refusedTable(one),
        one.signature ? make("p", { class: "signature" }, `${word("signature")}: `, foreign(one.signature)) : null);
    }));
  }

  function factsOf(one) {
    const ranked = one.rows.filter((row) => row.rank !== null).length;
    return [one.split, one.edition, word("questions", one.questions), word("videos", one.videos), word("ranked", ranked),
      word("rankedBy", one.headline)].filter(Boolean);
  }

  function sort(key) {
    view.order = view.order.by === key ? { by: key, down: !view.order.down } : { by: key, down: downFirst(key) };
    drawBoards();
    byId("board").querySelector(`.chosen [data-key="${key}"]`).focus();
  }

  draw();
}

readLanguage();
start();
