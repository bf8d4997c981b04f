"""The completion scripts of bash, zsh and fish: click's own, with what our flags need beside.

Tried in the real shells: no blank behind ``section.key=``, where the value follows at once; ``--flag=VALUE`` completes
as ``--flag VALUE`` does (click offers nothing in bash and fish, and in zsh puts the value in the place of the flag);
fish shows a description to its end, commas included. Importing this module registers them.
"""

from __future__ import annotations

from typing import Any

from click.shell_completion import BashComplete, CompletionItem, FishComplete, ZshComplete, add_completion_class


def _with(template: str, *changes: tuple[str, str]) -> str:
    """A script in which each first text is replaced by the second."""
    for old, new in changes:
        template = template.replace(old, new)
    return template


@add_completion_class
class Bash(BashComplete):
    """Bash cuts a word at ``=``: ``--flag=VALUE`` arrives as three words, of which the last one is completed."""

    source_template = _with(
        BashComplete.source_template,
        ("COMPREPLY+=($value)\n", "COMPREPLY+=($value)\n            [[ $value == *= ]] && compopt -o nospace\n"),
    )

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is completed, and that word; what ``=`` cut is whole again."""
        words, incomplete = super().get_completion_args()
        whole: list[str] = []
        for word in (*words, incomplete):
            if whole and (word == "=" or whole[-1].endswith("=")):
                whole[-1] += word
            else:
                whole.append(word)
        return whole[:-1], whole[-1]


@add_completion_class
class Zsh(ZshComplete):
    """In zsh the part up to the ``=`` of a flag is set aside before anything is offered."""

    source_template = _with(
        ZshComplete.source_template,
        (
            "    for type key descr in",
            "    local -a around\n"
            "    [[ $words[CURRENT] == --*=* ]] && compset -P 1 '*=' && around=(-i \"$IPREFIX\")\n\n"
            "    for type key descr in",
        ),
        ("; do\n        if", '; do\n        [[ $key == *= ]] && around+=(-S "")\n        if'),
        ("completions_with_descriptions -U", 'completions_with_descriptions -U "${around[@]}"'),
        ("compadd -U -V", 'compadd -U "${around[@]}" -V'),
    )


@add_completion_class
class Fish(FishComplete):
    """Fish offers only what begins with the whole word, its flag included."""

    source_template = _with(FishComplete.source_template, ('string split ","', 'string split --max 1 ","'))

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[Any]]:
        """As click's, each value behind its flag where one stands before the ``=``."""
        items = super().get_completions(args, incomplete)
        flag, equals, _ = incomplete.partition("=")
        if not (equals and flag.startswith("--")):
            return items
        return [
            CompletionItem(f"{flag}={item.value}", help=item.help) if item.type == "plain" else item for item in items
        ]
