"""Secrets never show themselves."""

import json
import pickle
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.config.secrets import (
    MASK,
    Secret,
    check_token,
    is_secret_key,
    is_weak,
    mask_known,
    masked,
    new_token,
    read_env,
    save_env,
    token_hash,
)
from zepix_core.errors import SettingsError

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")


@given(st.text(min_size=4).filter(lambda text: text not in MASK))
def test_no_way_of_writing_a_secret_shows_it(value: str) -> None:
    secret = Secret(value)
    assert {str(secret), repr(secret), f"{secret:>3}", f"{secret}"} == {MASK}
    assert pickle.loads(pickle.dumps(secret)).reveal() == MASK
    assert json.dumps(secret, default=str) == f'"{MASK}"'
    assert secret.reveal() == value


def test_secrets_compare_by_value_and_only_with_secrets() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


@pytest.mark.parametrize("key", ["telegram.token", "mt5_password", "a.b.client_secret", "api_key", "TOKEN"])
def test_keys_that_name_a_secret_are_known(key: str) -> None:
    assert is_secret_key(key)


def test_masking_keeps_the_rest() -> None:
    data = {
        "telegram": {"token": "t", "chat": 5, "empty_token": ""},
        "list": [{"password": "p"}],
        "s": Secret("x"),
    }
    assert masked(data) == {
        "telegram": {"token": MASK, "chat": 5, "empty_token": ""},
        "list": [{"password": MASK}],
        "s": MASK,
    }


def test_values_of_the_env_file_are_masked_wherever_they_stand(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    save_env(env, {"A": Secret("hunter2"), "SHORT": Secret("1")})
    assert mask_known({"url": "https://x/hunter2", "n": 1, "l": ["hunter2"]}, env) == {
        "url": f"https://x/{MASK}",
        "n": 1,
        "l": [MASK],
    }


def test_the_env_file_keeps_other_lines_and_comes_back(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("# mine\nexport OLD='a b'\nNEW=1\n")
    env.chmod(0o600)
    save_env(env, {"NEW": Secret("2"), "MORE": Secret("x=y")})
    assert env.read_text().startswith("# mine\n")
    assert {name: secret.reveal() for name, secret in read_env(env).items()} == {
        "OLD": "a b",
        "NEW": "2",
        "MORE": "x=y",
    }


@POSIX
def test_the_env_file_is_written_for_the_owner_alone(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    save_env(env, {"A": Secret("1")})
    assert env.stat().st_mode & 0o777 == 0o600


@POSIX
def test_an_env_file_that_others_may_read_is_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("A=1\n")
    env.chmod(0o644)
    with pytest.raises(SettingsError) as caught:
        read_env(env)
    assert "chmod 600" in caught.value.hint


def test_lines_that_are_no_assignment_are_all_named(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("A=1\nnonsense\n1B=2\n")
    env.chmod(0o600)
    with pytest.raises(SettingsError) as caught:
        read_env(env)
    assert caught.value.faults == (".env:2: not a NAME=value line", ".env:3: not a NAME=value line")


def test_tokens_are_long_and_different_and_only_their_hash_is_compared() -> None:
    first, second = new_token(), new_token()
    assert first != second
    assert not is_weak(Secret(check_token(first)))
    assert token_hash(first) != token_hash(second)
    assert first not in token_hash(first)


@pytest.mark.parametrize("token", ["", "a/b", "a b", "ü", "x" * 257, "a?b"])
def test_a_token_that_an_address_would_change_is_refused(token: str) -> None:
    with pytest.raises(SettingsError):
        check_token(token)
