"""The page of two systems in Chromium: order and filters, both on one timeline, keys, contrast, narrow screens."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.diagnosis.page.conftest import Opened, expect, starting
from tests.diagnosis.page.made import EVIL, hostile, pair_payload, payload
from tests.diagnosis.page.test_accessible import FAINT, OUTSIDE

Visit = Callable[..., Opened]


def test_what_differs_most_comes_first_and_both_stand_on_one_timeline(visit: Visit) -> None:
    made = pair_payload(payload(10))
    made["videos"][4]["id"] = "Ar-iCq292_m"
    opened = visit(made)
    page = opened.page
    assert page.title() == "submission.json / other.json – cmivqa diagnose"
    expect(page.locator(".figure")).to_have_text(["0.3133", "0.6667"])
    differences = [
        float(text.split("\n")[0].replace("−", "-")) for text in page.locator("#list .value").all_inner_texts()
    ]
    assert [abs(one) for one in differences] == sorted(map(abs, differences), reverse=True)
    page.select_option("#order", "file")
    page.locator("#list [role=option]").nth(4).click()  # A: 30 to 50 s, B: 24 to 44 s, gold 20 to 40 s, of 120 s
    opened.heads("Question 4:")
    expect(page.locator(".facts.both")).to_contain_text("Boundary error")
    boxes = {
        name: page.locator(f"#question .plot {kind}").first.bounding_box()
        for name, kind in (("track", ".track"), ("gold", ".gold"), ("a", ".span.of-A"), ("b", ".span.of-B"))
    }
    track = boxes["track"]
    reading = page.locator("#reading").bounding_box()
    assert track is not None and reading is not None
    assert track["width"] > 0.8 * reading["width"]
    for name, start in (("gold", 20), ("a", 30), ("b", 24)):
        box = boxes[name]
        assert box is not None
        assert (box["x"] - track["x"]) / track["width"] == pytest.approx(start / 120, abs=0.004)
        assert box["width"] / track["width"] == pytest.approx(20 / 120, abs=0.006)
    expect(page.locator("#question .plot").first.locator(".name")).to_have_text(["text", "gold", "A#1", "B#1"])
    page.hover("#question .bar.of-B")
    expect(page.locator("#question .readout").first).to_contain_text(
        "B, rank 1, best span: 0:24.0 – 0:44.0, 20.0 s, IoU 0.67"
    )
    expect(page.locator("h4 .video a")).to_have_attribute("href", "https://www.youtube.com/watch?v=Ar-iCq292_m&t=20s")
    link = page.locator(".lists a").last
    expect(link).to_have_attribute("href", "https://www.youtube.com/watch?v=Ar-iCq292_m&t=24s")
    assert opened.requests == [page.url]
    assert opened.complaints == []


def test_filters_and_keys(visit: Visit) -> None:
    opened = visit(pair_payload(payload(10)))
    page = opened.page
    page.click('[data-label="a-better"]')
    opened.shows("2 of 10 shown")
    page.click("#reset")
    opened.shows("10 of 10 shown")
    page.select_option("#order", "a")
    expect(page.locator("#list .value").first).to_have_text(starting("−0.233"))
    page.focus("#list")
    opened.press("j", "Enter")
    opened.focuses("question-title")
    opened.press("Escape")
    opened.focuses("list")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast_and_nothing_scrolls_sideways(visit: Visit, scheme: str) -> None:
    opened = visit(pair_payload(hostile()), color_scheme=scheme, width=400)
    page = opened.page
    for _ in range(2):
        opened.unfold()
        for width in (400, 320, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(OUTSIDE) == []
        opened.next()
    seen, faint = page.evaluate(FAINT)
    assert seen > 100
    assert faint == []


def test_hostile_text_is_shown_and_does_nothing(visit: Visit) -> None:
    opened = visit(pair_payload(hostile()))
    page = opened.page
    literal = EVIL.replace("\u2028", " ").replace("\u2029", " ")
    for _ in range(12):
        assert literal in page.evaluate("document.getElementById('question').textContent")
        opened.next()
    for name in ("top", "overview"):
        assert literal in page.evaluate(f"document.getElementById('{name}').textContent")
    expect(page.locator("script")).to_have_count(2)
    expect(page.locator("#question img, #list img, header img, [onmouseover]")).to_have_count(0)
    assert opened.requests == [page.url]
    assert opened.complaints == []


def test_lists_without_spans_and_a_page_for_the_public(visit: Visit) -> None:
    """Track 2: nothing to draw where neither truth nor lists have times."""
    made = pair_payload(payload(2)) | {"track": 2, "headline": "Overall", "cutoffs": [], "costs": []}
    for row in made["questions"]:
        row["gold"] = [row["gold"][0], None, None]
        for one in row["answers"]:
            one |= {"m": [], "label": None, "entries": [[*entry[:3], None, None] for entry in one["entries"]]}
    opened = visit(made)
    expect(opened.page.locator(".facts.both")).to_contain_text("rank 1 of 10")
    expect(opened.page.locator("#question .timeline")).to_have_count(0)
    told = pair_payload(payload(2)) | {"public": True}
    for row in told["questions"]:
        row["gold"] = None
        for one in row["answers"]:
            one["position"] = None
    again = visit(told)
    expect(again.page.locator("#question")).to_contain_text("do not stand in this page")
    expect(again.page.locator("#question .tag, #question .timeline")).to_have_count(0)
    assert opened.complaints == again.complaints == []
