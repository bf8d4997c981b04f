"""Intake: an attachment is unpacked, validated and filed with its record, by one renaming.

Whatever lies below the submissions folder stays as it is: an entry gets a new folder, and two processes that add at
once take turns.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

from cmivqa_kit.editions import Edition
from cmivqa_kit.editions.board import BoardRules
from cmivqa_kit.entries.entry import open_entry
from cmivqa_kit.entries.ground import OpenGround
from cmivqa_kit.errors import Problem, RunFailed, UserError
from cmivqa_kit.files import sha256 as sha256_of
from cmivqa_kit.joint_files import to_disk
from cmivqa_kit.leaderboard.attachments import Attachment
from cmivqa_kit.leaderboard.entry_toml import is_plain_name, plain_text, record_text
from cmivqa_kit.leaderboard.filed import entries_of_team, names_in
from cmivqa_kit.leaderboard.records import RECORD, FiledEntry, FiledFile, Standing, State
from cmivqa_kit.leaderboard.team_folder import same_team, team_folder
from cmivqa_kit.submission.container import NotASubmission, content_of
from cmivqa_kit.submission.findings import CODES, Finding
from cmivqa_kit.submission.form import submission_form
from cmivqa_kit.submission.guarded import bytes_within, read_guarded
from cmivqa_kit.submission.match import NoSplit
from cmivqa_kit.submission.read import Document
from cmivqa_kit.submission.validate import Report, report, validate
from cmivqa_kit.temporary_files import temporary_folder, waiting_lock

ATTACHMENT = "attachment.rejected"  # no name that a command takes for a submission
STEMS = {State.ACCEPTED: "run", State.REJECTED: "rejected"}


@dataclass(frozen=True, slots=True)
class Details:
    """What the organizer says of what he files, beside the file itself; `FiledEntry` explains the fields."""

    received: datetime
    standing: Standing = Standing.COMPETING
    title: str = ""
    method: str = ""
    link: str = ""
    hardware: str = ""
    external_data: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an attachment.

    Attributes:
        attachment: the file, and the team as it was named.
        entry: as it is filed; of a file that was filed before, the entry of then.
        report: what the validator says of it.
        rules: the limits of the edition.
        used: entries of the team that had counted before in the same time and on the same tracks.
        known: the same file was filed before, and nothing was done.
        remarks: what only the organizer needs to know.
    """

    attachment: Attachment
    entry: FiledEntry
    report: Report = field(repr=False)
    rules: BoardRules
    used: int = 0
    known: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """True where it is filed as an entry that takes part."""
        return self.entry.state is State.ACCEPTED


@dataclass(frozen=True, slots=True)
class _Judgement:
    """An attachment with its verdict.

    ``digest`` is that of the plain submission in it, of the file itself where there is none.
    """

    report: Report
    digest: str
    accepted: bool = False
    remarks: tuple[str, ...] = ()


def edition_of(ground: OpenGround) -> Edition:
    """The edition under which attachments are filed.

    Raises:
        UserError: the ground cannot be opened, the edition has no submission form, or its name can be no folder's.
    """
    known = ground.truth is not None or ground.form_alone
    edition = ground.edition if known else ground.root.catalogue.edition
    submission_form(edition)
    if not is_plain_name(edition.name) or edition.name.startswith("."):
        raise UserError(f"edition {edition.name!r}: no folder can have this name", "Mend `name` in the edition file.")
    return edition


def receive(attachment: Attachment, details: Details, ground: OpenGround, submissions: Path) -> Receipt:
    """Judge an attachment and file it below ``submissions``, which is made where it is not there.

    Raises:
        UserError: the attachment or the questions cannot be read; a link lies where the entry belongs.
        RunFailed: the entry cannot be written; nothing of it is left behind.
    """
    if not same_team(attachment.team):
        raise UserError("the team's name is empty", "Give --team NAME.")
    edition = edition_of(ground)
    try:
        submissions.mkdir(parents=True, exist_ok=True)
        with temporary_folder(submissions, "entry") as home:
            staged = home / "entry"
            staged.mkdir()
            judgement = _judge(attachment.path, staged, ground, edition)
            with waiting_lock(submissions):
                return _file(attachment, details, judgement, staged, edition, submissions)
    except OSError as error:
        raise RunFailed(
            f"{submissions}: {attachment.path.name} could not be filed ({error.strerror or error})",
            "Nothing of it was left behind. Free some space or mend the permissions, and add it again.",
        ) from None


def _judge(path: Path, staged: Path, ground: OpenGround, edition: Edition) -> _Judgement:
    """Unpack and validate; the plain submission is written into the folder ``staged``."""
    limit = ground.ground.limits.size
    data = bytes_within(path, limit, "attachment")
    if len(data) > limit:
        return _Judgement(validate(read_guarded(path, ground.ground.limits, data), (), edition), sha256_of(path))
    digest = sha256(data).hexdigest()
    try:
        plain = content_of(path, data, limit, strict=True)
    except NotASubmission as error:
        said = error.message.removeprefix(f"{path}: ")
        return _Judgement(_of_one(path, Finding(error.code_of_finding, said)), digest)
    candidate = staged / "submission.json"
    candidate.write_bytes(plain.data)
    entry = open_entry(candidate, ground)
    remarks: tuple[str, ...] = ()
    try:
        verdict = entry.report
    except NoSplit as error:
        message = f"its ids and question texts are those of no split of {edition.name}"
        verdict, remarks = _of_one(path, Finding("E207", message)), (error.message.removeprefix(f"{candidate}: "),)
    findings = (*plain.findings, *verdict.located(verdict.findings))
    counts = {**{finding.code: 1 for finding in plain.findings}, **verdict.counts}
    verdict = replace(verdict, path=path, findings=findings, counts=counts, source=None)
    return _Judgement(verdict, sha256(plain.data).hexdigest(), verdict.ok, remarks)


