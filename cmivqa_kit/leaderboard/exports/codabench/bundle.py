"""A competition bundle for Codabench, made of a plan; the same bytes for the same plan.

Source: Codabench's documentation of its bundle (`competition.yaml`, version 2) and of its scoring programs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from cmivqa_kit.leaderboard.exports.codabench import texts
from cmivqa_kit.leaderboard.exports.codabench.fixed_zip import zip_bytes
from cmivqa_kit.leaderboard.exports.codabench.logo import logo
from cmivqa_kit.leaderboard.exports.codabench.plain_yaml import yaml_text
from cmivqa_kit.leaderboard.exports.codabench.plan import Phase, Plan
from cmivqa_kit.leaderboard.exports.codabench.scoring_program import COLUMNS

PROGRAM, METADATA, ANSWERS = "scoring_program.py", "metadata.yaml", "answers.json"
IMAGE = "codalab/codalab-legacy:py37"  # Python 3.7: it decides how the built-in sum rounds
LONGEST = 36  # characters of a title or key
SECONDS = 600  # that scoring may take


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle.

    Attributes:
        plan: what it was made of.
        competition: the document of ``competition.yaml``.
        files: everything in it by name, ``competition.yaml`` included.
    """

    plan: Plan
    competition: Mapping[str, Any] = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"track{self.plan.track}.zip"

    @property
    def data(self) -> bytes:
        """The bytes of its file."""
        return zip_bytes(self.files)


def make_bundle(plan: Plan) -> Bundle:
    """The bundle of a track."""
    track, edition = plan.track, plan.edition
    competition = competition_document(plan)
    files = {
        "competition.yaml": yaml_text(competition).encode("ascii"),
        "logo.png": logo(track),
        "terms.md": texts.terms(edition).encode("ascii"),
        "pages/overview.md": texts.overview(edition, track).encode("ascii"),
        "pages/evaluation.md": texts.evaluation(track).encode("ascii"),
        "pages/submission.md": texts.handing_in(edition, track).encode("ascii"),
        "scoring_program.zip": zip_bytes({METADATA: metadata(plan), PROGRAM: program()}),
    }
    for at, phase in enumerate(plan.phases):
        answers = json.dumps(phase.reference, ensure_ascii=True, allow_nan=False).encode("ascii")
        files[_reference(at)] = zip_bytes({ANSWERS: answers})
        if phase.sample:
            kit = {"README.txt": texts.starting_kit(track).encode("ascii"), "submission.json": phase.sample}
            files[_kit(at)] = zip_bytes(kit)
    return Bundle(plan, competition, files)


def program() -> bytes:
    """The scoring program, as it stands in the kit."""
    return (resources.files("cmivqa_kit.leaderboard.exports.codabench") / PROGRAM).read_bytes()


def metadata(plan: Plan) -> bytes:
    """How Codabench starts the program."""
    command = f"python3 /app/program/{PROGRAM} {plan.track} /app/input /app/output"
    return yaml_text({"command": command}).encode("ascii")


def competition_document(plan: Plan) -> dict[str, Any]:
    """The document of ``competition.yaml``."""
    track = plan.track
    return {
        "version": 2,
        "title": _short(texts.competition_title(plan.edition, track)),
        "description": texts.TASKS[track],
        "image": "logo.png",
        "terms": "terms.md",
        "registration_auto_approve": False,
        "docker_image": IMAGE,
        "make_programs_available": True,
        "make_input_data_available": False,
        "enable_detailed_results": True,
        "show_detailed_results_in_submission_panel": True,
        "show_detailed_results_in_leaderboard": False,
        "can_participants_make_submissions_public": False,
        "pages": [
            {"title": "Overview", "file": "pages/overview.md"},
            {"title": "Evaluation", "file": "pages/evaluation.md"},
            {"title": "Submission", "file": "pages/submission.md"},
        ],
        "tasks": [
            {
                "index": at,
                "name": _short(f"Track {track}, {texts.ascii_text(phase.name)}"),
                "description": texts.TASKS[track],
                "scoring_program": "scoring_program.zip",
                "reference_data": _reference(at),
            }
            for at, phase in enumerate(plan.phases)
        ],
        "phases": [_phase(plan, at, phase) for at, phase in enumerate(plan.phases)],
        "leaderboards": [
            {
                "title": f"Track {track}",
                "key": f"track{track}",
                "submission_rule": "Force_Best",
                "columns": [
                    {"title": title, "key": key, "index": at, "sorting": "desc", "precision": 4}
                    for at, (key, title) in enumerate(COLUMNS[track])
                ],
            }
        ],
    }


def _phase(plan: Plan, at: int, phase: Phase) -> dict[str, Any]:
    dates = phase.dates
    return {
        "index": at,
        "name": _short(texts.ascii_text(phase.name)),
        "description": f"{len(phase.targets)} questions",
        "start": f"{dates.first} 00:00:00",
        **({} if dates.last is None else {"end": f"{dates.last} 23:59:59"}),
        **({} if plan.per_day is None else {"max_submissions_per_day": plan.per_day}),
        **({} if plan.in_all is None else {"max_submissions": plan.in_all}),
        "execution_time_limit": SECONDS,
        "accepts_only_result_submissions": True,
        **({"starting_kit": _kit(at)} if phase.sample else {}),
        "tasks": [at],
    }


def _reference(at: int) -> str:
    return f"reference_data_{at}.zip"


def _kit(at: int) -> str:
    return f"starting_kit_{at}.zip"


def _short(title: str) -> str:
    return title if len(title) <= LONGEST else f"{title[: LONGEST - 3]}..."
