// What a list names: its videos, linked at their second, its entries as a table, the subtitles under a span.

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

// The lines under a span; those in `both` stand under another span too.
function excerpt(title, times, found, both) {
  const rows = found.map((line) => make("li", { class: both.has(line) ? "both" : null },
    make("span", { class: "time" }, clock(line[0])), foreign(line[2]),
    both.has(line) ? make("span", { class: "unseen" }, " (in both)") : null));
  return make("div", { class: "excerpt" },
    make("h4", null, title, " ", make("span", { class: "times" }, times)),
    rows.length ? make("ol", { tabindex: rows.length > 4 ? "0" : null, "aria-label": title }, rows)
      : make("p", { class: "remark" }, "No subtitles there."));
}

// The first wrong videos of a list, each on its own timeline, drawn when opened; the first is, where `open` says so.
function wrongVideos(entries, open) {
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
    const ranks = spans.slice(0, 4).map((one) => nameOf(one)).join(" ") + (spans.length > 4 ? " …" : "");
    const first = at === 0 && open;
    if (first) draw();
    return make("details", { open: first, on: { toggle: draw } },
      make("summary", null, make("span", { class: "ranks" }, ranks), " ", foreign(spans[0].video.id)), body);
  });
  return make("section", { class: "wrong", "aria-label": "Wrong videos" },
    make("h4", null, "First wrong videos"), blocks);
}

// `unseen` is how many entries of the list do not stand in the page.
function list(data, title, entries, unseen = 0) {
  if (!entries.length) return make("p", { class: "remark" }, "No entry: the question was not answered.");
  const row = (one) => ({
    kind: one.right ? "is-right" : null,
    cells: [`${one.rank}`,
      [one.name === "" ? make("span", { class: "remark" }, "an entry that can match nothing") : videoLink(data, one.name, one.start),
        one.right ? make("span", { class: "tag" }, "right video") : null],
      one.name === "" || one.start === null ? ""
        : [between(one.start, one.end), make("small", null, `${plain(one.start)} – ${plain(one.end)}\u00a0s`)],
      one.iou === null ? "" : fixed(one.iou, 2)],
  });
  const columns = [["Rank", "number rank"], ["Video", "wide"], ["Span", "number times"], ["IoU", "number"]];
  const holder = make("section", { class: "entries", "aria-label": title }, make("h4", null, title));
  const draw = (shown) => {
    const all = () => {
      draw(entries);
      holder.querySelector("table").focus();
    };
    const more = shown.length === entries.length ? null
      : make("button", { type: "button", class: "more", on: { click: all } }, `Show all ${entries.length} entries`);
    const drawn = table("Entries, best first", columns, shown.map(row), "list");
    drawn.tabIndex = -1;
    const rest = unseen > 0 && !more ? make("p", { class: "remark" }, `${count(unseen, "other entry").replace("entrys", "entries")} of this list not shown.`) : null;
    fill(holder, holder.firstChild, drawn, more, rest);
  };
  draw(entries.length <= FIRST + 2 ? entries : entries.slice(0, FIRST));
  return holder;
}
