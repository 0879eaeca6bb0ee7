"""The teacher's page without its drawing, which is in `apps/`.

Comes in: `PageSettings` and what visitors do. Goes out: each visitor's `Workspace`, stored after every change.
Others use: `service.PageService` (shared by all visitors), `workspace.Workspace` (one visitor's), `wording.say`.
"""
