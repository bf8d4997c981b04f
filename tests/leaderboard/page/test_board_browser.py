"""The board in real Chromium: no request, no complaint; sort, filter, language, keys, a narrow screen, paper."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.diagnosis.page.conftest import Opened, expect
from tests.leaderboard.page.made import EVIL, entry, hostile, payload

Visit = Callable[..., Opened]
TEAMS = ".chosen .board tbody tr .name"
WIDTH = "document.documentElement.scrollWidth"


def teams(opened: Opened) -> list[str]:
    """The teams in the order in which they are shown."""
    return opened.page.locator(TEAMS).all_inner_texts()


def test_board_and_entry_open_without_a_request_or_a_complaint(visit: Visit) -> None:
    opened = visit()
    page = opened.page
    expect(page.locator("h1")).to_have_text("CMIVQA, NLPCC 2023 Shared Task 5")
    expect(page.locator(".chosen h2")).to_contain_text("Track 1")
    assert len(teams(opened)) == 16
    expect(page.locator(".chosen .refused tbody tr")).to_have_count(2)
    expect(page.locator(".chosen")).to_contain_text("E105 not JSON")
    expect(page.locator(".chosen .refused a")).to_have_attribute("href", "entries/team-000.html#en")
    page.click('[data-track="3"]')
    expect(page.locator(".chosen h2")).to_contain_text("Track 3")
    page.click(f"{TEAMS} >> nth=0")
    expect(page.locator("h1")).to_have_text("队伍 A")
    expect(page.locator(".track")).to_have_count(2)
    expect(page.locator(".about")).to_contain_text("0" * 64)
    page.click(".kicker a")
    expect(page.locator("h1")).to_contain_text("CMIVQA")
    assert {url.partition("#")[0].rpartition("/")[2] for url in opened.requests} == {"index.html", "team-000.html"}
    assert all(url.startswith("file://") for url in opened.requests)
    assert opened.complaints == []


def test_a_click_on_a_heading_sorts_and_a_second_one_turns_it_round(visit: Visit) -> None:
    opened = visit()
    page = opened.page
    as_ranked = teams(opened)
    page.click('.chosen [data-key="metric-3"]')
    expect(page.locator('.chosen [aria-sort="descending"]')).to_have_count(1)
    assert teams(opened) == as_ranked  # from the best; what has no number is last
    page.click('.chosen [data-key="metric-3"]')
    assert teams(opened) == [*as_ranked[:15][::-1], "Zero"]  # what has no number is still last
    page.click('.chosen [data-key="rank"]')
    assert teams(opened)[:12] == as_ranked[:12]
    page.keyboard.press("Enter")  # the heading that was clicked has the focus
    assert teams(opened)[:12] == as_ranked[:12][::-1]
    assert opened.complaints == []


def test_search_and_ranked_only_filter(visit: Visit) -> None:
    opened = visit()
    page = opened.page
    page.fill("#search", "TEAM 00")
    expect(page.locator("#shown")).to_have_text("5 of 16 shown")
    assert teams(opened) == ["Team 001", "Team 003", "Team 005", "Team 007", "Team 009"]
    page.fill("#search", "nobody")
    expect(page.locator(".chosen")).to_contain_text("No entry matches")
    page.click("#clear")
    page.check("#ranked")
    expect(page.locator("#shown")).to_have_text("12 of 16 shown")
    assert "baseline" not in teams(opened)
    expect(page.locator("#search")).to_have_value("")


def test_the_labels_switch_to_chinese_and_stay_so_on_the_next_page(visit: Visit) -> None:
    opened = visit()
    page = opened.page
    page.click("#language")
    expect(page.locator(".chosen h2")).to_contain_text("赛道 1")
    expect(page.locator(".chosen .refused")).to_contain_text("E105 不是合法的 JSON")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert opened.focused == "language"
    page.click('[data-track="2"]')
    page.click(f"{TEAMS} >> nth=0")
    expect(page.locator(".kicker a")).to_have_text("返回榜单")
    page.click("#language")
    expect(page.locator(".kicker a")).to_have_text("Back to the board")
    assert opened.complaints == []


def test_keys_alone_reach_the_tracks_the_filter_and_the_headings(visit: Visit) -> None:
    opened = visit()
    page = opened.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "skip"
    page.keyboard.press("Tab")
    assert opened.focused == "language"
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".chosen h2")).to_contain_text("Track 2")
    assert page.evaluate("document.activeElement.dataset.track") == "2"
    for _ in range(2):
        page.keyboard.press("Tab")
    assert opened.focused == "search"
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.key") == "rank"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_names_are_text_and_nothing_scrolls_sideways(visit: Visit, scheme: str) -> None:
    opened = visit(hostile(), entry(EVIL[0]), width=400, color_scheme=scheme)
    page = opened.page
    for width in (400, 320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(WIDTH) <= width
    assert page.locator("main img, main script, #top script").count() == 0
    expect(page.locator("h1")).to_have_text(EVIL[0])
    opened.page.goto(opened.page.url.partition("index.html")[0] + "entries/team-000.html")
    expect(page.locator("h1")).to_have_text(EVIL[0])
    page.set_viewport_size({"width": 400, "height": 900})
    assert page.evaluate(WIDTH) <= 400
    assert page.locator(".about a").count() == 0  # no address that could be followed
    assert opened.complaints == []


def test_only_addresses_of_the_web_are_links(visit: Visit) -> None:
    for address in ("JAVASCRIPT:alert(1)", "https://a b"):
        opened = visit(of_entry={**entry(), "link": address}, name="entries/team-000.html")
        expect(opened.page.locator(".about")).to_contain_text(address)
        assert opened.page.locator(".about a").count() == 0
    opened = visit(name="entries/team-000.html")
    expect(opened.page.locator(".about a")).to_have_attribute("rel", "noopener noreferrer nofollow")


def test_on_paper_every_track_is_there_and_no_control(visit: Visit) -> None:
    page = visit().page
    page.emulate_media(media="print")
    assert page.locator("article:visible").count() == 3
    assert page.locator("#filters:visible, #tracks:visible, #language:visible").count() == 0


def test_five_hundred_entries(visit: Visit) -> None:
    opened = visit(payload(500, (3,)))
    page = opened.page
    expect(page.locator("#shown")).to_have_text("504 of 504 shown")
    page.fill("#search", "team 499")
    assert teams(opened) == ["Team 499"]
    assert opened.complaints == []
