"""In real Chromium, from a file: nothing is requested or complained of; filters, search, order and keys work."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.chromium import missing
from tests.diagnosis.page.conftest import Opened, expect, starting
from tests.diagnosis.page.made import EVIL, hostile, payload

Visit = Callable[..., Opened]


def test_it_opens_without_a_request_or_a_complaint(visit: Visit) -> None:
    opened = visit(payload())
    page = opened.page
    assert opened.requests == [page.url]
    assert page.url.startswith("file://")
    assert page.title() == "submission.json – cmivqa diagnose"
    expect(page.locator(".figure")).to_have_text("0.3133")
    opened.shows("30 of 30 shown")
    expect(page.locator(".warnings li")).to_have_count(1)
    expect(page.locator("details.group")).to_have_count(2)
    for label in page.locator(".chip").all():
        label.click()
    page.click("#reset")
    page.click("#next")
    for _ in range(30):
        opened.next()
    page.click(".entries .more")
    expect(page.locator(".entries tbody tr")).to_have_count(50)
    expect(page.locator("#place")).to_have_text("30 of 30")
    assert opened.requests == [page.url]
    assert opened.complaints == []


def test_the_bar_and_its_table_hold_the_decomposition(visit: Visit) -> None:
    page = visit(payload()).page
    cells = page.locator(".classes tbody td:nth-child(2)").all_inner_texts()
    assert len(cells) == 5
    assert sum(map(float, cells)) == pytest.approx(1, abs=3e-4)
    widths = page.evaluate("[...document.querySelectorAll('.loss .stack > *')].map((one) => one.offsetWidth)")
    room = sum(widths)
    assert [width / room for width in widths] == pytest.approx([float(cell) for cell in cells], abs=0.01)


def test_what_was_expected_is_drawn_where_a_run_kept_it(visit: Visit) -> None:
    groups = [{"n": 15, "expected": 0.25, "real": 0.5}, {"n": 15, "expected": 0.75, "real": 0.5}]
    kept = {"questions": 30, "expected": 0.5, "real": 0.5, "error": 0.25, "groups": groups}
    opened = visit({**payload(), "calibration": kept})
    expect(opened.page.locator(".expected tbody tr")).to_have_count(2)
    middles = opened.page.evaluate("""() => {
      const box = document.querySelector(".plot").getBoundingClientRect();
      return [...document.querySelectorAll(".plot .point")].map((one) => {
        const at = one.getBoundingClientRect();
        return [(at.x + at.width / 2 - box.x) / box.width, (box.bottom - at.y - at.height / 2) / box.height];
      });
    }""")
    assert [value for middle in middles for value in middle] == pytest.approx([0.25, 0.5, 0.75, 0.5], abs=0.02)
    assert opened.complaints == []
    expect(visit(payload()).page.locator(".calibration")).to_have_count(0)


def test_labels_language_and_search_filter(visit: Visit) -> None:
    opened = visit(payload())
    page = opened.page
    page.click('[data-label="ranked-low"]')
    opened.shows("6 of 30 shown")
    expect(page.locator('[data-label="ranked-low"]')).to_have_attribute("aria-pressed", "true")
    opened.heads("Question 2:")  # the chosen one was filtered away: the first that is left
    page.click('[data-label="hit"]')
    opened.shows("12 of 30 shown")
    page.select_option("#language", "zh")
    opened.shows("6 of 30 shown")
    expect(page.locator('[data-label="hit"] .n')).to_have_text("3")
    page.fill("#search", "第7个")
    opened.shows("1 of 30 shown")
    expect(page.locator("#list .asked")).to_have_text(["第7个问题：冲击腹部时应该注意什么？"])
    page.fill("#search", "nowhere")
    opened.shows("0 of 30 shown")
    expect(page.locator("#question")).to_contain_text("No question matches")
    page.click("#reset")
    opened.shows("30 of 30 shown")
    page.fill("#search", "VIDEO-03")  # the id of the right video, in any case
    opened.shows("3 of 30 shown")
    page.fill("#search", "bandage  question")  # every word, in any order
    opened.shows("15 of 30 shown")
    expect(page.locator("#reset")).to_be_enabled()
    assert opened.complaints == []


def test_order(visit: Visit) -> None:
    opened = visit(payload())
    page = opened.page
    page.select_option("#order", "worst")
    expect(page.locator("#list .value").first).to_have_text(starting("0.000"))
    scores = [float(one.split("\n")[0]) for one in page.locator("#list .value").all_inner_texts()]
    assert scores == sorted(scores)
    page.select_option("#order", "best")
    expect(page.locator("#list .value").first).to_have_text(starting("0.900"))


def test_a_question_shows_its_spans_where_they_are(visit: Visit) -> None:
    opened = visit(payload())
    page = opened.page
    opened.page.locator("#list [role=option]").nth(4).click()  # boundary: 30 to 50 s, gold 20 to 40 s, of 120 s
    opened.heads("Question 4:")
    expect(page.locator(".verdict")).to_contain_text("1 of 50")
    expect(page.locator(".verdict")).to_contain_text("0.33 at rank 1")
    boxes = {
        name: page.locator(f"#question .plot .{name}").first.bounding_box()
        for name in ("track", "gold", "span", "band")
    }
    track, reading = boxes["track"], page.locator("#reading").bounding_box()
    assert track is not None and reading is not None
    assert track["width"] > 0.8 * reading["width"]
    for name, start, end in (("gold", 20, 40), ("span", 30, 50), ("band", 20, 40)):
        box = boxes[name]
        assert box is not None
        assert (box["x"] - track["x"]) / track["width"] == pytest.approx(start / 120, abs=0.004)
        assert box["width"] / track["width"] == pytest.approx((end - start) / 120, abs=0.006)
    page.hover("#question .bar.span")
    said = page.locator("#question .readout").first
    expect(said).to_contain_text("Rank 1, best span: 0:30.0 – 0:50.0, 20.0 s, IoU 0.33")
    expect(said).to_contain_text("press down firmly, then let go 6")
    expect(page.locator(".excerpt")).to_have_count(2)
    gold, best = page.locator(".excerpt").all()
    expect(gold.locator("li .time")).to_have_text(["0:20.0", "0:25.0", "0:30.0", "0:35.0"])
    expect(best.locator("li .time")).to_have_text(["0:30.0", "0:35.0", "0:40.0", "0:45.0"])
    for excerpt in (gold, best):
        expect(excerpt.locator("li.both")).to_have_count(2)
    page.locator(".wrong summary").first.click()
    expect(page.locator(".wrong details").first.locator(".timeline .bar.span").first).to_be_visible()


def test_a_warning_leads_to_its_questions(visit: Visit) -> None:
    opened = visit(payload())
    opened.page.click('[data-label="hit"]')
    opened.page.click(".warnings .id >> nth=0")
    opened.heads("第3个问题")
    opened.shows("30 of 30 shown")  # the filter that hid it is gone
    opened.focuses("question-title")


def test_thousands_of_questions_draw_only_what_is_in_view(visit: Visit) -> None:
    opened = visit(payload(3000, entries=3))
    page = opened.page
    opened.shows("3,000 of 3,000 shown")
    expect(page.locator("#list [role=option]").first).to_be_visible()
    assert page.locator("#list [role=option]").count() < 60
    page.focus("#list")
    opened.press("End")
    opened.heads("第2999个")
    expect(page.locator('#list [aria-selected="true"]')).to_have_attribute("aria-posinset", "3000")
    assert page.evaluate("document.querySelectorAll('*').length") < 1500


def test_hostile_text_is_shown_and_does_nothing(visit: Visit) -> None:
    opened = visit(hostile())
    page = opened.page
    literal = EVIL.replace("\u2028", " ").replace("\u2029", " ")
    for _ in range(12):
        text = page.evaluate("document.getElementById('question').textContent")
        assert literal in text
        opened.next()
    for name in ("top", "overview"):
        assert literal in page.evaluate(f"document.getElementById('{name}').textContent")
    made = "#question img, #list img, header img, script:not(:nth-of-type(-n+2)), [onmouseover]"
    expect(page.locator(made)).to_have_count(0)
    expect(page.locator("script")).to_have_count(2)
    assert page.evaluate("[...document.querySelectorAll('bdi')].every((one) => one.children.length === 0)")
    assert opened.requests == [page.url]
    assert opened.complaints == []


def test_numbers_from_hell_are_shown_and_drawn_within_the_page(visit: Visit) -> None:
    opened = visit(hostile())
    page = opened.page
    page.click(".entries .more")
    for text in ("1.000e+308 s – -1.000e+308 s", "NaN – Infinity", "an entry that can match nothing"):
        expect(page.locator(".entries")).to_contain_text(text)
    expect(page.locator("#question .plot").first).to_contain_text("no span: NaN – Infinity")
    expect(page.locator(".bar.past").first).to_have_attribute("aria-label", re.compile("runs past the end"))
    opened.next()
    expect(page.locator(".verdict")).to_contain_text(str(2**70))
    opened.next()  # no duration, and subtitles without sense: until the end of the spans
    expect(page.locator("#question .axis").first).not_to_contain_text("2:02.0")
    outside = page.evaluate(
        "[...document.querySelectorAll('.bar')].filter((one) => { const at = one.getBoundingClientRect();"
        "return at.left < 0 || at.right > innerWidth; }).length"
    )
    assert outside == 0
    assert opened.complaints == []


def test_without_chromium_they_skip_but_not_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install -y chromium"):
        missing("Chromium")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install -y chromium"):
        missing("Chromium")


def test_track_1_shows_no_ranks(visit: Visit) -> None:
    made: dict[str, Any] = payload(10, entries=1)
    made |= {"track": 1, "headline": "mIoU", "cutoffs": [1], "oracles": [], "prior": [], "warnings": [], "groups": []}
    for one in made["classes"]:
        one["by_cutoff"] = one["by_cutoff"][:1]
    for row in made["questions"]:
        row |= {"m": [row["score"]], "entries": [[row["gold"][0], "", 22.0, 44.0]], "position": 1}
    opened = visit(made)
    expect(opened.page.locator(".classes tbody tr")).to_have_count(4)
    expect(opened.page.locator(".verdict")).not_to_contain_text("rank")
    expect(opened.page.locator(".score")).to_contain_text("mIoU")
    assert opened.complaints == []


def test_no_question_and_no_list(visit: Visit) -> None:
    opened = visit(payload(0))
    opened.shows("0 of 0 shown")
    made = payload(1)
    made["questions"][0] |= {"entries": [], "position": None, "text": ""}
    again = visit(made)
    expect(again.page.locator("#question")).to_contain_text("not answered")
    assert opened.complaints == again.complaints == []


def test_videos_of_youtube_are_linked_at_their_second(visit: Visit) -> None:
    made = payload(2)
    made["videos"][0]["id"] = "Ar-iCq292_m"
    made["questions"][1]["entries"][0] = [-1, 'x" onclick="', 1.0, 2.0]
    opened = visit(made)
    link = opened.page.locator("h4 .video a")
    expect(link).to_have_attribute("href", "https://www.youtube.com/watch?v=Ar-iCq292_m&t=20s")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    opened.next()  # of a video with another id
    expect(opened.page.locator("h4 .video")).to_have_text("video-01")
    expect(opened.page.locator("h4 .video a")).to_have_count(0)
    assert opened.requests == [opened.page.url]


def test_made_up_ids_are_not_linked(visit: Visit) -> None:
    made = {**payload(1), "unlinked": True}
    made["videos"][0]["id"] = "Ar-iCq292_m"
    page = visit(made).page
    expect(page.locator("h4 .video")).to_have_text("Ar-iCq292_m")
    expect(page.locator("#question a, .entries a")).to_have_count(0)
