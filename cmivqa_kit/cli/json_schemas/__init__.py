"""One declared JSON Schema for what each command prints with ``--format json``.

`docs/json.md` is generated from them (`python -m cmivqa_kit.cli.reference json`), and the tests validate every JSON
document of a command against its own. No command imports them.
"""
