"""`cmivqa init --from`: what the organizers hand out, as it was downloaded, becomes one data root.

Archives are unpacked safely into a staging folder, loose files and folders are read where they lie; JSON files are
copied, feature folders are linked (or moved, where they came out of an archive), videos and audios are left out. The
tree written is ``<split>/`` with question files, ``subtitle.json`` and ``video_feature/``, and ``answers/``; the videos
that dev is ranked over (``dev_corpus.json``) stand beside the dev questions. What lies in the data root already is kept
and helps to tell where new files belong.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from cmivqa_kit.data.answer_evidence import NOTHING_KNOWN, KnownPredictions, Sorted, sort_questions
from cmivqa_kit.data.caption_languages import apart_by_language
from cmivqa_kit.data.captions import file_language
from cmivqa_kit.data.catalogue import Catalogue, catalogue
from cmivqa_kit.data.dev_corpus import DEV_CORPUS
from cmivqa_kit.data.downloads import Heap, collect
from cmivqa_kit.data.feature_names import name_videos
from cmivqa_kit.data.line_times import KINDS
from cmivqa_kit.data.missing_files import missing_files
from cmivqa_kit.data.placing import Placement, Targets, put, refuse_conflicts, without_repeats
from cmivqa_kit.data.question_places import COVERED, dev_folder, question_path, split_of_another
from cmivqa_kit.data.recognise import Recognised, recognise
from cmivqa_kit.data.root_edition import MANIFEST
from cmivqa_kit.data.root_remarks import root_remarks
from cmivqa_kit.data.srt import convert_folder, split_name
from cmivqa_kit.data.types import Note
from cmivqa_kit.editions import Edition, load_edition
from cmivqa_kit.errors import Problem, RunFailed, UserError, problems_error
from cmivqa_kit.files import read_json, write_json
from cmivqa_kit.joint_files import published_together
from cmivqa_kit.output_paths import is_taken
from cmivqa_kit.temporary_files import temporary_folder

__all__ = ["Intake", "Placement", "gather"]

MOST_QUESTION_FILES = 1_000
SHARED = ""  # the place of files that serve several splits: the data root itself


@dataclass(frozen=True, slots=True)
class Intake:
    """What `gather` found: the edition, the files placed, what was left out and why, and what is missing.

    ``reissued`` are the videos that the organizers of this edition handed out twice, because the first were broken.
    ``remarks`` say what of the data root will not work as it is (`cmivqa_kit.data.root_remarks`).
    """

    root: Path
    edition: Edition
    placements: tuple[Placement, ...]
    ignored: tuple[Note, ...]
    missing: tuple[str, ...]
    reissued: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def gather(
    paths: Sequence[Path],
    root: Path,
    edition: str | None = None,
    tell: Callable[[str], None] = lambda line: None,
    answers: Sequence[Path] = (),
    known_predictions: KnownPredictions = NOTHING_KNOWN,
    encoding: str | None = None,
) -> Intake:
    """Bring downloads into the data root ``root`` (made if absent; files already in it are kept).

    Args:
        paths: files, archives and folders.
        root: the data root.
        edition: the edition, where it should not be detected.
        tell: called with a line about each long step.
        answers: files (or archives or folders of them) whose times are the true answers, as the user says.
        known_predictions: what is known of predictions, which are never taken for answers.
        encoding: of files that are not UTF-8.

    Raises:
        UserError: a path is missing or a damaged or hostile archive, nothing usable was found, a split cannot be told,
            the data root is of another edition, or a different file already stands where one would go. Nothing is
            placed in these cases.
        RunFailed: the disk is full or not writable.
    """
    given = (*paths, *answers)
    problems = [Problem(str(path), "no such file or folder") for path in given if not path.exists()]
    problems += [
        Problem(str(path), f"is the data root {root}, or in it: name it with --data, without --from")
        for path in given
        if path.resolve().is_relative_to(root.resolve())
    ]
    if root.exists() and not root.is_dir():
        problems.append(Problem(str(root), "the data root is a file"))
    if problems:
        raise problems_error("--answers" if not paths else "--from", problems, "Check the paths.")
    with ExitStack() as stack:
        try:
            root.parent.mkdir(parents=True, exist_ok=True)
            home = stack.enter_context(temporary_folder(root.parent, "intake"))
        except OSError as error:
            what = f"{root}: cannot be made ({error.strerror or error})"
            raise RunFailed(what, "Choose another --data DIR.") from None
        heap = Heap(apart=tuple(path.resolve() for path in answers), encoding=encoding)
        for number, path in enumerate(paths):
            collect(path, home / str(number), heap, root, tell)
        flagged = Heap(encoding=encoding)
        for number, path in enumerate(answers):
            collect(path, home / f"answers-{number}", flagged, root, tell, flagged=True)
        _add_flagged(heap, flagged)
        known_predictions = replace(known_predictions, digests={**heap.digests, **known_predictions.digests})
        return _gather(heap, root, home, edition, known_predictions)


def _add_flagged(heap: Heap, flagged: Heap) -> None:
    """Put the files that the user called answers to the others.

    Raises:
        UserError: there is no time in one of them, or nothing at all; all are listed.
    """
    problems = [Problem(note.subject, note.why) for note in flagged.ignored]
    problems += [Problem(file.hint, "there are no times in it") for file in flagged.json if not file.answers]
    if problems:
        raise problems_error(
            "--answers", problems, "Name the organizers' answer file: JSON with ids, videos and times."
        )
    heap.json += flagged.json
    heap.digests.update(flagged.digests)


def _gather(heap: Heap, root: Path, staging: Path, edition: str | None, known_predictions: KnownPredictions) -> Intake:
    known = catalogue(root) if root.is_dir() else None
    rules = _edition(heap, known, edition)
    present = _present(known)
    if len(heap.of_kind("questions")) > MOST_QUESTION_FILES:  # each is held against every other
        raise UserError(
            f"{len(heap.of_kind('questions')):,} question files, more than the limit of {MOST_QUESTION_FILES:,}",
            "Give only the organizers' files.",
        )
    questions, left_out = sort_questions(heap.of_kind("questions"), list(present.values()), rules, known_predictions)
    heap.ignored += left_out
    if not questions and not present:
        seen = "; ".join(f"{note.subject}: {note.why}" for note in heap.ignored[:5]) or "no .json file at all"
        raise UserError("no question file found in what was given", f"Looked at: {seen}")
    plan, unsorted = _plan(questions, heap, present, rules, root, staging)
    if unsorted:
        raise problems_error(
            "cannot tell which split these files belong to",
            unsorted,
            f"Rename each so that its name holds one of {', '.join(rules.splits)}, and try again.",
        )
    if not plan:
        raise UserError("nothing usable found in what was given", _looked_at(heap))
    plan, repeats = without_repeats(plan)
    heap.ignored += repeats
    refuse_conflicts(plan)
    _fill(root, plan, staging, rules)
    heap.ignored += [Note(f"{n} {suffix} files", "videos and audios are not used") for suffix, n in heap.media.items()]
    filled = catalogue(root)
    return Intake(
        root, rules, tuple(plan), tuple(heap.ignored), tuple(missing_files(filled, rules)), rules.reissued_videos,
        root_remarks(filled),
    )  # fmt: skip


def _fill(root: Path, plan: Sequence[Placement], staging: Path, rules: Edition) -> None:
    """Put everything into the data root by one step, whether it is a new one or not."""
    home = staging / "root"

    def reserve(name: str, regular: bool = True) -> Path:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        return home / name

    try:
        with published_together(root) if is_taken(root) else nullcontext(reserve) as reserved:
            targets = Targets(root, reserved)
            for place in plan:
                put(place, staging, targets)
            _write_manifest(root, rules, targets)
        if home.exists():
            home.rename(root)
    except RunFailed as error:
        raise RunFailed(error.message.replace(str(home), str(root)), error.fix) from None


def _looked_at(heap: Heap) -> str:
    seen = "; ".join(f"{note.subject}: {note.why}" for note in heap.ignored[:5])
    return f"Looked at: {seen}" if seen else "Videos and audios are not used."


def _edition(heap: Heap, known: Catalogue | None, stated: str | None) -> Edition:
    """The edition as stated, else that of the data root, else what most of the question files look like."""
    files = [file for file in heap.of_kind("questions") if file.edition]
    votes = Counter(file.edition for file in files if not file.tentative) or Counter(file.edition for file in files)
    seen = votes.most_common(1)[0][0] if votes else None
    here = known.edition.name if known is not None and (known.questions or (known.root / MANIFEST).exists()) else None
    if stated is None and here is not None and seen is not None and here != seen:
        raise UserError(
            f"{known.root if known else ''}: the data root holds {here}, these files look like {seen}",
            "Give another data root with --data DIR, or say which edition it is with --edition NAME.",
        )
    return load_edition(stated or here or seen or "cmivqa-2023")


def _present(known: Catalogue | None) -> dict[str, Recognised]:
    """The question files that lie in the data root already, by their folder below it and name."""
    files = [file.path for file in known.questions] if known is not None else []
    found = {str(path): recognise(path, path.name) for path in files}
    return {name: one for name, one in found.items() if one.kind == "questions"}


def _plan(
    questions: Sequence[Sorted], heap: Heap, present: dict[str, Recognised], edition: Edition, root: Path, staging: Path
) -> tuple[list[Placement], list[Problem]]:
    plan: list[Placement] = []
    unsorted: list[Problem] = []
    videos: dict[str, set[str]] = defaultdict(set)  # place below the root -> ids its questions or answers name
    for found in present.values():
        folder = found.path.parent.relative_to(root).as_posix()
        videos[SHARED if folder == "." else folder] |= found.videos
    for question in questions:
        file, answers = question.file, question.answers
        split = question.split or split_of_another(file, questions, heap.of_kind("subtitles"), edition)
        if split is None:
            noun = "answers whose split cannot be told" if file.answers else "questions without answers"
            unsorted.append(Problem(file.hint, f"{file.count} {noun}"))
            continue
        answers = answers or (file.flagged and edition.splits[split].answers == "organizers")
        videos[split] |= file.videos
        target = root / question_path(file, split, edition, answers)
        plan.append(Placement(file.path, target, "answers" if answers else "questions", hint=file.full_name))
    dev = dev_folder([place.target.parent for place in plan], present.values(), edition, root)
    for found in heap.of_kind("dev corpus"):
        if dev is None:
            heap.ignored.append(Note(found.full_name, "no dev questions are there that it would belong to"))
        else:
            plan.append(Placement(found.path, dev / DEV_CORPUS, "dev corpus", hint=found.full_name))
    spoken: list[tuple[Path, Path, str]] = []
    for found in [*heap.of_kind("subtitles"), *_from_captions(heap, staging, frozenset().union(*videos.values()))]:
        home = _home(found.videos, videos, edition.split_in(*found.named, found.outer))
        if home is None:
            unsorted.append(Problem(found.hint, f"subtitles of {found.count} videos that no question names"))
            continue
        if home != SHARED:
            videos[home] |= found.videos
        spoken.append((found.path, root / home / "subtitle.json", found.full_name))
    targets = apart_by_language([(path, target) for path, target, _ in spoken], file_language)
    plan += [Placement(s[0], target, "subtitles", hint=s[2]) for s, target in zip(spoken, targets, strict=True)]
    known = set().union(*videos.values())
    for group in heap.features.values():
        ids = set(name_videos(group.files, known).files) if known else {file.stem for file in group.files}
        home = _home(ids, videos, edition.split_in(*reversed(Path(group.hint).parts))) or SHARED
        plan.append(Placement(group.path, root / home / "video_feature", "features", group.files, group.hint))
    return plan, unsorted


def _home(ids: Iterable[str], videos: dict[str, set[str]], named: str | None) -> str | None:
    """The split whose videos are covered, else the one named, else the one partly covered; the root for several."""
    ids = set(ids)
    share = {split: len(known & ids) / len(known) for split, known in videos.items() if known}
    covered = [split for split, part in share.items() if part >= COVERED]
    if len(covered) > 1:
        return SHARED
    if covered:
        return covered[0]
    if named is not None:
        return named
    touched = [split for split, part in share.items() if part]
    if touched:
        return touched[0] if len(touched) == 1 else SHARED
    unknown = [split for split, known in videos.items() if not known]
    return unknown[0] if len(unknown) == 1 else None


def _from_captions(heap: Heap, staging: Path, known: Collection[str]) -> list[Recognised]:
    """One subtitle.json per folder of .srt and .vtt files, for the videos that no subtitle.json has."""
    have = {video for found in heap.of_kind("subtitles") for video in found.videos}
    made = []
    for number, folder in enumerate(heap.captions.values()):
        wanted = [file for file in folder.files if split_name(file, known)[0] not in have]
        if len(wanted) < len(folder.files):
            left = len(folder.files) - len(wanted)
            heap.ignored.append(Note(f"{left} caption files in {folder.hint}", "a subtitle.json has these videos"))
        if not wanted:
            continue
        links = staging / f"captions-{number}"
        links.mkdir()
        for file in wanted:
            (links / file.name).symlink_to(file.resolve())
        target = staging / f"captions-{number}.json"
        try:
            notes = convert_folder(links, target, None, heap.encoding, known).notes
            heap.ignored += [note for note in notes if note.kind not in KINDS]  # those are among the remarks
        except UserError as error:
            raise UserError(
                error.message.replace(str(links), str(folder.hint)),
                "Mend or remove these files; or run cmivqa data subtitles FOLDER subtitle.json --language CODE and "
                "give that file here instead of the folder.",
            ) from None
        found = recognise(target, folder.hint)
        if found.kind == "subtitles":
            made.append(replace(found, path=target))
    return made


def _write_manifest(root: Path, rules: Edition, targets: Targets) -> None:
    """State the edition; whatever else an existing manifest says (a name, a licence) stays."""
    path = root / MANIFEST
    before = read_json(path) if path.exists() else {"name": rules.title}
    if before.get("edition") != rules.name:
        write_json(targets.new(path), {**before, "edition": rules.name})
