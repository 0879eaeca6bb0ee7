"""What stands behind the teacher's page: everything but the drawing, which is in `apps/`.

`service` is what all visitors share, `workspace` is what one visitor has, `writing` makes the questions.
"""
