"""The methods of distillation: plain functions that return objectives, one list for both paths.

Comes in: a method's name and settings. Goes out: its objectives and their schedule.
Others use: `by_name.METHODS`, and `settings.check_method`, `objectives_of`, `schedule_of`, `settings_in_full`.
"""
