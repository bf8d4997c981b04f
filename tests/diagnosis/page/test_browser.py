"""In real Chromium, from a file: nothing is requested or complained of; filters, search, order and keys work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.diagnosis.page.conftest import Opened, missing
from tests.diagnosis.page.made import EVIL, hostile, payload

Visit = Callable[..., Opened]


def rows(opened: Opened) -> list[str]:
    """The texts of the rows in view."""
    return opened.page.locator("#list .asked").all_inner_texts()


def test_it_opens_without_a_request_or_a_complaint(visit: Visit) -> None:
    opened = visit(payload())
    page = opened.page
    assert opened.requests == [page.url]
    assert page.url.startswith("file://")
    assert page.title() == "submission.json – cmivqa diagnose"
    assert page.inner_text(".figure") == "0.3133"
    assert opened.shown == "30 of 30 shown"
    assert page.locator(".warnings li").count() == 1
    assert page.locator("details.group").count() == 2
    for label in page.locator(".chip").all():
        label.click()
    page.click("#reset")
    page.click("#next")
    for _ in range(30):
        opened.next()
    page.click(".entries .more")
    assert page.locator(".entries tbody tr").count() == 50
    assert page.inner_text("#place") == "30 of 30"
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


def test_labels_language_and_search_filter(visit: Visit) -> None:
    opened = visit(payload())
    page = opened.page
    page.click('[data-label="ranked-low"]')
    assert opened.shown == "6 of 30 shown"
    assert page.get_attribute('[data-label="ranked-low"]', "aria-pressed") == "true"
    assert opened.heading.startswith("Question 2:")  # the chosen one was filtered away: the first that is left
    page.click('[data-label="hit"]')
    assert opened.shown == "12 of 30 shown"
    page.select_option("#language", "zh")
    assert opened.shown == "6 of 30 shown"
    assert page.inner_text('[data-label="hit"] .n') == "3"
    page.fill("#search", "第7个")
    assert opened.shown == "1 of 30 shown"
    assert rows(opened) == ["第7个问题：冲击腹部时应该注意什么？"]
    page.fill("#search", "nowhere")
    assert opened.shown == "0 of 30 shown"
    assert "No question matches" in page.inner_text("#question")
    page.click("#reset")
    assert opened.shown == "30 of 30 shown"
    page.fill("#search", "VIDEO-03")  # the id of the right video, in any case
    assert opened.shown == "3 of 30 shown"
    page.fill("#search", "bandage  question")  # every word, in any order
    assert opened.shown == "15 of 30 shown"
    assert page.is_enabled("#reset")
    assert opened.complaints == []


def test_order(visit: Visit) -> None:
    opened = visit(payload())
    page = opened.page
    page.select_option("#order", "worst")
    scores = [float(one.split("\n")[0]) for one in page.locator("#list .value").all_inner_texts()]
    assert scores == sorted(scores)
    assert scores[0] == 0
    page.select_option("#order", "best")
    assert page.locator("#list .value").first.inner_text().startswith("0.900")


def test_a_question_shows_its_spans_where_they_are(visit: Visit) -> None:
    opened = visit(payload())
    page = opened.page
    opened.page.locator("#list [role=option]").nth(4).click()  # boundary: 30 to 50 s, gold 20 to 40 s, of 120 s
    assert opened.heading.startswith("Question 4:")
    assert "1 of 50" in page.inner_text(".verdict")
    assert "0.33 at rank 1" in page.inner_text(".verdict")
    boxes = {
        name: page.locator(f"#question .plot .{name}").first.bounding_box()
        for name in ("track", "gold", "span", "band")
    }
    track = boxes["track"]
    assert track is not None
    for name, start, end in (("gold", 20, 40), ("span", 30, 50), ("band", 20, 40)):
        box = boxes[name]
        assert box is not None
        assert (box["x"] - track["x"]) / track["width"] == pytest.approx(start / 120, abs=0.004)
        assert box["width"] / track["width"] == pytest.approx((end - start) / 120, abs=0.006)
    page.hover("#question .bar.span")
    said = page.locator("#question .readout").first.inner_text()
    assert "Rank 1, best span: 0:30.0 – 0:50.0, 20.0 s, IoU 0.33" in said
    assert "press down firmly, then let go 6" in said
    gold, best = page.locator(".excerpt").all()
    assert gold.locator("li .time").all_inner_texts() == ["0:20.0", "0:25.0", "0:30.0", "0:35.0"]
    assert best.locator("li .time").all_inner_texts() == ["0:30.0", "0:35.0", "0:40.0", "0:45.0"]
    assert gold.locator("li.both").count() == best.locator("li.both").count() == 2
    page.locator(".wrong summary").first.click()
    assert page.locator(".wrong .timeline").first.locator(".bar.span").count() >= 1


def test_a_warning_leads_to_its_questions(visit: Visit) -> None:
    opened = visit(payload())
    opened.page.click('[data-label="hit"]')
    opened.page.click(".warnings .id >> nth=0")
    assert opened.heading.startswith("第3个问题")
    assert opened.shown == "30 of 30 shown"  # the filter that hid it is gone
    assert opened.focused == "question-title"


def test_thousands_of_questions_draw_only_what_is_in_view(visit: Visit) -> None:
    opened = visit(payload(3000, entries=3))
    page = opened.page
    assert opened.shown == "3,000 of 3,000 shown"
    assert page.locator("#list [role=option]").count() < 60
    page.focus("#list")
    opened.press("End")
    assert opened.heading.startswith("第2999个")
    assert page.locator('#list [aria-selected="true"]').get_attribute("aria-posinset") == "3000"
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
    assert (
        page.locator("#question img, #list img, header img, script:not(:nth-of-type(-n+2)), [onmouseover]").count() == 0
    )
    assert page.locator("script").count() == 2
    assert page.evaluate("[...document.querySelectorAll('bdi')].every((one) => one.children.length === 0)")
    assert opened.requests == [page.url]
    assert opened.complaints == []


def test_numbers_from_hell_are_shown_and_drawn_within_the_page(visit: Visit) -> None:
    opened = visit(hostile())
    page = opened.page
    page.click(".entries .more")
    shown = page.inner_text(".entries")
    for text in ("1.000e+308 s – -1.000e+308 s", "NaN – Infinity", "an entry that can match nothing"):
        assert text in shown
    assert "no span: NaN – Infinity" in page.inner_text("#question .plot")
    assert "runs past the end" in str(page.get_attribute(".bar.past", "aria-label"))
    opened.next()
    assert str(2**70) in page.inner_text(".verdict")
    opened.next()  # no duration, and subtitles without sense: until the end of the spans
    assert "2:02.0" not in page.inner_text("#question .axis")
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
    assert opened.page.locator(".classes tbody tr").count() == 4
    assert "rank" not in opened.page.inner_text(".verdict")
    assert "mIoU" in opened.page.inner_text(".score")
    assert opened.complaints == []


def test_no_question_and_no_list(visit: Visit) -> None:
    opened = visit(payload(0))
    assert opened.shown == "0 of 0 shown"
    made = payload(1)
    made["questions"][0] |= {"entries": [], "position": None, "text": ""}
    again = visit(made)
    assert "not answered" in again.page.inner_text("#question")
    assert opened.complaints == again.complaints == []
