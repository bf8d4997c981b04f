"""What docstrings and comments cite of `docs/spec` stands there; relative links in Markdown files lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("cmivqa_kit", "baselines", "benchmarks", "tests")
SUFFIXES = (".py", ".toml", ".md")
SPECS = "docs/spec/"  # joined below, so that this file cites nothing

_ITEM = r"(?:[0-9]+(?:\.[0-9]+)*|[DEQW][0-9]+)"
_CITED = re.compile(SPECS + r"([a-z0-9_-]+)\.md")
_BEFORE = re.compile(rf"\bsections? ({_ITEM}) of $")
# ", section 3.1", ", 2.1 to 2.3", ", D1, D2 and section 3.3", " (first paragraph) and E901", " tells it (2.1, 3.4"
_NEXT = re.compile(rf"(?: \([a-z ]+\))?(, and |, | and | to | tells it \(| )(?:sections? )?({_ITEM})(?!\w)")
_BREAK = re.compile(r"\s*\n[ \t]*(?:#[ \t]*)?")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[(?:[^\[\]]|!?\[[^\[\]]*\]\([^()]*\))*\]\(([^()\s]+)\)")


def citations(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every cited file of `docs/spec` by name, with the sections and items of it; ranges in full."""
    plain = _BREAK.sub(" ", text)
    for found in _CITED.finditer(plain):
        items: list[str] = []
        before = _BEFORE.search(plain, max(0, found.start() - 40), found.start())
        if before:
            items.append(before[1])
        place = found.end()
        while (step := _NEXT.match(plain, place)) is not None:
            items += between(items[-1], step[2]) if step[1] == " to " and items else [step[2]]
            place = step.end()
        yield found[1], tuple(items)


def between(first: str, last: str) -> list[str]:
    """What a range names after its first: ``2.1 to 2.3`` -> 2.2, 2.3; ``E901 to E903`` -> E902, E903."""
    left, right = (re.fullmatch(r"(.*?)([0-9]+)", text) for text in (first, last))
    assert left and right and left[1] == right[1], f"{first} to {last} is no range"
    return [f"{left[1]}{number}" for number in range(int(left[2]) + 1, int(right[2]) + 1)]


@cache
def headings(path: Path) -> tuple[str, ...]:
    """The headings of a Markdown file, without their marks."""
    return tuple(_HEADING.findall(_FENCE.sub("", path.read_text(encoding="utf-8"))))


def missing(name: str, items: tuple[str, ...]) -> list[str]:
    """What is cited and does not stand in `docs/spec`."""
    path = ROOT / SPECS / f"{name}.md"
    if not path.is_file():
        return [f"no {SPECS}{name}.md"]
    text = path.read_text(encoding="utf-8")
    sections = {match[0] for heading in headings(path) if (match := re.match(r"[0-9]+(?:\.[0-9]+)*", heading))}
    return [
        f"{name}.md has no {item}"
        for item in items
        if (item not in sections if item[0].isdigit() else re.search(rf"^\| {item}\b", text, re.MULTILINE) is None)
    ]


def sources() -> list[Path]:
    """The files that may cite: code, settings and READMEs, and what the golden cases say of themselves."""
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*") if path.suffix in SUFFIXES]
    files += (ROOT / "tests").rglob("case.json")
    return sorted(path for path in files if path != Path(__file__))


@pytest.mark.parametrize("room", ROOMS)
def test_every_citation_resolves(room: str) -> None:
    own = [path for path in sources() if path.is_relative_to(ROOT / room)]
    cited = [(path, *one) for path in own for one in citations(path.read_text(encoding="utf-8"))]
    assert cited
    faults = [f"{path.relative_to(ROOT)}: {fault}" for path, name, items in cited for fault in missing(name, items)]
    assert not faults, "\n".join(faults)


def test_specs_are_cited_by_their_place_in_the_project() -> None:
    other = re.compile(r"(?<![\w/])specs?/\w+\.md")
    own = [path for path in sources() if path.name != "case.json"]  # copies of golden cases stay as they are
    stale = [path for path in own if other.search(path.read_text(encoding="utf-8"))]
    assert not [str(path.relative_to(ROOT)) for path in stale]


@pytest.mark.parametrize(
    ("text", "name", "items"),
    [
        ("ccgs.md, section 3.1. A checkpoint", "ccgs", ("3.1",)),
        ("ccgs.md, sections 1.6 and 2.1 to\n2.3.", "ccgs", ("1.6", "2.1", "2.2", "2.3")),
        ("ccgs.md,\n# section 1.5. Two", "ccgs", ("1.5",)),
        ("ccgs.md, section 6.1, and 6.2 for the MRR", "ccgs", ("6.1", "6.2")),
        ("ccgs.md tells it (2.1, 5.1 to 5.3, and 7, \"Where", "ccgs", ("2.1", "5.1", "5.2", "5.3", "7")),
        ("scoring.md section 4 (a definition", "scoring", ("4",)),
        ("scoring.md, section 3.3 (first paragraph) and E901 to E903.", "scoring", ("3.3", "E901", "E902", "E903")),
        ("scoring.md, D1, D2 and section 3.3.", "scoring", ("D1", "D2", "3.3")),
        ("mutualsl.md, section 5.2, step 3.", "mutualsl", ("5.2",)),
        ("tutorialvqa.md. The corpus is CC BY-NC 4.0", "tutorialvqa", ()),
    ],
)  # fmt: skip
def test_citations_are_read(text: str, name: str, items: tuple[str, ...]) -> None:
    assert list(citations(f"Source: {SPECS}{text}")) == [(name, items)]
    assert not missing(name, items)


def test_a_section_named_before_the_file_is_read() -> None:
    assert list(citations(f"as section 5.2 of {SPECS}mutualsl.md says it")) == [("mutualsl", ("5.2",))]


@pytest.mark.parametrize(
    ("name", "item"), [("ccgs", "3.9"), ("ccgs", "33"), ("scoring", "D99"), ("scoring", "E907"), ("nothing", "1")]
)
def test_a_citation_of_nothing_is_seen(name: str, item: str) -> None:
    assert missing(name, (item,))


def slugs(path: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a file."""
    cited: set[str] = set()
    counts: dict[str, int] = {}
    for heading in headings(path):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        number = counts.get(slug, 0)
        counts[slug] = number + 1
        cited.add(f"{slug}-{number}" if number else slug)
    return cited


def dead_links(path: Path, text: str) -> Iterator[str]:
    """The relative links in ``text``, which stands in ``path``, whose file or heading does not exist."""
    for link in _LINK.findall(re.sub(r"(`+)[^`]+\1", "``", _FENCE.sub("", text))):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / unquote(file)).resolve() if file else path
        if not target.exists() or not target.is_relative_to(ROOT):
            yield f"{link}: no such file"
        elif anchor and (target.suffix != ".md" or unquote(anchor) not in slugs(target)):
            yield f"{link}: no such heading"


PAGES = sorted(
    {*ROOT.glob("*.md"), *(path for room in ("docs", "submissions", *ROOMS) for path in (ROOT / room).rglob("*.md"))}
)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    assert not list(dead_links(page, page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("link", ["nothing.md", "README.md#no-such-heading", "#no-such-heading", "../outside.md"])
def test_a_dead_link_is_seen(link: str) -> None:
    assert list(dead_links(ROOT / "README.md", f"See [it]({link})."))


def test_links_in_code_are_none() -> None:
    assert not list(dead_links(ROOT / "README.md", "`[a](b.md)`\n\n```text\n[a](b.md)\n```\n"))
