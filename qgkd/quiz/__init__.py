"""Quizzes: N different questions of a passage, or of a file of passages, in a run that can be resumed.

Comes in: passages (with answers, or they are proposed) and a generator. Goes out: `Quiz`, or a file of questions.
Others use: `make.make_quiz`, `make.make_quizzes`, `quiz.QuizOrder`, `file_run.generate_file`, `load_generator`.
"""
