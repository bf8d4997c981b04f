"""`cmivqa convert-checkpoint`."""

from __future__ import annotations

from pathlib import Path

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, Session, options, permission_for, words


@click.command(
    "convert-checkpoint",
    short_help="Turn an official checkpoint into a run that predict accepts.",
    epilog="Example: cmivqa convert-checkpoint ccgs downloads/12_0.6_27.03model runs/official-ccgs",
)
@click.argument("system", metavar="SYSTEM")
@click.argument("source", type=PATH, metavar="SRC")
@click.argument("out", type=PATH, metavar="OUT")
@click.option("--config", type=PATH, metavar="JSON", help="Sizes of the network, where the checkpoint lacks them.")
@click.option("--encoder", metavar="NAME|DIR", help="Encoder it was trained with: Hugging Face name or folder.")
@click.option("--tokenizer", type=PATH, metavar="DIR", help="Tokenizer, where the checkpoint lacks it.")
@options("trust-remote-code", "format")
def command(
    system: str,
    source: Path,
    out: Path,
    config: Path | None,
    encoder: str | None,
    tokenizer: Path | None,
    trust_remote_code: bool,
    form: str,
) -> None:
    """Turn an official checkpoint into a run that `cmivqa predict --run OUT` accepts.

    SRC is the download as it is: a file of torch.save or safetensors under any name, a model folder, or an archive
    around it. Nothing but tensors and plain values is unpickled, never code; weights are kept as safetensors. The
    recipe of the run is always "published".
    """
    from cmivqa_kit.neural.conversion import convert_checkpoint
    from cmivqa_kit.neural.trust import trusting_code
    from cmivqa_kit.plugin.registry import find_declaration

    session = Session(form)
    with trusting_code(trust_remote_code):
        done = convert_checkpoint(find_declaration(system), source, out, config, encoder, tokenizer)
    report = done.report
    if session.json:
        render.as_json(
            {
                "run": done.run.path,
                "system": system,
                "variant": report.variant,
                "recipe": done.run.recipe,
                "sizes": dict(report.sizes),
                "ignored": list(report.ignored),
                "missing": list(report.missing),
                "remarks": list(report.remarks),
            }
        )
        return
    session.say(f"{done.run.path}: {system}, variant {report.variant}, recipe {done.run.recipe}")
    session.table("", ["size", "value"], [(name, _short(value)) for name, value in report.sizes.items()])
    for what, keys in (("ignored", report.ignored), ("missing", report.missing)):
        session.say(f"{len(keys)} keys {what}{': ' + ', '.join(keys[:10]) if keys else ''}")
    for remark in report.remarks:
        session.say(f"Note: {remark}", "yellow")
    session.next(words("cmivqa", "predict", "--run", out, "--split", "testA", *permission_for(done.run)))


def _short(value: object) -> str:
    """A size; of an encoder's many only those that tell how large it is."""
    if not isinstance(value, dict):
        return str(value)
    telling = ("model_type", "hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size")
    return ", ".join(f"{name} {value[name]}" for name in telling if name in value)
