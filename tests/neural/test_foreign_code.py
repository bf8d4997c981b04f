"""Code that an encoder brings: what is run, from which bytes, and what is said where it fails."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
import torch

from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoder_code import EncoderFiles, code_of
from cmivqa_kit.neural.encoder_origin import ENCODER, EncoderOrigin, codes_of, store_origin
from cmivqa_kit.neural.encoders import CODE, config_of, new_encoder, open_config, open_encoder, open_tokenizer, plain
from cmivqa_kit.neural.foreign_code import PACKAGE, failure_in_code
from cmivqa_kit.neural.trust import code_is_trusted, trusting_code
from cmivqa_kit.runs.directory import ENCODERS, FOREIGN_CODE, make_run
from tests.neural.home_made import AUTO_MAP, CONFIGURATION, FILES, MODELING, TOKENIZATION, home_made

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return home_made(tmp_path / "home")


def modules() -> set[str]:
    """The modules of such code that were imported in this process."""
    return {name for name in sys.modules if name.startswith(PACKAGE)}


def refusal(folder: Path) -> str:
    with trusting_code(True), pytest.raises(UserError) as caught:
        open_encoder(str(folder), (), 0)
    return str(caught.value)


def test_it_is_run_with_the_permission_alone(home: Path) -> None:
    before = modules()
    for opened in (open_config, open_tokenizer, lambda name: open_encoder(name, (), 0)):
        with pytest.raises(UserError, match=r"(?s)configuration_home\.HomeConfig.*not run without --trust-remote-code"):
            opened(str(home))  # type: ignore[operator]
    assert modules() == before
    with trusting_code(True):
        encoder = open_encoder(str(home), (), 0, added=["[Music]", "[Noise]"])
        assert code_is_trusted()
    assert not code_is_trusted()
    names = {name.partition(".")[2] for name in modules() - before}
    assert names == {"", "configuration_home", "modeling_home", "parts", "parts.mixing", "tokenization_home"}
    assert encoder.config.vocab_size == len(encoder.tokenizer)
    built = new_encoder(config_of(json.loads(json.dumps(plain(encoder.config)))))
    assert {n: v.shape for n, v in built.state_dict().items()} == {
        n: v.shape for n, v in encoder.model.state_dict().items()
    }
    assert {value.dtype for value in built.state_dict().values()} == {torch.float32}
    with pytest.raises(UserError, match="not run without"):  # what ran before gives no permission
        open_encoder(str(home), (), 0)


def test_an_encoder_without_code_needs_no_permission_and_runs_none(tmp_path: Path) -> None:
    own = open_encoder("tiny", ["press the wound"], 0)
    getattr(own.model, "save_pretrained")(tmp_path)  # noqa: B009 (mypy knows no such attribute of a module)
    own.tokenizer.save_pretrained(tmp_path)
    (tmp_path / "modeling.py").write_text("raise SystemExit('it ran')", encoding="utf-8")
    for trusted in (False, True):
        with trusting_code(trusted):
            opened = open_encoder(str(tmp_path), (), 0)
        assert opened.origin is not None and opened.origin.code is None
        assert CODE not in plain(opened.config)


def test_a_known_kind_is_transformers_own_without_the_permission(tmp_path: Path) -> None:
    own = open_encoder("tiny", ["press the wound"], 0)
    getattr(own.model, "save_pretrained")(tmp_path)  # noqa: B009
    own.tokenizer.save_pretrained(tmp_path)
    document = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    document["auto_map"] = {"AutoModel": "modeling.Model"}
    (tmp_path / "config.json").write_text(json.dumps(document), encoding="utf-8")
    assert type(open_encoder(str(tmp_path), (), 0).model).__module__.startswith("transformers.")
    assert "there is no modeling.py, which auto_map names" in refusal(tmp_path)
    (tmp_path / "modeling.py").write_text(
        "from transformers import ModernBertModel\nclass Model(ModernBertModel): pass", encoding="utf-8"
    )
    with trusting_code(True):
        assert type(open_encoder(str(tmp_path), (), 0).model).__module__.startswith(PACKAGE)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("modeling_home.py", "def broken(:\n", "modeling_home.py:1: not Python (invalid syntax"),
        ("modeling_home.py", "\0", "not Python"),
        ("modeling_home.py", "import no_such_package_here\n", "modeling_home.py:1: code of the encoder fails (it needs "
         "the package no_such_package_here, which is not installed here)"),
        ("modeling_home.py", "from transformers import NoSuchName\n", "modeling_home.py:1: code of the encoder fails "
         "(ImportError: cannot import name 'NoSuchName'"),
        ("modeling_home.py", "\nfrom .other import x\n", "modeling_home.py:2: code of the encoder fails (other.py does "
         "not lie beside it)"),
        ("modeling_home.py", "x = 1 / 0\n", "modeling_home.py:1: code of the encoder fails (ZeroDivisionError: div"),
        ("modeling_home.py", "raise SystemExit(0)\n", "modeling_home.py: ends the program"),
        ("modeling_home.py", "x = 1\n", "modeling_home.py: has no class HomeModel; auto_map names it"),
        ("modeling_home.py", "class HomeModel: pass\n", "HomeModel is no PreTrainedModel of transformers"),
        ("modeling_home.py", "HomeModel = 3\n", "HomeModel is no PreTrainedModel of transformers"),
        ("modeling_home.py", MODELING.replace("super().__init__(config)", "{}['x']"), "(KeyError: 'x')"),
        ("modeling_home.py", MODELING.replace("input_ids, attention_mask)", "tokens)"), "does not fit"),
        ("modeling_home.py", MODELING.replace("last_hidden_state=", "hidden_states="), "does not fit"),
        ("parts/mixing.py", "class Mixing:\n def __init__(self, x):\n  raise OSError(2, 'x')\n", "mixing.py:3: code"),
        ("configuration_home.py", "class HomeConfig: pass\n", "HomeConfig is no PreTrainedConfig of transformers"),
        ("tokenization_home.py", "HomeTokenizer = None\n", "has no class HomeTokenizer"),
        ("tokenization_home.py", TOKENIZATION.replace("pass", "def __init__(self, **x): raise ValueError('no')"),
         "tokenization_home.py:5: code of the encoder fails (ValueError: no)"),
    ],
)  # fmt: skip
def test_what_fails_names_the_file(tmp_path: Path, file: str, text: str, said: str) -> None:
    assert said in refusal(home_made(tmp_path / "home", {**FILES, file: text}))


def test_code_that_asks_for_more_code_puts_no_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(text: str = "") -> str:
        raise AssertionError(text)

    monkeypatch.setattr("builtins.input", asked)
    other = home_made(tmp_path / "other")
    text = f"from transformers import AutoConfig\nAutoConfig.from_pretrained({str(other)!r})\n{MODELING}"
    said = refusal(home_made(tmp_path / "home", {**FILES, "modeling_home.py": text}))
    assert "modeling_home.py:2: code of the encoder fails (ValueError: it holds Python objects or code" in said


def test_a_configuration_without_a_width_is_refused(tmp_path: Path) -> None:
    files = {
        "configuration_home.py": CONFIGURATION.replace("self.hidden_size", "self.width"),
        "modeling_home.py": MODELING.replace("config.hidden_size", "config.width"),
    }
    assert "HomeConfig has no hidden_size" in refusal(home_made(tmp_path / "home", {**FILES, **files}))


@pytest.mark.parametrize(
    ("auto_map", "said"),
    [
        ({"AutoConfig": "../escape.Config"}, "is no class in a file"),
        ({"AutoConfig": "/etc/passwd.x"}, "is no class in a file"),
        ({"AutoConfig": "nothing"}, "is no class in a file"),
        ({**AUTO_MAP, "AutoModel": "modeling_gone.Model"}, "there is no modeling_gone.py, which auto_map names"),
        ({"AutoConfig": AUTO_MAP["AutoConfig"]}, "names a configuration, and no AutoModel"),
        ([], "its configuration cannot be read"),
    ],
)
def test_descriptions_that_name_no_file(tmp_path: Path, auto_map: object, said: str) -> None:
    (tmp_path / "escape.py").write_text("raise SystemExit('it ran')", encoding="utf-8")
    assert said in refusal(home_made(tmp_path / "home", auto_map=auto_map))


def test_the_bytes_that_are_run_are_those_of_the_digest(home: Path) -> None:
    code = code_of(EncoderFiles.of(str(home)))
    assert code is not None
    assert set(code.files) == set(FILES)  # not what merely lies beside
    (home / "parts" / "mixing.py").write_text("raise SystemExit('it ran')", encoding="utf-8")
    (home / "parts" / "late.py").write_text("raise SystemExit('it ran')", encoding="utf-8")
    from transformers import PreTrainedModel

    assert code.class_of("AutoModel", PreTrainedModel).__name__ == "HomeModel"
    other = code_of(EncoderFiles.of(str(home)))
    assert other is not None and other.digest != code.digest


def test_a_run_keeps_the_code_and_takes_no_other(home: Path, tmp_path: Path) -> None:
    with trusting_code(True):
        origin = EncoderOrigin.of(str(home))
        run = make_run(tmp_path / "run", "ccgs", {}, 0)
        store_origin(run, ENCODER, origin)
        store_origin(run, ENCODER, origin)  # the same again, when it goes on
    shutil.rmtree(home)
    assert origin.code is not None
    assert run.foreign_code == {ENCODER: origin.code.digest}
    with pytest.raises(UserError, match=r"(?s)modeling_home\.HomeModel.*not run without --trust-remote-code"):
        codes_of(run)
    with trusting_code(True):
        assert codes_of(run)[ENCODER].files == origin.code.files
        [folder] = (run.path / FOREIGN_CODE).iterdir()
        (folder / "added.py").write_text("x = 1", encoding="utf-8")
        with pytest.raises(UserError, match=r"(?s)added\.py: other bytes than recorded.*--trust-remote-code does not"):
            codes_of(run)
        (folder / "added.py").unlink()
        (folder / "modeling_home.py").write_text("x = 1", encoding="utf-8")
        with pytest.raises(UserError, match=r"modeling_home\.py: other bytes than recorded"):
            codes_of(run)
        shutil.rmtree(folder)
        with pytest.raises(UserError, match="other bytes than recorded"):
            codes_of(run)
        changed = home_made(home, {**FILES, "tokenization_home.py": TOKENIZATION + "\n"})
        with pytest.raises(UserError, match=r"not the code that .* was begun with"):
            store_origin(run, ENCODER, EncoderOrigin.of(str(changed)))


@pytest.mark.parametrize(
    "record",
    ["[]", "{", '{"encoder": 3}', '{"encoder": {"code": {"digest": "../../x"}}}', '{"encoder": {"code": {"a": 1}}}',
     '{"encoder": {"code": {"digest": "%s", "classes": [], "files": {"a.py": []}}}}' % ("0" * 64)],
)  # fmt: skip
def test_a_damaged_record_is_plain(tmp_path: Path, record: str) -> None:
    run = make_run(tmp_path / "run", "ccgs", {}, 0)
    (run.path / ENCODERS).write_text(record, encoding="utf-8")
    assert isinstance(run.foreign_code, dict)
    with trusting_code(True):
        try:
            assert codes_of(run) == {}
        except UserError as error:
            assert str(run.path) in error.message


def test_a_configuration_alone_runs_nothing() -> None:
    for values in ({CODE: "0" * 64, "model_type": "home-made"}, {"model_type": "home-made", "auto_map": AUTO_MAP}):
        with trusting_code(True), pytest.raises(UserError):
            config_of(values)


def test_a_failure_on_the_way_names_file_and_line(home: Path) -> None:
    with trusting_code(True):
        model = open_encoder(str(home), (), 0).model
    try:
        model(torch.tensor([[1]]), None)
    except AttributeError as error:
        failure = failure_in_code(error)
    assert failure is not None
    assert "mixing.py:11: code of the encoder fails (AttributeError" in failure.message
    assert failure_in_code(ValueError("of our own")) is None


def test_of_the_hub_one_revision_is_read_and_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "models--someone--home"
    home_made(cache / "snapshots" / REVISION)
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(REVISION, encoding="utf-8")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match=r"someone/home at revision 0123456789ab.*not run without"):
        open_encoder("someone/home", (), 0)
    with trusting_code(True):
        encoder = open_encoder("someone/home", (), 0)
    assert type(encoder.model).__module__.startswith(PACKAGE)
    assert encoder.origin is not None
    record = encoder.origin.record
    assert (record["source"], record["revision"]) == ("someone/home", REVISION)
    elsewhere = home_made(
        tmp_path / "fork",
        {"tokenization_home.py": TOKENIZATION},
        auto_map={k: f"someone/home--{v}" for k, v in AUTO_MAP.items()},
    )
    with trusting_code(True):
        open_config(str(elsewhere))
        code = EncoderOrigin.of(str(elsewhere)).code_for("AutoModel")
    assert code is not None
    assert {"configuration_home.py", "modeling_home.py", "parts/mixing.py"} <= set(code.files)


def test_the_revision_of_a_known_kind_is_recorded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "models--someone--plain"
    own = open_encoder("tiny", ["press the wound"], 0)
    for part in (own.model, own.tokenizer):
        getattr(part, "save_pretrained")(cache / "snapshots" / REVISION)  # noqa: B009
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(REVISION, encoding="utf-8")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    run = make_run(tmp_path / "run", "ccgs", {}, 0)
    origin = open_encoder("someone/plain", (), 0).origin
    assert origin is not None
    store_origin(run, ENCODER, origin)
    assert run.read(ENCODERS) == {ENCODER: {"source": "someone/plain", "revision": REVISION, "code": None}}
    assert run.foreign_code == {} == codes_of(run)
