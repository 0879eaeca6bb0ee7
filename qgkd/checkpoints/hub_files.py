"""Downloads single files of a model on the Hugging Face hub.

Comes in: a hub name and a file's name. Goes out: the file's path in the local cache, None where the model has no such
file, or a one-sentence error.

A literal example: `hub_file("bert-base-chinese", "config.json")`
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgkd.errors import UserError

_TIMEOUT_SECONDS = 5.0


def cache_only(name: str) -> bool:
    """Whether a model name is no folder and the hub cannot be reached, so that only the cache can have it."""
    return not Path(name).exists() and not hub_is_reachable()


def hub_is_reachable() -> bool:
    """Whether the hub answers within five seconds.

    Without this check, a machine without a network tries six times, 25 seconds each, for every file of a cached model.
    """
    from huggingface_hub import constants, get_session

    if is_offline():
        return False
    try:
        session: Any = get_session()
        session.head(constants.ENDPOINT, timeout=_TIMEOUT_SECONDS)
    except Exception:  # of the HTTP library, whichever it is
        return False
    return True


def hub_file(name: str, file_name: str, *, local_only: bool = False) -> Path | None:
    """Download a hub model's file, or find it in the cache, alone if `local_only`; None where there is no such file.

    Raises:
        UserError: No such model, no network and nothing in the cache, or no access.
    """
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(name, file_name, local_files_only=local_only))
    except LocalEntryNotFoundError as error:
        if try_to_load_from_cache(name, file_name) is not None:  # known to be absent from an earlier visit
            return None
        raise UserError(_unreachable(name, "the hub cannot be reached and the cache does not hold it")) from error
    except EntryNotFoundError:
        return None
    except HFValidationError as error:
        raise UserError(f"{name}: there is no such folder, nor can it be a hub name; give a model folder") from error
    except Exception as error:  # of the HTTP library, whichever it is
        lines = str(error).strip().splitlines()
        reason = lines[0].rstrip(".:") if lines else type(error).__name__
        if "RepositoryNotFound" in type(error).__name__:
            reason = "the hub has no such model, or it is private"
        raise UserError(_unreachable(name, reason)) from error


def is_offline() -> bool:
    """Whether the user has forbidden the hub (HF_HUB_OFFLINE=1), which leaves only the cache."""
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def _unreachable(name: str, reason: str) -> str:
    return (
        f"{name}: there is no such folder, and it could not be loaded from the Hugging Face hub ({reason}); check the "
        "name and the network, or give a model folder"
    )
