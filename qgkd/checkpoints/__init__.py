"""Model folders: load, convert, shrink and save a model with its tokenizer and its record `qgkd.json`.

Comes in: a folder or hub name. Goes out: a `Checkpoint`, or a student's folder.
Others use: `load_checkpoint`, `read_record`, `place`, `mask_logits`, `make_student`, `load_tokenizer`, in the modules.
"""
