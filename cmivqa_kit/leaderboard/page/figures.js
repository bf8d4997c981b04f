// Parts that both pages draw: an interval as a bar, links of teams, standings.

// The interval [low, high] and the value on a scale from 0 to `top`; the numbers stand beside it or in its title.
function intervalBar(low, high, value, top) {
  if (!isNumber(value)) return null;
  const at = (number) => `${(100 * clamp(number / top, 0, 1)).toFixed(2)}%`;
  const parts = isNumber(low) && isNumber(high)
    ? [make("span", { class: "reach", vars: { "--from": at(low), "--to": at(high) } })] : [];
  return make("span", { class: "bar", "aria-hidden": "true" }, parts,
    make("span", { class: "point", vars: { "--from": at(value) } }));
}

// The largest number that a bar of this board must hold; recalls and IoUs fill 1 at most, Overall 4.
const topOf = (rows) => Math.max(1e-9, ...rows.flatMap((row) => [row.high, row.strict].filter(isNumber)));

// Letters of tie groups: A ... Z, AA ...
function letter(group) {
  let name = "";
  for (let n = group; n > 0; n = Math.floor((n - 1) / 26)) name = String.fromCharCode(65 + ((n - 1) % 26)) + name;
  return name;
}

// A link of a team: only http and https are links (checked where the page is made, and here again).
function outside(address, text) {
  if (!/^https?:\/\/[^\s]+$/i.test(address || "")) return foreign(text || address || "");
  return make("a", { href: address, rel: "noopener noreferrer nofollow" }, foreign(text || address));
}

const shortDate = (text) => (text ? text.slice(0, 16).replace("T", " ") : "–");
