"""The three official DRCD files: their address and their digests.

Comes in: nothing. Goes out: `OFFICIAL_FILES`, used by `qgkd data drcd` to download and by `qgkd data check` to compare.

A literal example: `OFFICIAL_FILES["dev"].blob_id` is `"daa42e47130e8d5b907b87e75cecc8fb807fd4f5"`.

Source: DRCD, Shao et al. 2018 (arXiv 1806.00920), CC BY-SA 3.0, the repository DRCKnowledgeTeam/DRCD on GitHub.
"""

from __future__ import annotations

from dataclasses import dataclass

OFFICIAL_BASE_URL = "https://raw.githubusercontent.com/DRCKnowledgeTeam/DRCD/master"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialFile:
    """One file as its authors published it."""

    name: str
    blob_id: str
    """Its git blob id, as the repository's tree lists it."""


OFFICIAL_FILES = {
    "training": OfficialFile(name="DRCD_training.json", blob_id="35480d22ed6449adeb1bece5ae27d0889bf8b7af"),
    "dev": OfficialFile(name="DRCD_dev.json", blob_id="daa42e47130e8d5b907b87e75cecc8fb807fd4f5"),
    "test": OfficialFile(name="DRCD_test.json", blob_id="341eda001e27a375f14e6b40976b2492b925eae2"),
}


def official_name(blob_id: str) -> str | None:
    """The name of the official file with that content, whatever its local name; None for any other content."""
    return next((file.name for file in OFFICIAL_FILES.values() if file.blob_id == blob_id), None)