def _of_one(path: Path, finding: Finding) -> Report:
    """The report of a file of which one finding says all."""
    return report(Document(path, None, False, (finding,)), None, (), (finding,))


def _file(
    attachment: Attachment, details: Details, judgement: _Judgement, staged: Path, edition: Edition, submissions: Path
) -> Receipt:
    """Give the staged entry its place, unless the same file has one."""
    home = submissions / edition.name / team_folder(attachment.team)
    for folder in (home.parent, home):
        if folder.is_symlink():
            raise UserError(f"{folder}: is a link, and entries are filed below {submissions}", "Take the link away.")
    problems: list[Problem] = []
    earlier = entries_of_team(home, problems) if home.is_dir() else []
    remarks = (*judgement.remarks, *(f"not looked at: {p.location}: {p.message}" for p in problems))
    if any(same_team(entry.team) != same_team(attachment.team) for entry in earlier):
        raise UserError(f"{home}: holds another team's entries ({earlier[0].team!r})", "Name the team differently.")
    state = State.ACCEPTED if judgement.accepted else State.REJECTED
    entry = FiledEntry(
        folder=home,
        edition=edition.name,
        team=earlier[0].team if earlier else plain_text(attachment.team),  # as it was spelled first
        run="",
        files=(FiledFile(_name(judgement), plain_text(attachment.path.name), judgement.digest),),
        received=details.received,
        state=state,
        standing=details.standing,
        **{name: getattr(details, name) for name in ("title", "method", "link", "hardware", "external_data")},
        tracks=judgement.report.tracks,
        reasons=() if state is State.ACCEPTED else tuple(reasons_of(judgement.report)),
    )
    used = _used(earlier, entry, edition.board.period(details.received), edition.board)
    known = _known(earlier, judgement.digest, state)
    if known is not None:
        return Receipt(attachment, known, judgement.report, edition.board, used, True, remarks)
    entry = _numbered(entry, home)
    _write(entry, attachment.path, judgement, staged)
    return Receipt(attachment, entry, judgement.report, edition.board, used, False, remarks)


def _known(earlier: Sequence[FiledEntry], digest: str, state: State) -> FiledEntry | None:
    """The entry that holds the same file: an accepted one, or a rejected one where the file is rejected again."""
    same = [entry for entry in earlier if any(file.sha256 == digest for file in entry.files)]
    accepted = [entry for entry in same if entry.state is State.ACCEPTED]
    return next(iter(accepted or (same if state is State.REJECTED else [])), None)


def _used(earlier: Sequence[FiledEntry], entry: FiledEntry, period: date | None, rules: BoardRules) -> int:
    """Entries that count towards the limit which this one, of that day, counts towards."""
    return sum(
        other.state is State.ACCEPTED
        and other.standing is Standing.COMPETING
        and (not other.tracks or bool({*other.tracks} & {*entry.tracks}))
        and (other.received is None or rules.period(other.received) == period)
        for other in earlier
    )


def _numbered(entry: FiledEntry, home: Path) -> FiledEntry:
    """The entry in the next free folder of its team: ``run-1``, ``run-2`` ..., ``rejected-1`` ..."""
    taken = names_in(home) if home.is_dir() else []
    stem = f"{STEMS[entry.state]}-"
    numbers = [int(rest) for name in taken if name.startswith(stem) and (rest := name.removeprefix(stem)).isdecimal()]
    run = f"{stem}{max(numbers, default=0) + 1}"
    return replace(entry, run=run, folder=home / run)


def _write(entry: FiledEntry, original: Path, judgement: _Judgement, staged: Path) -> None:
    """Complete the staged folder and rename it, bytes before names."""
    candidate, file = staged / "submission.json", staged / entry.files[0].name
    if judgement.accepted:
        candidate.rename(file)
    else:
        candidate.unlink(missing_ok=True)
        shutil.copyfile(original, file)
    (staged / RECORD).write_bytes(record_text(entry).encode())
    for path in (file, staged / RECORD, staged):
        to_disk(path)
    entry.folder.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(entry.folder):  # made by hand in this moment
        raise FileExistsError(0, f"{entry.folder} is there already")
    staged.rename(entry.folder)
    to_disk(entry.folder.parent)


def _name(judgement: _Judgement) -> str:
    """The file's name in the entry; one for several tracks carries no number."""
    if not judgement.accepted:
        return ATTACHMENT
    tracks = judgement.report.tracks
    return f"submission_track{tracks[0]}.json" if len(tracks) == 1 else "submission.json"


def reasons_of(verdict: Report) -> list[str]:
    """Why a file is rejected: a line per code, with how many there are and what the first one says."""
    first = {finding.code: finding for finding in reversed(verdict.findings)}
    counts = [(code, number) for code, number in verdict.counts.items() if code.startswith("E")]
    return [f"{code} {CODES[code].title} ({number}): {first[code].message}" for code, number in counts]
