"""Making the boards of a folder of entries: everything validated, scored, ranked, and nothing dropped silently."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cmivqa_kit.data.display import count
from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.editions import Edition, edition_names
from cmivqa_kit.entries.ground import Ground, OpenGround, open_ground
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import fingerprint, sha256
from cmivqa_kit.leaderboard.board import Board, PerTeam, Row, Section
from cmivqa_kit.leaderboard.file_scores import error_text, file_result
from cmivqa_kit.leaderboard.filed import entries_of
from cmivqa_kit.leaderboard.grounds import Grounds, TrackGround, grounds_of
from cmivqa_kit.leaderboard.limits import handed_in, over_limit
from cmivqa_kit.leaderboard.ranking import ranks, standing_for
from cmivqa_kit.leaderboard.records import FiledEntry, FiledFile, Standing, State
from cmivqa_kit.leaderboard.results import Cache, FileResult, TrackResult
from cmivqa_kit.leaderboard.tie_groups import tie_groups
from cmivqa_kit.metrics.scale import FRACTION
from cmivqa_kit.scoring.statistics.power import ALPHA

Progress = Callable[[int, int], None]  # files done, of how many
Say = Callable[[str], None]

_STANDING = {Standing.BASELINE: "baseline", Standing.LATE: "late"}


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """A file of an entry with its result, and what is wrong with it whatever it holds."""

    entry: FiledEntry
    file: FiledFile
    result: FileResult
    faults: tuple[str, ...] = ()


@dataclass(slots=True)
class _Draft:
    """A row that is being made."""

    row: Row
    result: TrackResult
    gain: float = field(default=-math.inf)  # what ranks, more is better

    @property
    def rankable(self) -> bool:
        return self.row.section == Section.RANKED


def board_of(
    folder: Path | str,
    ground: Ground | OpenGround | Path | str | None = None,
    truths: Sequence[Path | str] = (),
    tracks: Sequence[Track] = TRACKS,
    per_team: PerTeam = "best",
    progress: Progress = lambda done, total: None,
    say: Say = lambda text: None,
) -> list[Board]:
    """The boards of the entries in a folder, one per track that there are answers for.

    >>> import cmivqa_kit as ck
    >>> first, second, third = ck.board_of("submissions")  # of the embedded corpus
    >>> [(row.rank, row.team) for row in first.rows]
    [(1, 'demo-bm25'), (None, 'demo-prior')]

    Args:
        folder: ``SUBMISSIONS``, with entries as ``EDITION/TEAM/RUN``.
        ground: what they are held against, as of `cmivqa_kit.open_entry`.
        truths: answer files, one for each track or one for several; by default the answers of the data root.
        tracks: the boards wanted.
        per_team: which runs of a team are ranked: its best, its last, or all.
        progress: told after each file.
        say: told what is worth knowing about the work itself (a cache that was damaged).

    Raises:
        UserError: there is no such folder, it is that of an edition, or there are no answers to score against.
    """
    folder = Path(folder)
    if folder.name in edition_names():
        raise UserError(f"{folder}: holds the entries of one edition", f"Name the folder above it: {folder.parent}.")
    filed = entries_of(folder)
    boards = boards_of(filed.entries, ground, truths, tracks, per_team, progress, say)
    return [replace(board, problems=filed.problems) for board in boards]


def boards_of(
    entries: Sequence[FiledEntry],
    ground: Ground | OpenGround | Path | str | None = None,
    truths: Sequence[Path | str] = (),
    tracks: Sequence[Track] = TRACKS,
    per_team: PerTeam = "best",
    progress: Progress = lambda done, total: None,
    say: Say = lambda text: None,
) -> list[Board]:
    """The boards of entries wherever they lie; as `board_of`.

    Raises:
        UserError: there are no answers to score against.
    """
    grounds = grounds_for(entries, ground, truths)
    return boards_on(entries, grounds, tracks, per_team, progress, say)


def grounds_for(
    entries: Sequence[FiledEntry],
    ground: Ground | OpenGround | Path | str | None = None,
    truths: Sequence[Path | str] = (),
) -> Grounds:
    """What entries are held against; answer files that do not tell their edition are of that of the entries.

    Raises:
        UserError: there are no answers to score against.
    """
    opened = open_ground(ground)
    names = {entry.edition for entry in entries}
    if truths and opened.ground.edition is None and len(names) == 1:
        opened = opened.on(edition=names.pop())
    return grounds_of(opened, [Path(path) for path in truths])


def boards_on(
    entries: Sequence[FiledEntry],
    grounds: Grounds,
    tracks: Sequence[Track] = TRACKS,
    per_team: PerTeam = "best",
    progress: Progress = lambda done, total: None,
    say: Say = lambda text: None,
) -> list[Board]:
    """The boards of entries on grounds that are at hand; as `board_of`."""
    wanted = [track for track in TRACKS if track in tracks and track in grounds.by_track]
    if not wanted:
        raise UserError("; ".join(grounds.lacking[track] for track in tracks), "Give the answers: --truth FILE.")
    files = _results(entries, grounds, progress, say)
    unplaced = tuple(_unplaced(files, grounds))
    return [_board(files, grounds.by_track[track], grounds.edition, per_team, unplaced) for track in wanted]


def _results(entries: Sequence[FiledEntry], grounds: Grounds, progress: Progress, say: Say) -> list[_Scored]:
    """Every file of every entry with its result, from the cache where it lies there."""
    cache = Cache(fingerprint([[track, own.stamp] for track, own in grounds.by_track.items()]))
    files = [(entry, file) for entry in entries for file in entry.files]
    scored: list[_Scored] = []
    for done, (entry, file) in enumerate(files, 1):
        scored.append(_result(entry, file, grounds, cache))
        progress(done, len(files))
    if cache.damaged:
        say(f"{cache.folder}: {count(cache.damaged, 'kept result')} damaged, made again")
    if cache.refused:
        say(f"results are not kept: {cache.refused}")
    return scored


def _result(entry: FiledEntry, file: FiledFile, grounds: Grounds, cache: Cache) -> _Scored:
    if entry.state == State.REJECTED:
        return _Scored(entry, file, FileResult(()), ("rejected when it came in", *entry.reasons))
    if entry.edition != grounds.edition.name:
        return _Scored(entry, file, FileResult((), (f"is of {entry.edition}, the board of {grounds.edition.name}",)))
    path = entry.folder / file.name
    try:
        digest = sha256(path)
    except OSError as error:
        return _Scored(entry, file, FileResult(()), (f"cannot be read ({error.strerror or error})",))
    result = cache.read(digest)
    if result is None:
        result = file_result(path, grounds)
        cache.write(digest, result)
    changed = file.sha256 and file.sha256 != digest
    return _Scored(entry, file, result, ("changed since it was filed: another SHA-256",) if changed else ())


def _unplaced(files: Iterable[_Scored], grounds: Grounds) -> Iterable[Row]:
    """The rows that no board has: the track cannot be told, or there are no answers for it."""
    for scored in files:
        if not scored.result.tracks:
            section = Section.INVALID if scored.entry.edition == grounds.edition.name else Section.ELSEWHERE
            yield Row(scored.entry, scored.file, None, section, reasons=scored.faults or scored.result.reasons)
        for result in scored.result.tracks:
            if result.track not in grounds.by_track:
                yield Row(scored.entry, scored.file, result.track, Section.ELSEWHERE, reasons=(result.elsewhere,))


def _board(
    files: Sequence[_Scored], own: TrackGround, edition: Edition, per_team: PerTeam, unplaced: tuple[Row, ...]
) -> Board:
    drafts = [
        _draft(scored, result) for scored in files for result in scored.result.tracks if result.track == own.track
    ]
    _mark_over_limit(drafts, edition)
    able = [draft for draft in drafts if draft.rankable]
    chosen = standing_for(
        able, lambda draft: draft.row.team, lambda draft: draft.gain, lambda draft: handed_in(draft.row.entry), per_team
    )
    for draft in able:
        if draft not in chosen:
            draft.row = replace(
                draft.row, section=Section.SUPERSEDED, reasons=(f"another run is its team's {per_team}",)
            )
    chosen.sort(key=_order)
    for draft, rank in zip(chosen, ranks([draft.gain for draft in chosen]), strict=True):
        draft.row = replace(draft.row, rank=rank)
    known = next((draft.result for draft in drafts if draft.result.signature), TrackResult(own.track))
    board = Board(
        track=own.track,
        split=own.split,
        edition=edition.name,
        truth=own.truth.name,
        metric=edition.metrics.ranks[own.track - 1],
        metrics=tuple(dict.fromkeys(name for draft in drafts for name in (draft.row.official or draft.row.repaired))),
        scales=known.scales,
        decimals=edition.board_decimals,
        questions=known.counts.get("questions", 0),
        videos=len(set(known.clusters.tolist())),
        rows=(),
        unplaced=unplaced,
        per_team=per_team,
        signature=known.signature,
    )
    drawn = own.ground.ground.resampling
    if drawn is not None:
        board = replace(board, resamples=drawn.resamples, seed=drawn.seed)
    board = _with_ties(board, [draft for draft in chosen if len(draft.result.values)])
    return replace(board, rows=tuple(draft.row for draft in sorted(drafts, key=_order)))


def _draft(scored: _Scored, result: TrackResult) -> _Draft:
    """A file's row on the board of a track, ranked where nothing speaks against it."""
    reasons = list(scored.faults)
    section = Section.INVALID if scored.faults else Section.RANKED
    value = result.ranks_by
    scale = result.scales.get(result.headline, FRACTION)
    gain = -math.inf
    if result.elsewhere:
        return _Draft(
            Row(scored.entry, scored.file, result.track, Section.ELSEWHERE, reasons=(result.elsewhere,)), result
        )
    if result.crash:
        reasons.append(result.crash)
    elif value is not None and math.isfinite(value):
        gain = scale.gain(value)
    else:
        reasons.append("no number that ranks")
    if reasons and section == Section.RANKED:
        section = Section.UNRANKED
    if result.errors and not (result.crash and result.repaired):
        section = Section.INVALID
        reasons += [error_text(code, number) for code, number in result.errors.items()]
    if scored.entry.standing in _STANDING:
        reasons.append(_STANDING[scored.entry.standing])
        section = Section.UNRANKED if section == Section.RANKED else section
    row = Row(
        scored.entry, scored.file, result.track, section,
        official=result.official, repaired=result.repaired, strict=result.strict, intervals=result.intervals,
        by_language=result.by_language, counts=result.counts, findings=result.findings,
        differences=result.differences, reasons=tuple(reasons),
    )  # fmt: skip
    return _Draft(row, result, gain)


