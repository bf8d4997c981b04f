// The table of one track: columns, order, filter.

// [key, heading, class, value of a row to sort by, cell of a row]
function columnsOf(board) {
  const top = topOf(board.rows);
  const columns = [
    ["rank", word("rank"), "number rank", (row) => row.rank, (row) => (row.rank === null ? "–" : String(row.rank))],
    ["tie", word("tie"), "tie", (row) => row.group, (row) => (row.group === null ? "" : letter(row.group))],
    ["team", word("team"), "team", (row) => row.team.toLocaleLowerCase(), teamCell],
  ];
  board.metrics.forEach((name, at) => columns.push([
    `metric-${at}`, name, `number${name === board.headline ? " strong" : " beside"}`,
    (row) => (row.official ? row.official[at] : null),
    (row) => (row.official ? fixed(row.official[at], board.decimals) : "–")]));
  columns.push(["strict", word("strict", board.headline), "interval", (row) => row.strict, (row) => strictCell(row, board, top)]);
  return columns;
}

const nameOf = (row) => (row.page
  ? make("a", { href: `${row.page}#${tag()}`, class: "name" }, foreign(row.team)) : make("span", { class: "name" }, foreign(row.team)));

function teamCell(row) {
  const name = nameOf(row);
  const notes = [row.run, row.standing ? word(row.standing) : null, row.repaired ? word("repaired") : null];
  return [name, row.title ? make("small", { class: "title" }, foreign(row.title)) : null,
    make("small", null, notes.filter(Boolean).join(" · ")),
    ...row.reasons.map((reason) => make("small", null, foreign(inWords(reason))))];
}

function strictCell(row, board, top) {
  if (!isNumber(row.strict)) return "–";
  const numbers = isNumber(row.low)
    ? `${fixed(row.strict, board.decimals)} [${fixed(row.low, board.decimals)}, ${fixed(row.high, board.decimals)}]`
    : fixed(row.strict, board.decimals);
  return [intervalBar(row.low, row.high, row.strict, top), make("span", { class: "numbers" }, numbers)];
}

// Rows as the board has them, or by a column; what a row does not have comes last whichever way.
function ordered(rows, order, columns) {
  const column = columns.find(([key]) => key === order.by);
  if (!column) return rows;
  const value = column[3];
  const lacks = (row) => value(row) === null || value(row) === undefined;
  return rows.map((row, at) => [row, at]).sort(([a, i], [b, j]) => {
    if (lacks(a) || lacks(b)) return lacks(a) - lacks(b) || i - j;
    const difference = typeof value(a) === "string" ? value(a).localeCompare(value(b)) : value(a) - value(b);
    return (order.down ? -difference : difference) || i - j;
  }).map(([row]) => row);
}

function matching(rows, filter) {
  const words = filter.text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => (!filter.ranked || row.rank !== null)
    && words.every((one) => [row.team, row.title, row.method].join("\n").toLocaleLowerCase().includes(one)));
}

// Numbers are first sorted from the best, names from the first letter, ranks from the first.
const downFirst = (key) => key === "strict" || key.startsWith("metric-");

function boardTable(board, rows, order, sort) {
  const columns = columnsOf(board);
  const head = columns.map(([key, title, kind]) => {
    const chosen = order.by === key;
    const direction = chosen ? (order.down ? "descending" : "ascending") : "none";
    return make("th", { scope: "col", class: kind, "aria-sort": direction, role: "columnheader" },
      make("button", { type: "button", class: "sort", "data-key": key, title: word("sortBy", title),
        on: { click: () => sort(key) } }, title,
        make("span", { class: "arrow", "aria-hidden": "true" }, chosen ? (order.down ? " ▼" : " ▲") : "")));
  });
  const body = ordered(rows, order, columns).map((row) => make("tr",
    { role: "row", class: [row.rank === null ? "aside" : "", row.group ? `group-${row.group % 2}` : ""].join(" ").trim() },
    columns.map(([key, title, kind, , cell]) => (key === "team"
      ? make("th", { scope: "row", class: kind, role: "rowheader" }, cell(row))
      : make("td", { class: kind, role: "cell", "data-title": title }, cell(row))))));
  return make("table", { class: "board", role: "table" }, make("caption", { class: "unseen" }, word("board", board.track)),
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, head)), make("tbody", { role: "rowgroup" }, body));
}

// What is not on the board, with the reason: never dropped in silence.
function refusedTable(board) {
  if (!board.refused.length) return null;
  const columns = [[word("team"), "team"], [word("run"), ""], [word("reason"), ""]];
  const rows = board.refused.map((one) => [nameOf(one), foreign(one.run),
    make("ul", { class: "reasons" }, one.reasons.map((reason) => make("li", null, foreign(inWords(reason)))))]);
  return make("section", { "aria-labelledby": `refused-${board.track}` },
    make("h3", { id: `refused-${board.track}` }, word("refused")),
    make("p", { class: "remark" }, word("refusedNote")), table(word("refused"), columns, rows, "refused"));
}
