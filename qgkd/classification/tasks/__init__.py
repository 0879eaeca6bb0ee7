"""Tasks: GLUE and a user's own files to tokenised examples and batches.

Comes in: `TaskConfig`. Goes out: `prepared.PreparedTask`.
Others use: `data.load_task`, `task.ClassificationTask`, `store.ExampleStore`; a new GLUE task is one entry of
`glue_tasks`.
"""
