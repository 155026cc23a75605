// idle.mjs -- a script that serves no jobs.
