// The page of one system, put together.

function start() {
  const data = JSON.parse(byId("payload").textContent);
  showHeader(data);
  showOverview(data);
  const find = browse(data, {
    fillRow: (question) => rowOf(data, question),
    swatchOf: (key) => swatch(fillOf(data, key)),
    orders: [["file", "as in the file", null], ["worst", "worst first", (a, b) => a.score - b.score],
      ["best", "best first", (a, b) => b.score - a.score]],
    show: (question, headingId) => showQuestion(data, question, headingId),
  });
  byId("overview").addEventListener("click", (event) => {
    const button = event.target.closest("button.id");
    if (button) find(button.dataset.id);
  });
}

function rowOf(data, question) {
  const rank = data.track === 1 ? "" : isNumber(question.position) ? `rank ${question.position}` : "no rank";
  const label = data.labels.find((one) => one.key === question.label);
  return [swatch(fillOf(data, question.label)), ...rowText(question, label ? label.title : ""),
    make("span", { class: "value" }, fixed(question.score, 3), make("small", null, rank))];
}

start();
