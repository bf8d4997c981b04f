"""Schemas of `init`, `config`, `baselines` and `convert-checkpoint`."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.registry import declare
from cmivqa_kit.cli.json_schemas.shapes import anything, flag, listing, mapping, record, text, track

declare(
    "init",
    "cmivqa init --from downloads/ --format json",
    record(
        "the workspace that was made",
        {
            "workspace": text("path of cmivqa.toml"),
            "written": flag("false where an existing one was kept"),
            "root": text("data root that was filled"),
            "edition": text("edition that the downloads are of"),
            "placed": listing(
                "what was recognised",
                record(
                    "a file or folder",
                    {"what": text("kind"), "from": text("name of the download"), "to": text("path in the data root")},
                ),
            ),
            "ignored": listing(
                "what was left out", record("a file", {"what": text("its name"), "why": text("the reason")})
            ),
            "missing": listing("what the edition has and the root has not", text("a sentence")),
            "reissued": listing("videos that the organizers handed out again", text("video id")),
            "remarks": listing("what will not work as it is", text("a sentence")),
        },
        optional=("root", "edition", "placed", "ignored", "missing", "reissued", "remarks"),
    ),
    "Keys from `/root` on are there with `--from` alone.",
)
declare(
    "config",
    "cmivqa config --format json",
    record(
        "the settings in force",
        {
            "workspace": text("path of cmivqa.toml; null: no workspace here", null=True),
            "settings": mapping(
                "by name, such as run.seed",
                record(
                    "a setting",
                    {"value": anything("its value"), "origin": text("where it comes from: flag, file or default")},
                ),
            ),
            "baseline": mapping(
                "settings of the baseline by section", mapping("by key", anything("value of the setting"))
            ),
        },
    ),
)
declare(
    "baselines",
    "cmivqa baselines --format json",
    listing(
        "the installed baselines",
        record(
            "a baseline",
            {
                "name": text("as --baseline takes it"),
                "title": text("the system in a few words"),
                "tracks": listing("tracks it answers", track()),
                "paper": text("its publication"),
                "needs": listing(
                    "what it needs, such as package:torch, or goes without, such as optional:torch", text("a need")
                ),
                "missing": listing("packages that are not installed", text("a package")),
                "presets": listing("as --preset takes them", text("a preset")),
            },
        ),
    ),
)
declare(
    "convert-checkpoint",
    "cmivqa convert-checkpoint ccgs download.bin runs/official --format json",
    record(
        "the run that was made",
        {
            "run": text("its directory"),
            "system": text("baseline that the weights are of"),
            "variant": text("variant of the system"),
            "recipe": text("always published"),
            "sizes": mapping("sizes of the network, those of the system", anything("a size")),
            "ignored": listing("weights of the checkpoint that nothing uses", text("a key")),
            "missing": listing("weights that the checkpoint lacks", text("a key")),
            "remarks": listing("what must be known of it", text("a sentence")),
        },
    ),
)
