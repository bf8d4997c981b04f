"""The pages and terms of a competition on Codabench, in ASCII: it reads them in whatever encoding its machine has."""

from __future__ import annotations

from cmivqa_kit.data.types import Track
from cmivqa_kit.editions import Edition

TASKS = {
    1: "A question and a video are given: find the span of the video that answers the question.",
    2: "A question is given: rank the videos of the corpus so that the one that answers it comes first.",
    3: "A question is given: find the video of the corpus that answers it, and the span in it.",
}
_METRICS = {
    1: """- **mIoU** ranks: the mean overlap (intersection over hull) of the given span and the right one.
- **R@1,IoU=0.3**, **0.5**, **0.7**: the share of questions with at least this overlap.""",
    2: """- **Overall** ranks: R@1 + R@10 + R@50 + MRR.
- **R@1**, **R@10**, **R@50**: the share of questions whose right video is among the first entries.
- **MRR**: the mean of 1 / rank of the right video, over the questions that the file answers.""",
    3: """- **Average** ranks: the mean of the three below.
- **R@1|mIoU**, **R@10|mIoU**, **R@50|mIoU**: the mean of the best overlap among the first entries.""",
}
_FIELDS = {
    1: '`{"id": ..., "video_id": "...", "question": "...", "start_second": 12.5, "end_second": 31.0}`',
    2: '`{"id": ..., "question": "...", "output": [["video_id", 12.5, 31.0], ...]}`',
    3: '`{"id": ..., "question": "...", "output": [["video_id", 12.5, 31.0], ...]}`',
}


def overview(edition: Edition, track: Track) -> str:
    """The first page."""
    return f"# {ascii_text(edition.title)}, Track {track}\n\n{TASKS[track]}\n"


def evaluation(track: Track) -> str:
    """How is scored, and what happens to a file that cannot be."""
    return f"""# Evaluation

{_METRICS[track]}

All are fractions with 4 decimals, as the organizers' program computes them. A file that this program cannot read or
stops on gets no scores, nor does one with NaN or Infinity in it; the log of the submission says why. One that it stops
on only at an entry of the right video (a time that is missing or no number) gets 0 in every column.
"""


def handing_in(edition: Edition, track: Track) -> str:
    """What a submission is."""
    many = "" if track == 1 else f" At most {edition.entries} entries of each list are read, the best first."
    language = ' With `"language_type"` as in the questions file.' if edition.language_column else ""
    return f"""# Submission

A zip with one `.json` file in it and nothing else: UTF-8 without a byte-order mark, an array with one object per
question. Times are seconds from the start of the video.{many}{language}

{_FIELDS[track]}

The starting kit holds a valid file that answers nothing. Check yours before you hand it in: `cmivqa validate FILE`.
"""


def terms(edition: Edition) -> str:
    """The terms that a participant agrees to."""
    return f"""# Terms

By taking part in {ascii_text(edition.title)} you agree to hand in only what your own team has made, to use the videos
and questions for research alone, and that your scores and the name of your team are published. Members of a team cannot
change once the evaluation has begun. The organizers may leave out entries that break these terms.
"""


def starting_kit(track: Track) -> str:
    """What lies in the starting kit."""
    return f"submission.json: a valid submission for Track {track} that answers nothing. Put your answers into it.\n"


def competition_title(edition: Edition, track: Track) -> str:
    """The title of the competition: what the edition's begins with, its year, the track."""
    return f"{ascii_text(edition.title.partition(',')[0])} {edition.year}, Track {track}"


def ascii_text(text: str) -> str:
    """A title of an edition in ASCII."""
    return text.encode("ascii", "replace").decode("ascii")
