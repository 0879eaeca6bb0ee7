"""Files written whole, downloaded, digested, and the journal of a batch.

Comes in: a path and what to write. Goes out: the file or folder, complete or unchanged; digests; TOML and JSON values.
Others use: `atomic`, `addresses`, `folders`, `json_files`, `toml_values`, `fingerprint`, `download`, `journal`.
"""
