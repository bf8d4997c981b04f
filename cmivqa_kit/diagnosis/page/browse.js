// The list, the filters, the question in view, and the keys.

const HEADING = "question-title";

// `view` says what differs between pages: `fillRow` and `swatchOf` and `orders` as of the list and its filters, and
// `show(question, headingId)`, the question itself.
function browse(data, view) {
  const article = byId("question");
  const list = new QuestionList(byId("list"), data, view.fillRow, (index) => {
    const inside = article.contains(document.activeElement);
    if (index === null) {
      article.removeAttribute("aria-labelledby");
      fill(article, make("p", { class: "remark" }, "No question matches. “Clear” shows all again."));
    } else {
      article.setAttribute("aria-labelledby", HEADING);
      fill(article, ...view.show(data.questions[index], HEADING));
    }
    if (inside) enter();
  });
  const filters = new Filters(data, view.swatchOf, view.orders, () => refresh());

  function refresh() {
    list.show(filters.apply());
    const [some, all] = [list.shown.length, data.questions.length].map((one) => one.toLocaleString("en"));
    byId("shown").textContent = `${some} of ${all} shown`;
    steps();
  }

  function steps() {
    byId("place").textContent = list.at < 0 ? "" : `${list.at + 1} of ${list.shown.length}`;
    byId("previous").setAttribute("aria-disabled", String(list.at <= 0));
    byId("next").setAttribute("aria-disabled", String(list.at >= list.shown.length - 1));
  }

  function go(to) {
    list.move(to);
    steps();
  }

  // Into the question: the focus goes to its heading, and the page scrolls there where it lies below the list.
  function enter() {
    (byId(HEADING) || article).focus();
  }

  // A question by its id, whatever the filters say.
  function find(id) {
    const index = data.questions.findIndex((one) => JSON.stringify(one.id) === id);
    if (index < 0) return;
    if (!list.shown.includes(index)) {
      filters.clear();
      refresh();
    }
    go(list.shown.indexOf(index));
    enter();
  }

  const page = () => Math.max(1, Math.floor(byId("list").clientHeight / list.rowHeight) - 1);
  const inList = {
    ArrowDown: () => go(list.at + 1), ArrowUp: () => go(list.at - 1), PageDown: () => go(list.at + page()),
    PageUp: () => go(list.at - page()), Home: () => go(0), End: () => go(list.shown.length - 1), Enter: enter,
  };
  const inBrowser = { j: () => go(list.at + 1), k: () => go(list.at - 1) };
  byId("browser").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const back = event.key === "Escape" && byId("reading").contains(event.target) ? () => byId("list").focus() : null;
    const act = (event.target === byId("list") && inList[event.key]) || inBrowser[event.key] || back;
    if (!act) return;
    event.preventDefault();
    act();
  });
  byId("list").addEventListener("click", () => {
    steps();
    if (matchMedia("(max-width: 55rem)").matches) enter();
  });
  byId("previous").addEventListener("click", () => go(list.at - 1));
  byId("next").addEventListener("click", () => go(list.at + 1));

  // On paper nothing can be opened, so all of the overview is.
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const one of closed) one.open = true;
  });
  window.addEventListener("afterprint", () => { for (const one of closed) one.open = false; });

  refresh();
  return find;
}
