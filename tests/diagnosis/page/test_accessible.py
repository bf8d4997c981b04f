"""By keyboard alone, at 400 px, light and dark, with text that can be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from cmivqa_kit.static_page import shared_part
from tests.diagnosis.page.conftest import Opened, expect, starting
from tests.diagnosis.page.made import hostile, payload

Visit = Callable[..., Opened]

# Every visible text with the contrast to what lies under it; texts too faint are returned.
FAINT = """() => {
  const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return [n[0], n[1], n[2], n[3] ?? 1]; };
  const over = (top, low) => [0, 1, 2].map((i) => top[i] * top[3] + low[i] * (1 - top[3])).concat(1);
  const light = (colour) => {
    const [r, g, b] = colour.map((one) => one / 255)
      .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    if (!element) return parse(getComputedStyle(document.body).backgroundColor);
    const own = parse(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, ground(element.parentElement));
  };
  const faint = [];
  let seen = 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility() || element.closest("script")) continue;
    const style = getComputedStyle(element);
    const under = ground(element);
    const [a, b] = [light(over(parse(style.color), under)), light(under)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    seen += 1;
    if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5))
      faint.push(`${element.className}: ${walk.currentNode.data.slice(0, 30)}`);
  }
  return [seen, faint];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(visit: Visit, scheme: str) -> None:
    opened = visit(payload(), color_scheme=scheme)
    page = opened.page
    opened.unfold()
    page.click('[data-label="boundary"]')
    page.click(".entries .more")
    page.hover(".bar.gold")
    expect(page.locator(".readout").first).to_have_text(starting("Gold span"))
    seen, faint = page.evaluate(FAINT)
    assert seen > 300
    assert faint == []


def test_light_and_dark_differ(visit: Visit) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page = visit(payload(5), color_scheme=scheme).page
        grounds.append(page.evaluate("['backgroundColor', 'color'].map((one) => getComputedStyle(document.body)[one])"))
    (light_ground, light_ink), (dark_ground, dark_ink) = grounds
    assert light_ground != dark_ground
    assert light_ink != dark_ink
    assert luminance(light_ground) > 0.8 > 0.1 > luminance(dark_ground)