def _mark_over_limit(drafts: Iterable[_Draft], edition: Edition) -> None:
    """Entries over their team's limit on this track are not ranked; what is not valid counts towards none."""
    able = [draft for draft in drafts if draft.rankable]
    entries = {draft.row.entry.folder: draft.row.entry for draft in able}
    over = over_limit(entries.values(), edition.board)
    for draft in able:
        reason = over.get(draft.row.entry.folder)
        if reason is not None:
            draft.row = replace(draft.row, section=Section.UNRANKED, reasons=(*draft.row.reasons, reason))


def _order(draft: _Draft) -> tuple[object, ...]:
    """The order of a board: what has an official number by that, then the rest of each kind."""
    section = draft.row.section
    has_number = section == Section.RANKED or (section == Section.UNRANKED and draft.gain > -math.inf)
    first = 0 if has_number else list(Section).index(section)
    repaired = draft.result.repaired.get(draft.result.headline, -math.inf)
    return first, -max(draft.gain, repaired), handed_in(draft.row.entry), draft.row.file.name


def _with_ties(board: Board, chosen: Sequence[_Draft]) -> Board:
    """The board with what was compared; the rows of ``chosen`` get their groups."""
    if not chosen:
        return board
    settings = (board.resamples, board.seed) if board.resamples else ()
    ties = tie_groups([draft.result.values for draft in chosen], chosen[0].result.clusters.tolist(), ALPHA, *settings)
    for draft, number, p in zip(chosen, ties.groups, ties.p, strict=True):
        draft.row = replace(draft.row, tie_group=number, p=p)
    return replace(board, comparisons=ties.comparisons, alpha=ALPHA, detectable=ties.detectable)
