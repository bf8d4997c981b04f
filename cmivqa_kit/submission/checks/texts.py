"""Question texts, languages and, in Track 1, video ids against the questions file."""

from __future__ import annotations

from collections.abc import Iterator

from cmivqa_kit.data.folding import fold
from cmivqa_kit.submission.context import Context, Item, check
from cmivqa_kit.submission.findings import Finding, brief_pair
from cmivqa_kit.submission.schema import other_track

LANGUAGES = ("Chinese", "English")


@check("item", "E213", "W215")
def question_differs(item: Item, context: Context) -> Iterator[Finding]:
    """Find texts other than the question's, or the same but for NFKC and white space."""
    text = item.row.get("question")
    if item.question is None or not isinstance(text, str) or item.question.text in ("", text):
        return  # an answer file may carry no texts
    if text.strip() == item.question.text:
        return  # the questions file is read without outer blanks too
    if fold(text) == fold(item.question.text):
        yield item.finding("W215", "differs in blanks or width only", "/question")
    else:
        given, asked = brief_pair(text, item.question.text, fold)
        yield item.finding("E213", f"{given!r} is asked as {asked!r}", "/question")


@check("item", "W214")
def question_absent(item: Item, context: Context) -> Iterator[Finding]:
    """Find items without a text to check the id by."""
    if "question" not in item.row and item.question is not None:
        yield item.finding("W214", "no 'question'")


@check("item", "W217")
def language_differs(item: Item, context: Context) -> Iterator[Finding]:
    """The language of the question, where the questions file says it and the schema has found nothing."""
    wanted = item.question.language if item.question is not None else None
    if wanted is None or "language_type" not in context.fields:
        return
    given = item.row.get("language_type")
    if "language_type" not in item.row:
        yield item.finding("W217", f"no 'language_type'; the question's is {wanted!r}")
    elif given in LANGUAGES and given != wanted:
        yield item.finding("W217", f"{given!r}, the question's is {wanted!r}", "/language_type")


@check("item", "E218", "W219")
def video_differs(item: Item, context: Context) -> Iterator[Finding]:
    """Find Track 1 answers in another video than the question is asked of."""
    if context.form != 1 or other_track(item.row, 1):
        return
    wanted = item.question.video_id if item.question is not None else None
    given = item.row.get("video_id")
    if "video_id" not in item.row:
        yield item.finding("W219", "no 'video_id'")
    elif isinstance(given, str) and given and wanted is not None and wanted != given:
        answered, asked = brief_pair(given, wanted)
        yield item.finding("E218", f"{answered!r}, asked of {asked!r}", "/video_id")