def luminance(colour: str) -> float:
    """Of ``#rrggbb`` or ``rgb(r, g, b)``, by WCAG 2."""
    if colour.startswith("#"):
        parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    else:
        parts = [int(one) for one in re.findall(r"\d+", colour)[:3]]
    linear = [one / 255 / 12.92 if one <= 10 else ((one / 255 + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_bars_and_swatches_stand_out() -> None:
    text = shared_part("base.css")
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", part)) for part in text.split("@media", 2)[:2])
    for scheme in (light, dark):
        for name in ("hit", "class-0", "class-1", "class-2", "class-3", "gold", "span", "best", "strong-edge", "link"):
            for ground in ("page", "card"):
                a, b = sorted((luminance(scheme[name]), luminance(scheme[ground])), reverse=True)
                assert (a + 0.05) / (b + 0.05) >= 3, (name, ground)


@pytest.mark.parametrize("make", [payload, hostile])
def test_nothing_scrolls_sideways(visit: Visit, make: Callable[[], dict[str, Any]]) -> None:
    made = make()
    made["videos"][0]["id"] += "x" * 300
    made["questions"][0] |= {"text": "无" * 200 + "w" * 300}
    made["submission"] = "s" * 300 + made["submission"]
    opened = visit(made, width=400)
    page = opened.page
    for _ in range(3):
        opened.unfold()
        page.evaluate("document.querySelector('.entries .more').click()")
        for width in (400, 320, 900):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(OUTSIDE) == []
        opened.next()


# Texts that are cut off at the right: without scrolling sideways they would not be seen at all.
OUTSIDE = """[...document.querySelectorAll('h1, h3, p, td, th, dd, li, summary, button:not(.bar)')].filter((one) =>
  one.checkVisibility() && !one.closest('.unseen') && getComputedStyle(one).position !== 'absolute'
  && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.textContent.slice(0, 40))"""


def test_languages_are_marked(visit: Visit) -> None:
    opened = visit(payload())
    page = opened.page
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#question-title bdi")).to_have_attribute("lang", "en")
    opened.next()
    expect(page.locator("#question-title bdi")).to_have_attribute("lang", "zh")
    expect(page.locator(".excerpt li bdi >> nth=0")).to_have_attribute("lang", "zh")


def test_every_tab_stop_shows_the_focus_and_none_is_a_trap(visit: Visit) -> None:
    opened = visit(payload())
    stops = []
    for _ in range(80):
        opened.press("Tab")
        if opened.focused == "BODY" or opened.focused == "body" or (stops and opened.focused == "skip"):
            break
        stops.append(opened.focused)
        outline = opened.page.evaluate(
            "(({outlineStyle, outlineWidth}) => [outlineStyle, parseFloat(outlineWidth)])"
            "(getComputedStyle(document.activeElement))"
        )
        assert outline[0] != "none" and outline[1] >= 2, opened.focused
    assert len(stops) < 80
    assert stops[0] == "skip"
    order = [stops.index(name) for name in ("id", "chip", "search", "language", "order", "list", "next", "bar gold")]
    assert order == sorted(order)
    named = opened.page.evaluate(
        "[...document.querySelectorAll('button, input, select, [role=listbox], [role=toolbar]')].filter((one) =>"
        " !(one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.length)).length"
    )
    assert named == 0


def test_the_questions_by_keyboard_alone(visit: Visit) -> None:
    opened = visit(payload())
    page = opened.page
    opened.press("Tab", "Enter")  # the skip link
    opened.focuses("questions")
    opened.press("Tab", "Tab", "Tab", "Enter")  # the third label, ranked low
    opened.shows("6 of 30 shown")
    expect(page.locator("#shown")).to_have_attribute("aria-live", "polite")
    opened.press("Space")
    opened.shows("30 of 30 shown")
    page.focus("#list")
    for keys, number in (
        (["Home"], 0), (["ArrowDown"], 1), (["j"], 2), (["k"], 1), (["ArrowUp", "ArrowUp"], 0), (["End"], 29),
        (["Home"], 0), (["PageDown", "PageUp"], 0),
    ):  # fmt: skip
        opened.press(*keys)
        expect(page.locator("#list")).to_have_attribute("aria-activedescendant", f"row-{number}")
        expect(page.locator(f"#row-{number}")).to_have_attribute("aria-selected", "true")
        expect(page.locator("#question-title")).to_contain_text(str(number))
    opened.press("Enter")
    opened.focuses("question-title")
    opened.press("j")
    opened.heads("第1个")
    opened.focuses("question-title")
    opened.press("Escape")
    opened.focuses("list")
    page.focus("#search")
    page.keyboard.type("jk")
    expect(page.locator("#search")).to_have_value("jk")
    assert opened.complaints == []


def test_the_timeline_by_keyboard(visit: Visit) -> None:
    opened = visit(payload())
    page = opened.page
    page.focus("#list")
    opened.press("Enter", "Tab")
    opened.focuses("bar gold")
    readout = page.locator(".readout").first
    expect(readout).to_have_text(starting("Gold span: 0:20.0 – 0:40.0, 20.0 s"))
    opened.press("ArrowDown")
    expect(readout).to_have_text(starting("Rank 1, best span: 0:20.0 – 0:38.0"))
    opened.press("ArrowUp", "ArrowUp")
    opened.focuses("bar line")
    opened.press("Home")
    expect(readout).to_have_text(starting("0:00.0 – 0:04.5 press down firmly"))
    opened.press("ArrowRight")
    expect(readout).to_have_text(starting("0:05.0"))
    opened.press("End", "ArrowRight")
    expect(readout).to_have_text(starting("1:55.0"))
    expect(page.locator("#question .plot >> nth=0").locator('[tabindex="0"]')).to_have_count(1)
    opened.press("Escape")
    opened.focuses("list")


def test_little_motion_and_paper(visit: Visit) -> None:
    page = visit(payload(), reduced_motion="reduce").page
    assert page.evaluate("getComputedStyle(document.querySelector('.chip')).transitionDuration") == "0s"
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("details:not([open])")).to_have_count(0)
    expect(page.locator("#list")).to_be_hidden()
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.locator("#question .plot >> nth=0")).to_be_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("details:not([open])")).not_to_have_count(0)
